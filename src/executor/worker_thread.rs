//! A worker on its own operating system thread: takes jobs from the pool's queue, one isolate to run them on.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TryRecvError, select};
use tokio::sync::oneshot;

use super::heap_share::HeapShare;
use super::job::{Job, Reply};
use super::session::{Fate, Session, SessionConfig, panic_message};
use super::stats::Counters;
use super::{Outcome, TimeoutKind};
use crate::engine::deadline::later;
use crate::engine::{Deadline, Interrupter, JsError, Watchdog};

/// A job in the pool's queue.
pub(super) struct Queued {
    pub job: Job,
    pub reply: Reply,
}

/// A job under way, as the watchdog holds it until the outer deadline.
pub(super) struct Running {
    reply: Reply,
    started: Instant,
    interrupter: Option<Interrupter>,
}

/// Names a worker within its pool; a replacement gets a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WorkerId(pub u64);

/// What a worker tells its supervisor.
#[derive(Debug)]
pub(super) enum Event {
    /// Its isolate is made; it takes jobs.
    Ready(WorkerId),
    /// Its thread has ended, or is about to.
    Ended(WorkerId, End),
    /// It did not answer by the outer deadline.
    Lost(WorkerId),
    /// A lost one came back, to end.
    Returned(WorkerId),
    /// Not a worker's: the pool shuts down.
    Drain,
    /// Not a worker's: the pool is to have so many. Answered once the new size is the published one.
    Resize(usize, oneshot::Sender<()>),
}

/// Why a worker's thread ended.
#[derive(Debug)]
pub(super) enum End {
    /// The queue is closed.
    Drained,
    /// The pool has become smaller.
    Retired,
    /// A panic went through it.
    Panic,
    /// Its process ended, so.
    Died(String),
    /// Its engine gave it no isolate.
    NoIsolate(JsError),
}

/// What a worker needs of its pool.
pub(super) struct Context {
    pub queue: Receiver<Queued>,
    /// Nothing is ever sent. Once the supervisor drops the other end, the worker takes no more jobs.
    pub stay: Receiver<Infallible>,
    pub events: Sender<Event>,
    pub counters: Arc<Counters>,
    pub watchdog: Arc<Watchdog<Running>>,
    /// See [`PoolConfig::watch_heap`](super::PoolConfig::watch_heap).
    pub watch_heap: bool,
}

/// Starts a worker's thread.
pub(super) fn spawn(
    id: WorkerId,
    context: Context,
    session: SessionConfig,
    stack: usize,
) -> std::io::Result<()> {
    thread::Builder::new().name(format!("{THREAD_NAME}{}", id.0)).stack_size(stack).spawn(move || {
        let mut worker = Worker { id, context, session: Session::new(session) };
        let why = catch_unwind(AssertUnwindSafe(|| worker.live())).unwrap_or_else(|payload| {
            tracing::error!(
                worker = id.0,
                panic = panic_message(payload.as_ref()),
                "a worker's own code panicked"
            );
            Some(End::Panic)
        });
        let Worker { context, mut session, .. } = worker;
        session.discard();
        let event = match why {
            Some(why) => Event::Ended(id, why),
            None => Event::Returned(id),
        };
        // The supervisor is gone only when the pool is.
        let _ = context.events.send(event);
    })?;
    Ok(())
}

/// How the names of worker threads begin.
pub const THREAD_NAME: &str = "jsarena-worker-";

struct Worker {
    id: WorkerId,
    context: Context,
    session: Session,
}

impl Worker {
    /// Lives until the queue closes, a panic, or its engine's failure; `None` when it was abandoned meanwhile.
    fn live(&mut self) -> Option<End> {
        if let Err(error) = self.session.prepare() {
            return Some(End::NoIsolate(error));
        }
        let (id, events) = (self.id, self.context.events.clone());
        let watch = self.context.watchdog.watch(move |running: Running| {
            let ran = running.started.elapsed();
            running.reply.ended(Outcome::Timeout { kind: TimeoutKind::Outer, ran }, running.started);
            // The thread may yet come back, if the engine has a way to be told.
            if let Some(interrupter) = running.interrupter {
                interrupter.interrupt();
            }
            let _ = events.send(Event::Lost(id));
        });
        let _ = self.context.events.send(Event::Ready(self.id));
        let mut heap = self.context.watch_heap.then(|| HeapShare::new(&self.context.counters));

        loop {
            let Queued { job, reply } = match self.next() {
                Ok(queued) => queued,
                Err(end) => return Some(end),
            };
            self.context.counters.busy.up();
            let started = Instant::now();
            let interrupter = self.session.interrupter();
            watch.arm(later(started, job.deadlines.outer), Running { reply, started, interrupter });
            let ended =
                self.session.run(&job.script, &job.input, &Deadline::since(started, job.deadlines.inner));
            self.context.counters.busy.down();
            if ended.fate == Fate::Panicked {
                self.context.counters.panics.up();
            }
            let Running { reply, .. } = watch.disarm()?;
            let died = (ended.fate == Fate::Died).then(|| ended.outcome.to_string());
            reply.ended(ended.outcome, started);
            match (ended.fate, died) {
                (Fate::Panicked, _) => return Some(End::Panic),
                (_, Some(how)) => return Some(End::Died(how)),
                _ => {}
            }
            match self.session.renew() {
                Ok(true) => self.context.counters.recycled.up(),
                Ok(false) => {}
                Err(JsError::Died(how)) => return Some(End::Died(how)),
                Err(error) => return Some(End::NoIsolate(error)),
            }
            if let Some(heap) = &mut heap {
                heap.look(started, &mut self.session, &self.context.counters);
            }
        }
    }

    /// Waits for a job, or for the reason to take none any more. A job that lies ready is taken without waiting
    /// on both channels, which costs more than waiting on one.
    fn next(&self) -> Result<Queued, End> {
        let Context { queue, stay, .. } = &self.context;
        if stay.try_recv() == Err(TryRecvError::Disconnected) {
            return Err(End::Retired);
        }
        match queue.try_recv() {
            Ok(queued) => Ok(queued),
            Err(TryRecvError::Disconnected) => Err(End::Drained),
            Err(TryRecvError::Empty) => select! {
                recv(queue) -> queued => queued.map_err(|_| End::Drained),
                recv(stay) -> _ => Err(End::Retired),
            },
        }
    }
}
