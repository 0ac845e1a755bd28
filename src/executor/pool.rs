//! The actor pool: a supervised set of workers behind one bounded queue.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};

use super::job::Reply;
use super::session::{Recycle, Reuse};
use super::stats::{Counters, Gauges, PoolState};
use super::supervisor::{RestartPolicy, Status, Supervisor};
use super::worker_thread::{Event, Queued};
use super::{Completion, Executor, Job, Outcome, Rejection};
use crate::engine::{JsEngine, JsError, Limits};

/// What a pool is made of.
#[derive(Clone)]
pub struct PoolConfig {
    /// What its isolates are made by.
    pub engine: Arc<dyn JsEngine>,
    /// What each isolate may use.
    pub limits: Limits,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// When an isolate is replaced for its age or size.
    pub recycle: Recycle,
    /// Workers, at least one.
    pub workers: usize,
    /// Most jobs that may wait; the next one is rejected.
    pub queue: usize,
    /// How workers are replaced.
    pub restart: RestartPolicy,
    /// Whether workers look at their heaps once a second, for [`Gauges::heap_bytes`]. Looking may walk the heap, which
    /// a load that is measured must be spared.
    pub watch_heap: bool,
}

impl PoolConfig {
    /// A pool of that engine and size with everything else at its default: 1,024 jobs may wait, globals are
    /// kept, nothing is recycled.
    pub fn new(engine: Arc<dyn JsEngine>, workers: usize) -> Self {
        Self {
            engine,
            limits: Limits::default(),
            reuse: Reuse::Keep,
            recycle: Recycle::default(),
            workers,
            queue: 1024,
            restart: RestartPolicy::default(),
            watch_heap: false,
        }
    }
}

/// A supervised set of workers behind one bounded queue. Each worker is an operating system thread with an
/// isolate of its own; needs no async runtime to run on, only to be awaited in.
///
/// Dropping the pool without [`ActorPool::shutdown`] stops it too, without waiting.
pub struct ActorPool {
    /// Taken on shutdown, so that nothing enters the queue afterwards.
    to_queue: RwLock<Option<Sender<Queued>>>,
    queue: Receiver<Queued>,
    to_supervisor: Sender<Event>,
    counters: Arc<Counters>,
    status: watch::Receiver<Status>,
}

impl ActorPool {
    /// Starts the supervisor, which starts the workers. Returns before they are ready.
    ///
    /// # Errors
    /// [`JsError::Engine`] when the system gives no thread.
    pub fn start(mut config: PoolConfig) -> Result<Self, JsError> {
        config.workers = config.workers.max(1);
        let (to_queue, queue) = crossbeam_channel::bounded(config.queue);
        let events = crossbeam_channel::unbounded();
        let counters = Arc::new(Counters::default());
        let (to_status, status) = watch::channel(Status { state: PoolState::Starting, failure: None });
        let to_supervisor = events.0.clone();
        let supervisor = Supervisor::new(config, queue.clone(), events, Arc::clone(&counters), to_status);
        thread::Builder::new()
            .name("jsarena-supervisor".to_owned())
            .spawn(move || supervisor.run())
            .map_err(|error| JsError::Engine(format!("no thread for the pool's supervisor: {error}")))?;
        Ok(Self { to_queue: RwLock::new(Some(to_queue)), queue, to_supervisor, counters, status })
    }

    /// Waits until every worker has its isolate.
    ///
    /// # Errors
    /// What the engine said, when a worker could not be given an isolate.
    pub async fn ready(&self) -> Result<(), JsError> {
        settled(self.status.clone()).await
    }

    /// Gives the pool that many workers, at least one, and waits until all of them are ready. The change is
    /// under way when this returns, awaited or not: new workers start at once; those that are too many end when
    /// the job they run is over. What waits in the queue stays there.
    ///
    /// # Errors
    /// What the engine said, when a worker could not be given an isolate; [`JsError::Engine`] when the pool has
    /// shut down. The size is the new one all the same.
    pub fn resize(&self, workers: usize) -> impl Future<Output = Result<(), JsError>> + Send + use<> {
        let (done, is_done) = oneshot::channel();
        let _ = self.to_supervisor.send(Event::Resize(workers, done));
        let status = self.status.clone();
        async move {
            // Fails if the supervisor has ended; then so says the status.
            let _ = is_done.await;
            settled(status).await
        }
    }

    /// Submits a job; its completion is what the future gives. Dropping the future does not cancel the job.
    pub fn submit(&self, job: Job) -> impl Future<Output = Completion> + Send + use<> {
        let (reply, completion) = Reply::new();
        let submitted = reply.submitted();
        if let Err((reply, outcome)) = self.enqueue(job, reply) {
            reply.not_started(outcome);
        }
        async move { completion.await.unwrap_or_else(|_| Completion::lost(submitted)) }
    }

    fn enqueue(&self, job: Job, reply: Reply) -> Result<(), (Reply, Outcome)> {
        match self.to_queue.read().as_ref() {
            None => Err((reply, Outcome::Cancelled)),
            Some(queue) => queue.try_send(Queued { job, reply }).map_err(|error| match error {
                TrySendError::Full(queued) => (queued.reply, Outcome::Rejected(Rejection::QueueFull)),
                TrySendError::Disconnected(queued) => (queued.reply, Outcome::Cancelled),
            }),
        }
    }

    /// What the pool is doing now.
    pub fn gauges(&self) -> Gauges {
        self.counters.gauges(self.status.borrow().state, self.queue.len() as u64)
    }

    /// Stops taking jobs, cancels those that wait, and returns when every job that had started has its outcome.
    pub async fn shutdown(&self) {
        self.close();
        let mut status = self.status.clone();
        // An error means that the supervisor has ended, which is what is waited for.
        let _ = status.wait_for(|status| status.state == PoolState::Stopped).await;
    }

    fn close(&self) {
        if self.to_queue.write().take().is_some() {
            self.queue.try_iter().for_each(|queued| queued.reply.not_started(Outcome::Cancelled));
            let _ = self.to_supervisor.send(Event::Drain);
        }
    }
}

/// Waits until the pool starts no more, and says whether it serves.
async fn settled(mut status: watch::Receiver<Status>) -> Result<(), JsError> {
    let settled = status.wait_for(|status| status.state != PoolState::Starting).await;
    match settled.map(|status| status.clone()) {
        Ok(Status { state: PoolState::Serving, .. }) => Ok(()),
        Ok(Status { failure: Some(error), .. }) => Err(error),
        Ok(Status { state, .. }) => Err(JsError::Engine(format!("the pool is {state:?} instead of serving"))),
        Err(_) => Err(JsError::Engine("the pool's supervisor has ended".to_owned())),
    }
}

impl Drop for ActorPool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Executor for ActorPool {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        Box::pin(self.ready())
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        Box::pin(self.submit(job))
    }

    fn resize(&self, workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        Box::pin(self.resize(workers))
    }

    fn gauges(&self) -> Gauges {
        self.gauges()
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.shutdown())
    }
}
