//! Executors: run jobs on isolates, and give every job exactly one outcome.
//!
//! [`ActorPool`] is the supervised set of workers behind one bounded queue; [`Blocking`] is what people write
//! first, kept to be compared with. Neither ever sees an expected answer, and neither knows an engine: they
//! make isolates through one [`JsEngine`](crate::engine::JsEngine) trait object. [`HttpExecutor`](http::HttpExecutor)
//! sends the jobs to a server elsewhere.
//!
//! In front of either stand, as executors themselves, [`Retrying`], [`Breaking`] and [`Limited`], put together
//! by [`Policies`], and the emergency [`Switch`].

mod blocking;
mod breaker;
mod candidate;
mod circuit;
mod ended;
mod followed;
mod heap_share;
pub mod http;
mod job;
mod limit;
mod outcome;
mod policies;
mod pool;
mod retry;
pub mod sandbox;
mod session;
mod stats;
mod supervisor;
mod switch;
mod thread_per_core;
pub mod wire;
pub mod worker_process;
mod worker_thread;

#[cfg(test)]
mod tests;

pub use blocking::Blocking;
pub use breaker::{BreakerPolicy, Breaking};
pub use candidate::{Candidate, Foreign, Unavailable};
pub(crate) use followed::Followed;
pub use job::{Completion, Job};
pub use limit::Limited;
pub use outcome::{Outcome, OutcomeCounts, OutcomeKind, Rejection, TimeoutKind};
pub use policies::{Policies, PolicyChoice};
pub use pool::{ActorPool, PoolConfig};
pub use retry::{RetryPolicy, Retrying};
pub use session::{Recycle, Reuse};
pub use stats::{Gauges, PoolState};
pub use supervisor::RestartPolicy;
pub use switch::Switch;
pub use thread_per_core::{Cores, ThreadPerCore};
pub use worker_process::{ProcessEngine, WorkerCommand};
pub use worker_thread::THREAD_NAME as WORKER_THREAD_NAME;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::JsError;

/// What runs jobs. Every submitted job gets exactly one outcome, also while workers die, queues overflow and
/// the executor shuts down.
pub trait Executor: Send + Sync {
    /// Waits until it can run jobs at full strength.
    ///
    /// # Errors
    /// What the engine said, when a worker could not be given an isolate.
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>>;

    /// Hands over a job, now; the future gives its completion. Dropping the future does not cancel a job that
    /// waits in a pool's queue.
    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>>;

    /// Gives it that many workers, at least one, and waits until all of them are ready. The change is under way when
    /// this returns, awaited or not.
    ///
    /// # Errors
    /// What the engine said, when a worker could not be given an isolate; [`JsError::Engine`] when it has shut down,
    /// or has no workers of its own, as by default.
    fn resize(&self, _workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        let why = "it has no workers of its own: its jobs run on threads of the runtime";
        Box::pin(std::future::ready(Err(JsError::Engine(why.to_owned()))))
    }

    /// What it is doing now.
    fn gauges(&self) -> Gauges;

    /// Stops taking jobs, answers those that have not started with `Cancelled`, and waits for the others.
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What stands between a job and everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// A blocking task of the caller's tokio runtime with a fresh isolate: the naive way, kept as baseline.
    Task,
    /// A worker on its own operating system thread.
    Thread,
    /// A worker in a child process of its own.
    Process,
    /// A server behind a URL, which is sent the jobs; what it does with them nobody here knows.
    Remote,
}

impl Isolation {
    /// All that this program can put a job under, least isolating first.
    pub const ALL: [Self; 3] = [Self::Task, Self::Thread, Self::Process];

    /// The name on the command line and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Remote => "remote",
        }
    }

    /// Whether the jobs run in processes of this program, whose memory and processor time it can see.
    pub fn is_here(self) -> bool {
        self != Self::Remote
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
        Self::ALL
            .into_iter()
            .find(|isolation| isolation.as_str() == text)
            .ok_or_else(|| UnknownIsolation(text.to_owned()))
    }
}

/// A name that is no isolation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown isolation `{0}` (known: task, thread, process)")]
pub struct UnknownIsolation(String);
