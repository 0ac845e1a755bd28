//! What crosses the public listener: requests, answers and refusals, as JSON.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::front::Refused;
use super::status::{ErrorKind, Problem};
use crate::engine::Deadlines;
use crate::executor::Completion;
use crate::workload::Kind;

/// What scripts can be asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    /// A task: any JavaScript, with a generous deadline.
    JavaScript,
    /// A filter or rule that decides over data, with a tighter one.
    Filter,
}

impl From<Type> for Kind {
    fn from(of: Type) -> Self {
        match of {
            Type::JavaScript => Self::JavaScript,
            Type::Filter => Self::Filter,
        }
    }
}

/// What `POST /execute` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Execute<'a> {
    /// Which pool runs it, under which deadlines.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The body of a function of `input`.
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    /// Any JSON; `null` if there is none.
    #[serde(borrow, default)]
    #[schemars(with = "serde_json::Value")]
    pub input: Option<&'a RawValue>,
    /// Stops the script sooner than its kind's deadline would.
    #[serde(default)]
    pub timeout_ms: Option<NonZeroU64>,
}

impl<'a> Execute<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`], with the place.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| {
            let advice = r#"send {"type":"javascript","code":"return 1+1","input":null,"timeout_ms":1000}"#;
            Problem::new(
                ErrorKind::BadRequest,
                format!("the body is not what /execute takes: {error}; {advice}"),
            )
        })
    }

    /// The deadlines of its kind, or sooner ones. The outer one keeps its distance.
    pub fn deadlines(&self, own: Deadlines) -> Deadlines {
        let Some(asked) = self.timeout_ms else { return own };
        let inner = own.inner.min(Duration::from_millis(asked.get()));
        Deadlines { inner, outer: inner.saturating_add(own.outer.saturating_sub(own.inner)) }
    }
}

/// Reads a body that is an input: any JSON.
///
/// # Errors
/// [`ErrorKind::BadRequest`], with the place.
pub(super) fn read_input(body: &[u8]) -> Result<Arc<str>, Problem> {
    let input: &RawValue = serde_json::from_slice(body)
        .map_err(|error| Problem::new(ErrorKind::BadRequest, format!("the input is not JSON: {error}")))?;
    Ok(input.get().into())
}

/// How long a job took, and how often it was tried.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
struct Took {
    /// What the worker spent on it; nothing if none took it up.
    service_us: Option<u64>,
    /// From the arrival of the whole request to the outcome.
    response_us: u64,
    /// How often it was tried.
    attempts: u32,
}

impl Took {
    fn of(completion: &Completion, arrived: Instant) -> Self {
        Self {
            service_us: completion.service_time().map(micros),
            response_us: micros(completion.finished.saturating_duration_since(arrived)),
            attempts: completion.attempts,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What a script answered. Without `flatten`, which takes a detour through a map.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer<'a> {
    /// True.
    ok: bool,
    /// Whatever JSON the script gave back.
    #[schemars(with = "serde_json::Value")]
    result: &'a RawValue,
    /// What the worker spent on it.
    service_us: Option<u64>,
    /// From the arrival of the whole request to the outcome.
    response_us: u64,
    /// How often it was tried.
    attempts: u32,
}

/// Why there is no answer.
#[derive(Serialize, JsonSchema)]
pub(super) struct Refusal<'a> {
    /// False.
    ok: bool,
    error: &'a Problem,
    #[serde(flatten)]
    took: Option<Took>,
}

/// The response to a job that has its outcome. The answer of a guest is passed on as it is, never decoded.
pub(super) fn respond(completion: Completion, arrived: Instant) -> Response<Body> {
    let took = Took::of(&completion, arrived);
    let problem = match Problem::of(completion.outcome) {
        Ok(problem) => problem,
        Err(answer) => match RawValue::from_string(answer) {
            Ok(result) => {
                let Took { service_us, response_us, attempts } = took;
                let answer = Answer { ok: true, result: &result, service_us, response_us, attempts };
                return json(StatusCode::OK, &answer);
            }
            // Only a program that is no engine of ours can give that.
            Err(error) => {
                Problem::new(ErrorKind::InvalidResult, format!("the engine's answer is no JSON: {error}"))
            }
        },
    };
    refuse(&problem, Some(took))
}

fn refuse(problem: &Problem, took: Option<Took>) -> Response<Body> {
    let mut response = json(problem.kind.status(), &Refusal { ok: false, error: problem, took });
    if let Some(seconds) = problem.kind.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let Problem { kind, message, .. } = problem;
    response.extensions_mut().insert(Refused { kind: *kind, why: message.clone() });
    response
}

/// Bytes that most answers fit in.
const USUAL: usize = 256;

/// A response with that body.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // None of these types can fail to be written.
    let mut text = Vec::with_capacity(USUAL);
    let _ = serde_json::to_writer(&mut text, body);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Nothing has a name that cannot be read.
impl From<PathRejection> for Problem {
    fn from(unreadable: PathRejection) -> Self {
        Self::new(ErrorKind::NotFound, unreadable.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        refuse(&self, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Deadlines = Deadlines { inner: Duration::from_secs(25), outer: Duration::from_secs(30) };

    #[test]
    fn a_body_is_read_without_decoding_its_input() {
        let input = r#"{"a":[1, 2.50],"b":"\ud800"}"#;
        let body = format!(r#"{{"type":"filter","code":"return \"x\"","input":{input},"timeout_ms":40}}"#);
        let execute = Execute::read(body.as_bytes()).unwrap();
        assert_eq!((execute.kind, &*execute.code), (Type::Filter, "return \"x\""));
        assert_eq!(execute.input.unwrap().get(), input);
        let deadlines = execute.deadlines(OWN);
        assert_eq!((deadlines.inner.as_millis(), deadlines.outer.as_millis()), (40, 5_040));
    }

    #[test]
    fn a_timeout_only_shortens() {
        let body = br#"{"type":"javascript","code":"","timeout_ms":3600000}"#;
        assert_eq!(Execute::read(body).unwrap().deadlines(OWN), OWN);
        assert_eq!(Execute::read(br#"{"type":"javascript","code":""}"#).unwrap().deadlines(OWN), OWN);
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_in_one_line_with_its_place() {
        for (body, expected) in [
            ("", "EOF"),
            ("{", "EOF"),
            ("[1]", "expected"),
            ("null", "expected struct"),
            (r#"{"type":"javascript"}"#, "missing field `code`"),
            (r#"{"code":"return 1"}"#, "missing field `type`"),
            (r#"{"type":"python","code":""}"#, "unknown variant `python`, expected `javascript` or `filter`"),
            (r#"{"type":"request","code":""}"#, "unknown variant `request`"),
            (r#"{"type":"javascript","code":7}"#, "invalid type: integer `7`"),
            (r#"{"type":"javascript","code":"","timeout":1}"#, "unknown field `timeout`"),
            (r#"{"type":"javascript","code":"","timeout_ms":0}"#, "nonzero"),
            (r#"{"type":"javascript","code":"","timeout_ms":-1}"#, "invalid value"),
            (r#"{"type":"javascript","code":"","input":nul}"#, "expected"),
            (r#"{"type":"javascript","code":""} x"#, "trailing characters"),
        ] {
            let problem = Execute::read(body.as_bytes()).expect_err(body);
            assert_eq!(problem.kind, ErrorKind::BadRequest);
            assert!(problem.message.contains(expected), "{body}: {}", problem.message);
            assert!(problem.message.contains("line 1"), "{body}: {}", problem.message);
            assert_eq!(problem.message.lines().count(), 1);
        }
        let deep = format!(r#"{{"type":"javascript","code":"","input":{}}}"#, "[".repeat(400_000));
        assert!(Execute::read(deep.as_bytes()).is_err(), "depth is no recursion");
    }
}
