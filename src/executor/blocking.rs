//! The baseline: what people write first. Each job is a blocking task of the caller's tokio runtime, with a
//! fresh isolate and the panic caught.
//!
//! Kept to be compared with, so it is left as naive as it is found in the wild: no queue of its own, the outer
//! deadline counts from submission, and a script that does not stop keeps its thread for ever.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

use super::ended;
use super::session::{Fate, Recycle, Reuse, Session, SessionConfig};
use super::stats::{Counter, Counters, Gauges, PoolState};
use super::{Completion, Executor, Job, Outcome, TimeoutKind};
use crate::engine::{Deadline, JsEngine, JsError, Limits};

/// A blocking task with a fresh isolate for every job.
pub struct Blocking(Arc<Shared>);

struct Shared {
    engine: Arc<dyn JsEngine>,
    limits: Limits,
    counters: Counters,
    waiting: Counter,
    closed: AtomicBool,
    ended: Notify,
}

impl Blocking {
    /// Makes the executor. Its jobs run on the blocking pool of whatever tokio runtime they are submitted in.
    pub fn new(engine: Arc<dyn JsEngine>, limits: Limits) -> Self {
        let (counters, waiting, closed, ended) = Default::default();
        Self(Arc::new(Shared { engine, limits, counters, waiting, closed, ended }))
    }
}

impl Shared {
    async fn submit(self: Arc<Self>, job: Job) -> Completion {
        let submitted = Instant::now();
        let outer = job.deadlines.outer;
        self.waiting.up();
        let shared = Arc::clone(&self);
        let mut task = tokio::task::spawn_blocking(move || shared.run(&job));
        let (outcome, started) = match tokio::time::timeout(outer, &mut task).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(join_error)) => (Outcome::Crash(join_error.to_string()), None),
            Err(_) => {
                self.counters.lost_workers.up();
                self.counters.lost_now.up();
                self.ended.notify_waiters();
                tokio::spawn(async move {
                    let _ = task.await;
                    self.counters.lost_now.down();
                });
                (Outcome::Timeout { kind: TimeoutKind::Outer, ran: submitted.elapsed() }, Some(submitted))
            }
        };
        Completion { outcome, submitted, started, finished: Instant::now(), attempts: 1 }
    }

    fn run(&self, job: &Job) -> (Outcome, Option<Instant>) {
        self.counters.busy.up();
        self.waiting.down();
        if self.closed.load(Ordering::SeqCst) {
            self.counters.busy.down();
            self.ended.notify_waiters();
            return (Outcome::Cancelled, None);
        }
        let started = Instant::now();
        let (engine, limits) = (Arc::clone(&self.engine), self.limits.clone());
        let config = SessionConfig { engine, limits, reuse: Reuse::Fresh, recycle: Recycle::default() };
        let mut session = Session::new(config);
        let ended = session.run(&job.script, &job.input, &Deadline::since(started, job.deadlines.inner));
        session.discard();
        self.counters.busy.down();
        if ended.fate == Fate::Panicked {
            self.counters.panics.up();
        }
        self.ended.notify_waiters();
        (ended.outcome, Some(started))
    }
}

impl Executor for Blocking {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        if self.0.closed.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Completion::refused(Outcome::Cancelled)));
        }
        Box::pin(Arc::clone(&self.0).submit(job))
    }

    fn gauges(&self) -> Gauges {
        let state = match self.0.closed.load(Ordering::SeqCst) {
            true => PoolState::Draining,
            false => PoolState::Serving,
        };
        self.0.counters.gauges(state, self.0.waiting.get())
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.closed.store(true, Ordering::SeqCst);
        let Shared { counters, waiting, ended, .. } = &*self.0;
        // What is lost will not end: it is not waited for.
        Box::pin(ended::until(ended, || counters.busy.get() <= counters.lost_now.get() && waiting.get() == 0))
    }
}
