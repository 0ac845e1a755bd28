//! One request, and what must come back.

use std::fmt::Write;
use std::time::Duration;

use hyper::body::Bytes;
use jsarena::serve::ErrorKind;
use serde_json::Value;

use super::connection::Response;

/// What a right response is.
#[derive(Debug, Clone)]
pub enum Expected {
    /// 200 with this result.
    Result(Value),
    /// 200 with `"ok":true`, and no body where the method has none.
    Well,
    /// A refusal of this kind.
    Refusal(&'static str),
    /// Any of these outcomes. A timeout is always right: the machine may be slow.
    Outcomes(Vec<String>),
    /// A result, or whatever can come of a body and a script that are not as they were meant.
    Fuzzed,
}

#[derive(Debug, Clone)]
pub struct Request {
    /// What is sent, one after the other.
    pub pieces: Vec<Bytes>,
    /// Between two pieces.
    pub pause: Duration,
    /// What the server is to call it.
    pub id: String,
    /// Whether its response has no body.
    pub is_head: bool,
    pub expected: Expected,
}

/// A request of that number, of which there is everything but the end of its head to say.
pub fn head(line: &str, headers: &[(&str, &str)], number: usize) -> String {
    let mut head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nx-request-id: {}\r\n", id(number));
    for (name, value) in headers {
        // Writing to a string does not fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head
}

fn id(number: usize) -> String {
    format!("hostile-{number}")
}

impl Request {
    /// One in a single piece.
    pub fn new(line: &str, headers: &[(&str, &str)], body: &[u8], number: usize, expected: Expected) -> Self {
        let head = format!("{}content-length: {}\r\n\r\n", head(line, headers, number), body.len());
        let whole = [head.as_bytes(), body].concat();
        Self::of_pieces(vec![whole.into()], Duration::ZERO, number, expected)
    }

    pub fn of_pieces(pieces: Vec<Bytes>, pause: Duration, number: usize, expected: Expected) -> Self {
        Self { pieces, pause, id: id(number), is_head: false, expected }
    }

    /// A body for `/execute`.
    pub fn execute(body: &[u8], number: usize, expected: Expected) -> Self {
        Self::new("POST /execute", &[("content-type", "application/json")], body, number, expected)
    }

    /// Holds a response against what was expected.
    pub fn check(&self, response: &Response) -> Result<(), String> {
        let named = response.header("x-request-id");
        if named != Some(self.id.as_str()) {
            return Err(format!("the answer to {named:?} came instead of {}: {response}", self.id));
        }
        let wrong = || Err(format!("expected {:?}, got {response}", self.expected));
        if self.is_head {
            let status = match self.expected {
                Expected::Refusal(kind) => status_of(kind).unwrap_or_default(),
                _ => 200,
            };
            return if response.status == status { Ok(()) } else { wrong() };
        }
        let kind = verdict(response)?;
        let body = response.json()?;
        let is_right = match &self.expected {
            Expected::Result(result) => kind.is_none() && body["result"] == *result,
            Expected::Well => kind.is_none(),
            Expected::Refusal(expected) => kind.as_deref() == Some(expected),
            Expected::Outcomes(names) => {
                let outcome = outcome(kind.as_deref());
                outcome == "timeout" || names.iter().any(|name| name == outcome)
            }
            Expected::Fuzzed => kind.as_deref().is_none_or(|kind| OF_GUESTS.contains(&kind)),
        };
        if is_right { Ok(()) } else { wrong() }
    }
}

/// What a request can bring upon itself, whatever it is.
const OF_GUESTS: [&str; 7] =
    ["bad_request", "syntax", "exception", "invalid_result", "timeout", "stack_overflow", "out_of_memory"];

/// The status that the table has for a kind.
fn status_of(kind: &str) -> Option<u16> {
    let known = |of: &&ErrorKind| serde_json::to_value(of).is_ok_and(|name| name == kind);
    ErrorKind::ALL.iter().find(known).map(|kind| kind.status().as_u16())
}

/// The kind of error of a response with a body, `None` if it is a success.
///
/// # Errors
/// A response as the server must not give it.
pub fn verdict(response: &Response) -> Result<Option<String>, String> {
    let body = response.json()?;
    let kind = body["error"]["kind"].as_str().map(str::to_owned);
    let status = kind.as_deref().map_or(Some(200), status_of);
    if status != Some(response.status) || body["ok"] != kind.is_none() {
        return Err(format!("no line of the table has {response}"));
    }
    let says_when = response.header("retry-after").is_some();
    if says_when != matches!(response.status, 429 | 503) {
        return Err(format!("wrong about trying again: {response}"));
    }
    Ok(kind)
}

/// The outcome that a kind of error stands for.
pub fn outcome(kind: Option<&str>) -> &str {
    match kind {
        None => "ok",
        Some("syntax") => "exception",
        Some("outer_timeout") => "timeout",
        Some("queue_full" | "too_many_in_flight" | "no_worker" | "disabled") => "rejected",
        Some("draining") => "cancelled",
        Some(same) => same,
    }
}
