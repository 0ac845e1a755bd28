//! Executors (reduced for this branch; main has the whole).
mod outcome;
mod session;
pub use outcome::{Outcome, OutcomeCounts, OutcomeKind, TimeoutKind};
pub use session::{Recycle, Reuse};

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands between a job and everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// A blocking task of the caller's tokio runtime with a fresh isolate: the naive way, kept as baseline.
    Task,
    /// A worker on its own operating system thread.
    Thread,
}

impl Isolation {
    /// All of them, least isolating first.
    pub const ALL: [Self; 2] = [Self::Task, Self::Thread];

    /// The name on the command line and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Thread => "thread",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Isolation {
    type Err = UnknownIsolation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|isolation| isolation.as_str() == text).ok_or_else(|| UnknownIsolation(text.to_owned()))
    }
}

/// A name that is no isolation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown isolation `{0}` (known: task, thread)")]
pub struct UnknownIsolation(String);
