//! What an executor is given, and what it gives back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Outcome;
use crate::engine::{Deadlines, Script};

/// One script call with an input and its deadlines.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to call. Workers compile it once, and know it again by its address: submit clones of one `Arc`.
    pub script: Arc<Script>,
    /// JSON text.
    pub input: Arc<str>,
    /// Both run from the moment a worker takes the job up: waiting in the queue is bounded by the queue.
    pub deadlines: Deadlines,
}

/// How a job ended, and when it did what.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// How it ended.
    pub outcome: Outcome,
    /// When it was handed over.
    pub submitted: Instant,
    /// When a worker took it up, if one did.
    pub started: Option<Instant>,
    /// When its outcome was known.
    pub finished: Instant,
    /// How often it was tried.
    pub attempts: u32,
}

impl Completion {
    /// That of a job that is not taken on.
    pub(super) fn refused(outcome: Outcome) -> Self {
        let now = Instant::now();
        Self { outcome, submitted: now, started: None, finished: now, attempts: 1 }
    }

    /// That of a job whose worker went away without a word.
    pub(super) fn lost(submitted: Instant) -> Self {
        Self {
            outcome: Outcome::Crash("the worker ended without an answer".to_owned()),
            submitted,
            started: None,
            finished: Instant::now(),
            attempts: 1,
        }
    }

    /// Finished minus started, if it started: what the worker spent on it.
    pub fn service_time(&self) -> Option<Duration> {
        self.started.map(|started| self.finished.saturating_duration_since(started))
    }
}

/// The way back to whoever submitted a job. Consumed by the one outcome.
pub(super) struct Reply {
    to: oneshot::Sender<Completion>,
    submitted: Instant,
}

impl Reply {
    /// A way back, and where its completion arrives.
    pub fn new() -> (Self, oneshot::Receiver<Completion>) {
        let (to, from) = oneshot::channel();
        (Self { to, submitted: Instant::now() }, from)
    }

    /// When the job was handed over.
    pub fn submitted(&self) -> Instant {
        self.submitted
    }

    /// Gives the outcome of a job that started, now that it has ended.
    pub fn ended(self, outcome: Outcome, started: Instant) {
        self.send(outcome, Some(started), Instant::now());
    }

    /// Gives the outcome of a job that never did.
    pub fn not_started(self, outcome: Outcome) {
        self.send(outcome, None, Instant::now());
    }

    /// Gives the outcome of a job that ended then.
    pub fn send(self, outcome: Outcome, started: Option<Instant>, finished: Instant) {
        let Self { to, submitted } = self;
        // Nobody listens when the submitter has gone: the job had its outcome all the same.
        let _ = to.send(Completion { outcome, submitted, started, finished, attempts: 1 });
    }
}
