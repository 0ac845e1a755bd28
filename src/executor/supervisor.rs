//! The supervisor of a pool: one thread that starts workers, and replaces those that die or are lost.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::watch;

use super::pool::PoolConfig;
use super::session::SessionConfig;
use super::stats::{Counters, PoolState};
use super::worker_thread::{Context, End, Event, Queued, Running, WorkerId, spawn};
use super::{Outcome, Rejection};
use crate::engine::{JsError, Watchdog};

/// How a pool replaces workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Most restarts within `window`; past it the pool waits, degraded, until the window has room again.
    pub budget: usize,
    /// The window of the budget.
    pub window: Duration,
    /// First wait before a worker is replaced that could not be given an isolate. It doubles each time until
    /// one can, with jitter. A worker that a job brought down is replaced at once: the budget and the breakers
    /// see to scripts that do so again and again, and their neighbours must not wait for it.
    pub min_delay: Duration,
    /// Longest such wait.
    pub max_delay: Duration,
    /// Most workers that may be lost at a time and still be replaced: their threads and isolates are leaked
    /// until they come back. Past it the pool goes on with fewer workers, degraded.
    pub max_lost: usize,
}

impl Default for RestartPolicy {
    /// A hundred restarts in ten seconds, waits of 10 ms to 5 s, as many lost as 4 workers.
    fn default() -> Self {
        Self {
            budget: 100,
            window: Duration::from_secs(10),
            min_delay: Duration::from_millis(10),
            max_delay: Duration::from_secs(5),
            max_lost: 4,
        }
    }
}

/// What the supervisor says of its pool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Status {
    pub state: PoolState,
    /// Why the last worker that could not start did not.
    pub failure: Option<JsError>,
}

/// How long queued jobs may wait for the next worker when there is none, before they are turned away.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a pool without any worker looks at its queue.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) struct Supervisor {
    config: PoolConfig,
    queue: Receiver<Queued>,
    events: Receiver<Event>,
    to_self: Sender<Event>,
    counters: Arc<Counters>,
    watchdog: Arc<Watchdog<Running>>,
    status: watch::Sender<Status>,
    /// Living workers that are neither lost nor leaving.
    workers: HashMap<WorkerId, Member>,
    /// Workers that the pool has become too small for, until they have ended.
    leaving: HashSet<WorkerId>,
    /// When to start the workers that are missing.
    due: VecDeque<Instant>,
    /// Restarts within the window.
    recent: VecDeque<Instant>,
    backoff: ExponentialBackoff,
    lost: usize,
    next_id: u64,
    failure: Option<JsError>,
    was_complete: bool,
    draining: bool,
}

/// A worker that belongs to the pool.
struct Member {
    is_ready: bool,
    /// Dropped, it tells the worker to end after its job.
    _stay: Sender<Infallible>,
}

impl Supervisor {
    pub fn new(
        config: PoolConfig,
        queue: Receiver<Queued>,
        (to_self, events): (Sender<Event>, Receiver<Event>),
        counters: Arc<Counters>,
        status: watch::Sender<Status>,
    ) -> Self {
        Self {
            backoff: backoff(&config.restart),
            config,
            queue,
            events,
            to_self,
            counters,
            watchdog: Arc::new(Watchdog::start("jsarena-outer-deadline")),
            status,
            workers: HashMap::new(),
            leaving: HashSet::new(),
            due: VecDeque::new(),
            recent: VecDeque::new(),
            lost: 0,
            next_id: 0,
            failure: None,
            was_complete: false,
            draining: false,
        }
    }

    /// Supervises until the pool has drained.
    pub fn run(mut self) {
        for _ in 0..self.config.workers {
            self.start_worker();
        }
        loop {
            self.publish();
            if self.draining && self.workers.is_empty() && self.leaving.is_empty() {
                break;
            }
            self.turn_away_if_hopeless();
            let event = match self.next_wake() {
                Some(at) => self.events.recv_deadline(at),
                None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => self.handle(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.start_due();
        }
        self.cancel_queued();
        self.status.send_replace(Status { state: PoolState::Stopped, failure: None });
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Ready(worker) => {
                self.backoff = backoff(&self.config.restart);
                if let Some(member) = self.workers.get_mut(&worker) {
                    member.is_ready = true;
                    self.counters.workers.up();
                }
            }
            Event::Ended(worker, _) if self.leaving.remove(&worker) => {}
            Event::Ended(worker, why) => {
                self.forget(worker);
                let delay = match why {
                    End::Drained | End::Retired => Duration::ZERO,
                    End::Panic => {
                        tracing::warn!(worker = worker.0, "worker ended by a panic");
                        Duration::ZERO
                    }
                    End::Died(how) => {
                        tracing::warn!(worker = worker.0, how, "worker's process ended");
                        Duration::ZERO
                    }
                    End::NoIsolate(error) => {
                        tracing::error!(worker = worker.0, %error, "worker has no isolate");
                        self.failure = Some(error);
                        self.backoff.next().unwrap_or(self.config.restart.max_delay)
                    }
                };
                self.replace(delay);
            }
            Event::Lost(worker) => {
                tracing::warn!(worker = worker.0, "worker did not answer by the outer deadline: abandoned");
                self.forget(worker);
                self.lost += 1;
                self.counters.lost_now.up();
                self.counters.lost_workers.up();
                self.replace(Duration::ZERO);
            }
            Event::Returned(worker) => {
                tracing::info!(worker = worker.0, "an abandoned worker came back and ended");
                self.lost -= 1;
                self.counters.lost_now.down();
                self.replace(Duration::ZERO);
            }
            Event::Drain => {
                self.draining = true;
                self.due.clear();
            }
            Event::Resize(workers, done) => {
                if !self.draining {
                    self.resize(workers.max(1));
                    self.publish();
                }
                // Whoever asked may have stopped waiting.
                let _ = done.send(());
            }
        }
    }

    /// No longer counts on a worker, whatever becomes of it.
    fn forget(&mut self, worker: WorkerId) {
        self.leaving.remove(&worker);
        if self.workers.remove(&worker).is_some_and(|member| member.is_ready) {
            self.counters.workers.down();
        }
    }

    /// How many workers there should be, as far as the cap on lost ones allows.
    fn wanted(&self) -> usize {
        let cap = (self.config.workers + self.config.restart.max_lost).saturating_sub(self.lost);
        self.config.workers.min(cap)
    }

    /// Plans replacements, as many as are missing.
    fn replace(&mut self, delay: Duration) {
        while !self.draining && self.workers.len() + self.due.len() < self.wanted() {
            self.due.push_back(Instant::now() + delay);
        }
    }

    /// Starts the workers that are now missing, which are no restarts, or lets go those that are too many: first
    /// the ones that do not run yet.
    fn resize(&mut self, workers: usize) {
        tracing::info!(from = self.config.workers, to = workers, "the pool changes its size");
        if workers > self.config.workers {
            // It starts again: neither once having been complete nor an old failure is an answer to that.
            (self.was_complete, self.failure) = (false, None);
        }
        self.config.workers = workers;
        while self.workers.len() + self.due.len() < self.wanted() {
            self.start_worker();
        }
        while self.workers.len() + self.due.len() > self.wanted() {
            let newest = || self.workers.iter().min_by_key(|(id, member)| (member.is_ready, Reverse(id.0)));
            if self.due.pop_back().is_none()
                && let Some(worker) = newest().map(|(id, _)| *id)
            {
                self.forget(worker);
                self.leaving.insert(worker);
            }
        }
    }

    fn start_due(&mut self) {
        let now = Instant::now();
        let window = self.config.restart.window;
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= window) {
            self.recent.pop_front();
        }
        while self.recent.len() < self.config.restart.budget && self.due.front().is_some_and(|at| *at <= now)
        {
            self.due.pop_front();
            self.recent.push_back(now);
            self.counters.restarts.up();
            self.start_worker();
        }
    }

    fn start_worker(&mut self) {
        let id = WorkerId(self.next_id);
        self.next_id += 1;
        let config = &self.config;
        let session = SessionConfig {
            engine: Arc::clone(&config.engine),
            limits: config.limits.clone(),
            reuse: config.reuse,
            recycle: config.recycle,
        };
        // With room for one, so that looking whether it is disconnected takes no lock.
        let (to_stay, stay) = crossbeam_channel::bounded(1);
        let context = Context {
            queue: self.queue.clone(),
            stay,
            events: self.to_self.clone(),
            counters: Arc::clone(&self.counters),
            watchdog: Arc::clone(&self.watchdog),
            watch_heap: config.watch_heap,
        };
        self.workers.insert(id, Member { is_ready: false, _stay: to_stay });
        let stack = config.engine.info().stack_bytes();
        if let Err(error) = spawn(id, context, session, stack) {
            let why = End::NoIsolate(JsError::Engine(format!("no thread for a worker: {error}")));
            let _ = self.to_self.send(Event::Ended(id, why));
        }
    }

    /// When there is something to do even if nothing happens.
    fn next_wake(&self) -> Option<Instant> {
        let restart = self.next_restart();
        let look = (self.workers.is_empty() && !self.draining).then(|| Instant::now() + LOOK_EVERY);
        restart.into_iter().chain(look).min()
    }

    fn next_restart(&self) -> Option<Instant> {
        let due = *self.due.front()?;
        let exhausted = self.recent.len() >= self.config.restart.budget;
        let room = self.recent.front().filter(|_| exhausted).map(|first| *first + self.config.restart.window);
        Some(room.map_or(due, |room| room.max(due)))
    }

    /// Without any worker, and none soon, a queued job would wait for nothing: it is answered instead.
    fn turn_away_if_hopeless(&self) {
        let soon = self.next_restart().is_some_and(|at| at <= Instant::now() + PATIENCE);
        if self.workers.is_empty() && !soon && !self.draining {
            let outcome = || match &self.failure {
                Some(error) => Outcome::Crash(error.to_string()),
                None => Outcome::Rejected(Rejection::NoWorker),
            };
            self.queue.try_iter().for_each(|queued| queued.reply.not_started(outcome()));
        }
    }

    fn cancel_queued(&self) {
        self.queue.try_iter().for_each(|queued| queued.reply.not_started(Outcome::Cancelled));
    }

    fn publish(&mut self) {
        let ready = self.workers.values().filter(|member| member.is_ready).count();
        let complete = ready == self.config.workers;
        self.was_complete |= complete;
        let state = match (self.draining, complete, self.was_complete || self.failure.is_some()) {
            (true, ..) => PoolState::Draining,
            (_, true, _) => PoolState::Serving,
            (_, _, true) => PoolState::Degraded,
            _ => PoolState::Starting,
        };
        let status = Status { state, failure: self.failure.clone().filter(|_| !complete) };
        self.status.send_if_modified(|now| {
            let changed = *now != status;
            *now = status;
            changed
        });
    }
}

fn backoff(policy: &RestartPolicy) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(policy.min_delay)
        .with_max_delay(policy.max_delay)
        .with_jitter()
        .without_max_times()
        .build()
}
