//! Thread per core: the isolate lives on the very thread that holds the connection, and no job changes threads.
//!
//! A pool hands a job to another thread and its outcome back, and each of these hops wakes somebody, which costs more
//! than a small script does. Here a few threads, [`Cores`], each run an async runtime of their own for connections, and
//! between two turns of it the jobs that came in: outside of every async context, so an engine may block or start a
//! runtime as on any plain thread.
//!
//! What that gives up: a script that does not stop holds up every connection of its thread, and nobody can answer them
//! in its place. The inner deadline stops it from a watchdog's thread as everywhere. At the outer one the thread counts
//! as lost until it comes back: new connections go to the others, and the executor says that it is degraded.

mod core;
mod cores;

pub use cores::Cores;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::{Notify, oneshot};

use super::ended;
use super::job::Reply;
use super::pool::PoolConfig;
use super::session::SessionConfig;
use super::stats::{Counter, Counters, Gauges, PoolState};
use super::{Completion, Executor, Job, Outcome, Rejection};
use crate::engine::{JsEngine, JsError, Limits};

/// An executor whose jobs run on the thread that submits them, which must be one of its [`Cores`].
///
/// Several executors share the isolates of the same threads if they agree in engine, limits, reuse and recycling; else
/// each takes over the thread's one isolate when it has a job.
pub struct ThreadPerCore {
    cores: Arc<Cores>,
    shared: Arc<Shared>,
}

/// What an executor has in common with its jobs on every core.
struct Shared {
    engine: String,
    session: SessionConfig,
    watch_heap: bool,
    /// Most jobs that may wait, on all cores together.
    queue: u64,
    queued: Counter,
    counters: Arc<Counters>,
    closed: AtomicBool,
    ended: Notify,
}

/// A job that waits on a core.
struct Queued {
    job: Job,
    reply: Reply,
    of: Arc<Shared>,
}

impl ThreadPerCore {
    /// An executor on these threads, with all that a pool is told but its number of workers and how it restarts them.
    pub fn new(cores: Arc<Cores>, config: PoolConfig) -> Self {
        let PoolConfig { engine, limits, reuse, recycle, queue, watch_heap, .. } = config;
        let id = engine.info().id;
        let session = SessionConfig { engine, limits, reuse, recycle };
        let (queued, counters, closed, ended) = Default::default();
        let queue = queue as u64;
        let shared = Shared { engine: id, session, watch_heap, queue, queued, counters, closed, ended };
        Self { cores, shared: Arc::new(shared) }
    }
}

impl Shared {
    /// Whether the isolates of the one do for the other.
    fn shares_with(&self, other: &Self) -> bool {
        let (own, others) = (&self.session, &other.session);
        std::ptr::eq(self, other)
            || self.engine == other.engine
                && own.limits == others.limits
                && own.reuse == others.reuse
                && own.recycle == others.recycle
    }

    /// Puts a job on the desk of the core that this thread is.
    fn enqueue(self: &Arc<Self>, job: Job, reply: Reply) {
        if self.closed.load(Ordering::SeqCst) {
            return reply.not_started(Outcome::Cancelled);
        }
        if self.queued.get() >= self.queue {
            return reply.not_started(Outcome::Rejected(Rejection::QueueFull));
        }
        self.queued.up();
        if let Err(Queued { reply, .. }) = core::leave(Queued { job, reply, of: Arc::clone(self) }) {
            self.queued.down();
            reply.not_started(Outcome::Crash("the job was submitted on a thread that is no core".to_owned()));
        }
    }
}

/// Whether an isolate can be made at all, tried on a thread of its own: the cores have theirs in use.
async fn can_be_made(engine: Arc<dyn JsEngine>, limits: Limits) -> Result<(), JsError> {
    let (tell, told) = oneshot::channel();
    let stack = engine.info().stack_bytes();
    thread::Builder::new()
        .name("jsarena-trial".to_owned())
        .stack_size(stack)
        .spawn(move || _ = tell.send(engine.create(&limits).map(drop)))
        .map_err(|error| JsError::Engine(format!("no thread to try the engine on: {error}")))?;
    told.await.unwrap_or_else(|_| Err(JsError::Engine("the engine panicked as it was tried".to_owned())))
}

impl Executor for ThreadPerCore {
    /// Gives an isolate to every thread that has none yet. Where all have one of another executor, only tries whether
    /// one can be made: they change hands with the first job.
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        Box::pin(async {
            let mut are_occupied = false;
            for core in self.cores.all() {
                are_occupied |= !core.prepare(Arc::clone(&self.shared)).await?;
            }
            if are_occupied {
                let SessionConfig { engine, limits, .. } = &self.shared.session;
                can_be_made(Arc::clone(engine), limits.clone()).await?;
            }
            Ok(())
        })
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        let (reply, completion) = Reply::new();
        let submitted = reply.submitted();
        self.shared.enqueue(job, reply);
        Box::pin(async move { completion.await.unwrap_or_else(|_| Completion::lost(submitted)) })
    }

    fn resize(&self, _workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        let why = "its workers are the threads that hold the connections, as many as when the server started";
        Box::pin(std::future::ready(Err(JsError::Engine(why.to_owned()))))
    }

    fn gauges(&self) -> Gauges {
        let Shared { counters, queued, closed, .. } = &*self.shared;
        let (threads, lost) = self.cores.threads_and_lost();
        let state = match (closed.load(Ordering::SeqCst), lost) {
            (true, _) => PoolState::Draining,
            (false, 0) => PoolState::Serving,
            (false, _) => PoolState::Degraded,
        };
        Gauges { workers: threads - lost, ..counters.gauges(state, queued.get()) }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let Shared { counters, queued, closed, ended, .. } = &*self.shared;
        closed.store(true, Ordering::SeqCst);
        // What is lost will not end, and what waits behind it neither: it is not waited for.
        Box::pin(ended::until(ended, || {
            let lost = counters.lost_now.get();
            counters.busy.get() <= lost && (queued.get() == 0 || lost > 0)
        }))
    }
}
