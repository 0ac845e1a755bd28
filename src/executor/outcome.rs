//! How a job ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::JsError;

/// How a job ended: exactly one for each job.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The script answered, with this JSON text.
    Ok(String),
    /// The script failed in one of the guest's own ways, or its source does not parse.
    Exception(JsError),
    /// A deadline passed.
    Timeout {
        /// Which one.
        kind: TimeoutKind,
        /// How long the script really ran; at the outer deadline, how long it had run by then.
        ran: Duration,
    },
    /// The heap limit was reached.
    OutOfMemory,
    /// Recursion went deeper than the stack limit.
    StackOverflow,
    /// The script ended, but what it gave back is no JSON value.
    InvalidResult(String),
    /// The engine or its adapter panicked, and the panic was caught.
    Panic(String),
    /// The worker died under the job, or its engine failed: a signal, an exit, a thread that ended, an isolate
    /// that could not be made. Or the server that it was sent to went away.
    Crash(String),
    /// It was turned away without having started.
    Rejected(Rejection),
    /// The breaker was open.
    CircuitOpen,
    /// The executor shut down before the job started.
    Cancelled,
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutKind {
    /// The engine stopped the script; the isolate may serve on.
    Inner,
    /// The worker did not answer and was abandoned.
    Outer,
}

/// Why a job was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// As many jobs as may wait did.
    QueueFull,
    /// The pool had no worker left to run it, and none soon.
    NoWorker,
    /// As many jobs as may be in flight were.
    TooManyInFlight,
    /// Somebody switched the executor off, and gave this reason.
    Disabled(Arc<str>),
    /// The server that it was sent to did not run it, and said so in these words.
    ByServer(Arc<str>),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("the queue is full"),
            Self::NoWorker => f.write_str("no worker is left to run it"),
            Self::TooManyInFlight => f.write_str("too many jobs are in flight"),
            Self::Disabled(reason) => write!(f, "switched off: {reason}"),
            Self::ByServer(said) => f.write_str(said),
        }
    }
}

/// The kinds of [`Outcome`], as records count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the outcome of the same name")]
pub enum OutcomeKind {
    Ok,
    Exception,
    Timeout,
    OutOfMemory,
    StackOverflow,
    InvalidResult,
    Panic,
    Crash,
    Rejected,
    CircuitOpen,
    Cancelled,
}

impl OutcomeKind {
    /// All kinds, in the order of the record.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Exception,
        Self::Timeout,
        Self::OutOfMemory,
        Self::StackOverflow,
        Self::InvalidResult,
        Self::Panic,
        Self::Crash,
        Self::Rejected,
        Self::CircuitOpen,
        Self::Cancelled,
    ];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Exception => "exception",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::StackOverflow => "stack_overflow",
            Self::InvalidResult => "invalid_result",
            Self::Panic => "panic",
            Self::Crash => "crash",
            Self::Rejected => "rejected",
            Self::CircuitOpen => "circuit_open",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Outcome {
    /// Its kind.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Ok(_) => OutcomeKind::Ok,
            Self::Exception(_) => OutcomeKind::Exception,
            Self::Timeout { .. } => OutcomeKind::Timeout,
            Self::OutOfMemory => OutcomeKind::OutOfMemory,
            Self::StackOverflow => OutcomeKind::StackOverflow,
            Self::InvalidResult(_) => OutcomeKind::InvalidResult,
            Self::Panic(_) => OutcomeKind::Panic,
            Self::Crash(_) => OutcomeKind::Crash,
            Self::Rejected(_) => OutcomeKind::Rejected,
            Self::CircuitOpen => OutcomeKind::CircuitOpen,
            Self::Cancelled => OutcomeKind::Cancelled,
        }
    }
}

impl From<Result<String, JsError>> for Outcome {
    /// A guest's exception and a source that does not parse are both the guest's fault: `Exception`. An engine
    /// that fails by itself leaves its worker without an isolate: `Crash`.
    fn from(result: Result<String, JsError>) -> Self {
        match result {
            Ok(answer) => Self::Ok(answer),
            Err(JsError::Timeout { ran }) => Self::Timeout { kind: TimeoutKind::Inner, ran },
            Err(JsError::OutOfMemory) => Self::OutOfMemory,
            Err(JsError::StackOverflow) => Self::StackOverflow,
            Err(JsError::InvalidResult(why)) => Self::InvalidResult(why),
            Err(JsError::Engine(why)) => Self::Crash(format!("engine error: {why}")),
            Err(JsError::Died(how)) => Self::Crash(how),
            Err(error @ (JsError::Exception { .. } | JsError::Syntax { .. })) => Self::Exception(error),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(answer) => write!(f, "ok: {answer}"),
            Self::Exception(error) => write!(f, "exception: {error}"),
            Self::Timeout { kind: TimeoutKind::Inner, ran } => write!(f, "timeout after {ran:.1?}"),
            Self::Timeout { kind: TimeoutKind::Outer, ran } => {
                write!(f, "timeout after {ran:.1?}: no answer by the outer deadline")
            }
            Self::InvalidResult(why) => write!(f, "invalid result: {why}"),
            Self::Panic(message) => write!(f, "panic: {message}"),
            Self::Crash(how) => write!(f, "crash: {how}"),
            Self::Rejected(why) => write!(f, "rejected: {why}"),
            Self::OutOfMemory => f.write_str("out of memory"),
            Self::StackOverflow => f.write_str("stack overflow"),
            Self::CircuitOpen => f.write_str("circuit open"),
            Self::Cancelled => f.write_str("cancelled: the executor shut down"),
        }
    }
}

/// How many jobs ended in each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "each counts the outcome of the same name")]
pub struct OutcomeCounts {
    pub ok: u64,
    pub exception: u64,
    pub timeout: u64,
    pub out_of_memory: u64,
    pub stack_overflow: u64,
    pub invalid_result: u64,
    pub panic: u64,
    pub crash: u64,
    pub rejected: u64,
    pub circuit_open: u64,
    pub cancelled: u64,
}

impl OutcomeCounts {
    /// Counts one more job that ended so.
    pub fn add(&mut self, kind: OutcomeKind) {
        *self.slot(kind) += 1;
    }

    /// How many ended so.
    pub fn get(&self, kind: OutcomeKind) -> u64 {
        let mut copy = *self;
        *copy.slot(kind)
    }

    /// How many jobs ended, in whatever way.
    pub fn total(&self) -> u64 {
        OutcomeKind::ALL.into_iter().map(|kind| self.get(kind)).sum()
    }

    /// How many ended in anything but an answer.
    pub fn failed(&self) -> u64 {
        self.total() - self.ok
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for kind in OutcomeKind::ALL {
            *self.slot(kind) += other.get(kind);
        }
    }

    fn slot(&mut self, kind: OutcomeKind) -> &mut u64 {
        match kind {
            OutcomeKind::Ok => &mut self.ok,
            OutcomeKind::Exception => &mut self.exception,
            OutcomeKind::Timeout => &mut self.timeout,
            OutcomeKind::OutOfMemory => &mut self.out_of_memory,
            OutcomeKind::StackOverflow => &mut self.stack_overflow,
            OutcomeKind::InvalidResult => &mut self.invalid_result,
            OutcomeKind::Panic => &mut self.panic,
            OutcomeKind::Crash => &mut self.crash,
            OutcomeKind::Rejected => &mut self.rejected,
            OutcomeKind::CircuitOpen => &mut self.circuit_open,
            OutcomeKind::Cancelled => &mut self.cancelled,
        }
    }
}
