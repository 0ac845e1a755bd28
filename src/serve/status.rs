//! The one table of what can become of a request that has no answer: kind, HTTP status, when to come again.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::JsError;
use crate::executor::{Outcome, Rejection, TimeoutKind};

/// Why a request got no answer. An outcome's kinds, and what goes wrong before there is a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The body is not what the route takes.
    BadRequest,
    /// The code does not parse.
    Syntax,
    /// It is not for web pages.
    Forbidden,
    /// There is no such route, workload, pool or engine.
    NotFound,
    /// The route has other methods.
    MethodNotAllowed,
    /// The body did not arrive in time.
    SlowRequest,
    /// The script was stopped at its deadline.
    Timeout,
    /// What was asked for makes no sense as things stand.
    Conflict,
    /// The body is longer than the server takes.
    BodyTooLarge,
    /// The body is not said to be JSON.
    UnsupportedMediaType,
    /// The script threw.
    Exception,
    /// What the script gave back is no JSON value.
    InvalidResult,
    /// The script reached its heap limit.
    OutOfMemory,
    /// The script recursed too deep.
    StackOverflow,
    /// As many jobs wait as may.
    QueueFull,
    /// As many jobs are in flight as may be.
    TooManyInFlight,
    /// The engine or its adapter panicked.
    Panic,
    /// The worker died under the job, or its engine failed.
    Crash,
    /// The server itself failed.
    Internal,
    /// No worker is left, and none will be soon.
    NoWorker,
    /// Somebody switched execution off.
    Disabled,
    /// The circuit of the script or of the pool is open.
    CircuitOpen,
    /// The server takes no more jobs, for it is to end.
    Draining,
    /// The worker did not answer by the outer deadline and was given up.
    OuterTimeout,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::BadRequest,
        Self::Syntax,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::SlowRequest,
        Self::Timeout,
        Self::Conflict,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Exception,
        Self::InvalidResult,
        Self::OutOfMemory,
        Self::StackOverflow,
        Self::QueueFull,
        Self::TooManyInFlight,
        Self::Panic,
        Self::Crash,
        Self::Internal,
        Self::NoWorker,
        Self::Disabled,
        Self::CircuitOpen,
        Self::Draining,
        Self::OuterTimeout,
    ];

    /// The table: the status, and the seconds after which trying again may help.
    fn row(self) -> (StatusCode, Option<u32>) {
        match self {
            Self::BadRequest | Self::Syntax => (StatusCode::BAD_REQUEST, None),
            Self::Forbidden => (StatusCode::FORBIDDEN, None),
            Self::NotFound => (StatusCode::NOT_FOUND, None),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, None),
            Self::SlowRequest | Self::Timeout => (StatusCode::REQUEST_TIMEOUT, None),
            Self::Conflict => (StatusCode::CONFLICT, None),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Self::Exception | Self::InvalidResult | Self::OutOfMemory | Self::StackOverflow => {
                (StatusCode::UNPROCESSABLE_ENTITY, None)
            }
            Self::QueueFull | Self::TooManyInFlight => (StatusCode::TOO_MANY_REQUESTS, Some(1)),
            Self::Panic | Self::Crash | Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::NoWorker => (StatusCode::SERVICE_UNAVAILABLE, Some(1)),
            // As long as a circuit is open.
            Self::CircuitOpen => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
            Self::Disabled | Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, Some(10)),
            Self::OuterTimeout => (StatusCode::GATEWAY_TIMEOUT, None),
        }
    }

    /// Its status.
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// After how many seconds trying again may help, where it may.
    pub fn retry_after(self) -> Option<u32> {
        self.row().1
    }
}

/// What went wrong, as a client is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// What it is to a program.
    pub kind: ErrorKind,
    /// The name of what the guest threw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is to a person.
    pub message: String,
    /// The engine's own stack trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Line in the code, from 1, of what does not parse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl Problem {
    /// A problem of which there is nothing to say but this.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, name: None, message: message.into(), stack: None, line: None, column: None }
    }

    /// What a client is told of a job that gave no answer; `Err` gives back the answer of one that did.
    pub(super) fn of(outcome: Outcome) -> Result<Self, String> {
        Ok(match outcome {
            Outcome::Ok(answer) => return Err(answer),
            Outcome::Exception(error) => Self::of_guest(error),
            Outcome::Timeout { kind: TimeoutKind::Inner, .. } => {
                Self::new(ErrorKind::Timeout, outcome.to_string())
            }
            Outcome::Timeout { kind: TimeoutKind::Outer, .. } => {
                Self::new(ErrorKind::OuterTimeout, outcome.to_string())
            }
            Outcome::OutOfMemory => Self::new(ErrorKind::OutOfMemory, outcome.to_string()),
            Outcome::StackOverflow => Self::new(ErrorKind::StackOverflow, outcome.to_string()),
            Outcome::InvalidResult(why) => Self::new(ErrorKind::InvalidResult, why),
            Outcome::Panic(message) => Self::new(ErrorKind::Panic, message),
            Outcome::Crash(how) => Self::new(ErrorKind::Crash, how),
            Outcome::CircuitOpen => Self::new(
                ErrorKind::CircuitOpen,
                "this script, or the whole pool, has failed too often in a row and is left alone for a while",
            ),
            Outcome::Cancelled => {
                Self::new(ErrorKind::Draining, "the server shut down before the job started")
            }
            Outcome::Rejected(why) => {
                let kind = match why {
                    Rejection::QueueFull => ErrorKind::QueueFull,
                    Rejection::TooManyInFlight => ErrorKind::TooManyInFlight,
                    Rejection::NoWorker => ErrorKind::NoWorker,
                    Rejection::Disabled(_) => ErrorKind::Disabled,
                    // Of a server behind a URL, and none stands behind these pools.
                    Rejection::ByServer(_) => ErrorKind::Internal,
                };
                Self::new(kind, why.to_string())
            }
        })
    }

    fn of_guest(error: JsError) -> Self {
        match error {
            JsError::Exception { name, message, stack } => Self {
                name: Some(name),
                stack: Some(stack).filter(|stack| !stack.is_empty()),
                ..Self::new(ErrorKind::Exception, message)
            },
            JsError::Syntax { message, line, column } => {
                Self { line, column, ..Self::new(ErrorKind::Syntax, message) }
            }
            // An outcome calls nothing else an exception.
            error => Self::new(ErrorKind::Exception, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn status(outcome: Outcome) -> (u16, bool) {
        let kind = Problem::of(outcome).expect("no answer").kind;
        (kind.status().as_u16(), kind.retry_after().is_some())
    }

    #[test]
    fn every_outcome_has_its_status_and_what_passes_says_when_to_come_again() {
        let ran = Duration::from_secs(1);
        let exception =
            JsError::Exception { name: "TypeError".into(), message: "no".into(), stack: String::new() };
        let syntax = JsError::Syntax { message: "no".into(), line: Some(1), column: None };
        for (outcome, expected) in [
            (Outcome::Exception(syntax), (400, false)),
            (Outcome::Exception(exception), (422, false)),
            (Outcome::InvalidResult("undefined".into()), (422, false)),
            (Outcome::OutOfMemory, (422, false)),
            (Outcome::StackOverflow, (422, false)),
            (Outcome::Timeout { kind: TimeoutKind::Inner, ran }, (408, false)),
            (Outcome::Timeout { kind: TimeoutKind::Outer, ran }, (504, false)),
            (Outcome::Panic("no".into()), (500, false)),
            (Outcome::Crash("signal 6".into()), (500, false)),
            (Outcome::Rejected(Rejection::QueueFull), (429, true)),
            (Outcome::Rejected(Rejection::TooManyInFlight), (429, true)),
            (Outcome::Rejected(Rejection::NoWorker), (503, true)),
            (Outcome::Rejected(Rejection::Disabled("by me".into())), (503, true)),
            (Outcome::CircuitOpen, (503, true)),
            (Outcome::Cancelled, (503, true)),
        ] {
            let name = outcome.to_string();
            assert_eq!(status(outcome), expected, "{name}");
        }
        assert_eq!(Problem::of(Outcome::Ok("2".into())), Err("2".to_owned()));
    }
}
