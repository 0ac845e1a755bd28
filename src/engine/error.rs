//! How a call can fail, in one vocabulary for all engines.

use std::time::Duration;

use thiserror::Error;

/// Why an isolate could not give an answer.
///
/// Timeout and out-of-memory are told from the harness's own flags, never from an error's text, wherever
/// the engine gives it a flag to set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsError {
    /// The guest threw and nobody caught it.
    #[error("{name}: {message}")]
    Exception {
        /// The error's `name`; for a thrown value that is no error object, `"Thrown"`.
        name: String,
        /// The error's `message`; for any other thrown value, its string form.
        message: String,
        /// The engine's own stack trace, empty when it has none.
        stack: String,
    },
    /// A source that does not parse.
    #[error("syntax error{}: {message}", at(*.line, *.column))]
    Syntax {
        /// What the engine says.
        message: String,
        /// Line in the guest's own text, from 1, where the engine tells.
        line: Option<u32>,
        /// Column in that line, from 1, where the engine tells.
        column: Option<u32>,
    },
    /// The deadline passed, or the call was interrupted.
    #[error("timed out after {ran:.1?}")]
    Timeout {
        /// How long the script really ran, from the start of the call until the engine gave control back.
        ran: Duration,
    },
    /// The heap limit was reached.
    #[error("out of memory")]
    OutOfMemory,
    /// Recursion went deeper than the stack limit.
    #[error("stack overflow")]
    StackOverflow,
    /// The script ended, but what it gave back is no JSON value, or its conversion threw.
    #[error("invalid result: {0}")]
    InvalidResult(String),
    /// The engine itself failed, or was used wrongly.
    #[error("engine error: {0}")]
    Engine(String),
    /// What held the isolate is gone, and this is how: the process that it lived in ended.
    #[error("{0}")]
    Died(String),
}

fn at(line: Option<u32>, column: Option<u32>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!(" at {line}:{column}"),
        (Some(line), None) => format!(" at line {line}"),
        _ => String::new(),
    }
}
