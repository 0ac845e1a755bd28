//! What an answer counts as.
//!
//! A server that answers as `POST /execute` does says it itself: `{"ok":true,"result":…}`, or `{"ok":false,"error":
//! {"kind":…,"message":…}}` with the name of an outcome or `syntax`. Of all others the status decides:
//!
//! | status | outcome |
//! |---|---|
//! | 2xx | invalid result: the body is not the answer that was asked for |
//! | 400 | exception (the source does not parse) |
//! | 408, 504 | timeout |
//! | 422 | exception |
//! | 503, all other 3xx and 4xx (413 and 429 among them) | rejected: nothing was run |
//! | all other 5xx | crash |
//!
//! Of a request that is sent as it is, any 2xx is a right answer: what its body should be nobody knows.

use std::time::Duration;

use hyper::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::engine::JsError;
use crate::executor::{Outcome, OutcomeKind, Rejection, TimeoutKind};

/// The answer to a request that is sent as it is, whatever it was; its workload expects just this.
pub(super) const UNREAD: &str = "null";

/// Characters of a body that a message shows.
const SHOWN: usize = 120;

/// What became of a job, and what the server says of it.
#[derive(Debug, PartialEq)]
pub(super) struct Judged {
    pub outcome: Outcome,
    /// How long it worked on it.
    pub service: Option<Duration>,
    /// How often it tried.
    pub attempts: u32,
}

impl Judged {
    /// Where the server says nothing.
    pub fn plain(outcome: Outcome) -> Self {
        Self { outcome, service: None, attempts: 1 }
    }
}

/// An answer of `POST /execute`. Of any other, nothing is there.
#[derive(Default, Deserialize)]
struct Answer<'a> {
    ok: Option<bool>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    service_us: Option<f64>,
    attempts: Option<u32>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    kind: String,
    name: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    stack: Option<String>,
}

/// What is there, `null` too: a script may well answer just that.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Judges the answer to a job that took so long, from sending to its last byte.
pub(super) fn judge(status: StatusCode, body: &[u8], took: Duration) -> Judged {
    let answer: Answer<'_> = serde_json::from_slice(body).unwrap_or_default();
    let of_success = |result: Option<&RawValue>| match result {
        Some(result) => Outcome::Ok(result.get().to_owned()),
        None => Outcome::InvalidResult("the answer has no `result`".to_owned()),
    };
    let outcome = match (answer.ok, answer.error.and_then(|fault| fault.outcome(took))) {
        (Some(true), _) if status.is_success() => of_success(answer.result),
        (_, Some(outcome)) => outcome,
        _ if status.is_success() => {
            let why = format!("not an answer of /execute ({{\"ok\":true,\"result\":…}}): {}", excerpt(body));
            Outcome::InvalidResult(why)
        }
        _ => by_status(status, body, took),
    };
    let service = answer.service_us.and_then(|us| Duration::try_from_secs_f64(us / 1e6).ok());
    Judged {
        outcome,
        service: service.filter(|service| *service <= took),
        attempts: answer.attempts.unwrap_or(1).max(1),
    }
}

/// Whether the server has nothing under that URL, or not for us: no load would get anywhere.
pub(super) fn is_no_route(status: StatusCode) -> bool {
    status.is_redirection() || matches!(status.as_u16(), 401 | 403 | 404 | 405 | 407 | 410 | 415)
}

fn by_status(status: StatusCode, body: &[u8], ran: Duration) -> Outcome {
    let said = format!("HTTP {status}: {}", excerpt(body));
    match status.as_u16() {
        400 => Outcome::Exception(JsError::Syntax { message: said, line: None, column: None }),
        408 | 504 => Outcome::Timeout { kind: TimeoutKind::Inner, ran },
        422 => Outcome::Exception(JsError::Exception {
            name: "Error".to_owned(),
            message: said,
            stack: String::new(),
        }),
        503 | 300..=499 => Outcome::Rejected(Rejection::ByServer(said.into())),
        _ => Outcome::Crash(said),
    }
}

impl Fault {
    /// The outcome that it names; nothing for a name that is none.
    fn outcome(self, ran: Duration) -> Option<Outcome> {
        let Self { kind, name, message, stack } = self;
        if kind == "syntax" {
            return Some(Outcome::Exception(JsError::Syntax { message, line: None, column: None }));
        }
        let kind = OutcomeKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        Some(match kind {
            // An error that is none.
            OutcomeKind::Ok => return None,
            OutcomeKind::Exception => Outcome::Exception(JsError::Exception {
                name: name.unwrap_or_else(|| "Error".to_owned()),
                message,
                stack: stack.unwrap_or_default(),
            }),
            OutcomeKind::Timeout => Outcome::Timeout { kind: TimeoutKind::Inner, ran },
            OutcomeKind::OutOfMemory => Outcome::OutOfMemory,
            OutcomeKind::StackOverflow => Outcome::StackOverflow,
            OutcomeKind::InvalidResult => Outcome::InvalidResult(message),
            OutcomeKind::Panic => Outcome::Panic(message),
            OutcomeKind::Crash => Outcome::Crash(message),
            OutcomeKind::Rejected => Outcome::Rejected(Rejection::ByServer(message.into())),
            OutcomeKind::CircuitOpen => Outcome::CircuitOpen,
            OutcomeKind::Cancelled => Outcome::Cancelled,
        })
    }
}

/// The beginning of a body, on one line.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN * 4)]);
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "an empty body".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    fn outcome(status: u16, body: &str) -> Outcome {
        judge(StatusCode::from_u16(status).unwrap(), body.as_bytes(), TOOK).outcome
    }

    #[test]
    fn a_result_is_the_text_that_the_server_wrote() {
        for (body, result) in [
            (r#"{"ok":true,"result":2}"#, "2"),
            (r#"{"ok":true,"result":null}"#, "null"),
            (r#"{"service_us":3,"result":{ "a" : 1.50 },"ok":true,"more":[]}"#, r#"{ "a" : 1.50 }"#),
            (r#"{"ok":true,"result":"\u00e9","error":null}"#, r#""\u00e9""#),
        ] {
            assert_eq!(outcome(200, body), Outcome::Ok(result.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_is_not_the_answer_that_was_asked_for_is_no_success() {
        for body in
            ["", "2", "OK", "{}", r#"{"result":2}"#, r#"{"ok":"yes","result":2}"#, r#"{"ok":false}"#, "\u{0}"]
        {
            assert_eq!(outcome(200, body).kind(), OutcomeKind::InvalidResult, "{body}");
        }
        assert_eq!(outcome(200, r#"{"ok":true}"#).to_string(), "invalid result: the answer has no `result`");
        assert!(outcome(200, "<html>\nhello").to_string().ends_with(": <html> hello"));
    }

    #[test]
    fn the_server_s_own_word_comes_before_its_status() {
        for kind in OutcomeKind::ALL.into_iter().filter(|kind| *kind != OutcomeKind::Ok) {
            for status in [200, 418, 500] {
                let body = format!(r#"{{"ok":false,"error":{{"kind":"{}","message":"m"}}}}"#, kind.as_str());
                assert_eq!(outcome(status, &body).kind(), kind, "{status} {body}");
            }
        }
        let thrown =
            r#"{"ok":false,"error":{"kind":"exception","name":"TypeError","message":"no","stack":"at x"}}"#;
        assert_eq!(outcome(422, thrown).to_string(), "exception: TypeError: no");
        let syntax = r#"{"ok":false,"error":{"kind":"syntax","message":"unexpected end"}}"#;
        assert_eq!(outcome(400, syntax).to_string(), "exception: syntax error: unexpected end");
    }

    #[test]
    fn otherwise_the_status_decides() {
        use OutcomeKind::{Crash, Exception, Rejected, Timeout};
        for (status, kind) in [
            (400, Exception),
            (422, Exception),
            (408, Timeout),
            (504, Timeout),
            (301, Rejected),
            (404, Rejected),
            (413, Rejected),
            (429, Rejected),
            (503, Rejected),
            (500, Crash),
            (502, Crash),
            (599, Crash),
        ] {
            for body in
                ["", "no", r#"{"ok":true,"result":2}"#, r#"{"error":"boom"}"#, r#"{"error":{"kind":"ok"}}"#]
            {
                assert_eq!(outcome(status, body).kind(), kind, "{status} {body}");
            }
        }
        assert_eq!(outcome(503, "busy").to_string(), "rejected: HTTP 503 Service Unavailable: busy");
    }

    #[test]
    fn a_service_time_is_believed_if_it_is_possible() {
        let judged = |figures: &str| {
            let body = format!(r#"{{"ok":true,"result":2,{figures}}}"#);
            let Judged { outcome, service, attempts } = judge(StatusCode::OK, body.as_bytes(), TOOK);
            assert_eq!(outcome, Outcome::Ok("2".to_owned()), "{body}");
            (service.map(|service| service.as_micros()), attempts)
        };
        assert_eq!(judged(r#""service_us":1500.0,"attempts":3"#), (Some(1500), 3));
        assert_eq!(judged(r#""service_us":10000"#), (Some(10_000), 1));
        assert_eq!(judged(r#""service_us":10001,"attempts":0"#), (None, 1), "longer than it took");
        assert_eq!(judged(r#""service_us":-1"#), (None, 1));
        assert_eq!(judged(r#""service_us":null"#), (None, 1));
    }
}
