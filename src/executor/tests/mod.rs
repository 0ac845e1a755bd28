//! The executors under the fake engine: every job one outcome, whatever happens.

mod accounting;
mod blocking;
mod breakers;
mod deadlines;
mod limits;
mod policies;
mod resizes;
mod restarts;
mod retries;
mod reuse;
mod shutdown;
mod switches;
mod thread_per_core;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::*;
use crate::engine::fake::Fake;
use crate::engine::{
    Deadline, Deadlines, EngineInfo, HeapStats, Interrupter, Isolate, JsEngine, Limits, Script, ScriptId,
};

/// Deadlines that nothing in these tests reaches unless it means to.
pub const GENEROUS: Deadlines = Deadlines { inner: Duration::from_secs(20), outer: Duration::from_secs(30) };

pub fn config(workers: usize) -> PoolConfig {
    PoolConfig {
        restart: RestartPolicy {
            budget: usize::MAX,
            min_delay: Duration::from_millis(1),
            ..RestartPolicy::default()
        },
        ..PoolConfig::new(Arc::new(Fake::seeded(1)), workers)
    }
}

pub async fn pool(config: PoolConfig) -> ActorPool {
    let pool = ActorPool::start(config).unwrap();
    pool.ready().await.unwrap();
    pool
}

pub fn job(body: &str) -> Job {
    job_within(body, GENEROUS)
}

pub fn job_within(body: &str, deadlines: Deadlines) -> Job {
    Job { script: Arc::new(Script::new("test", body)), input: "null".into(), deadlines }
}

pub fn millis(inner: u64, outer: u64) -> Deadlines {
    Deadlines { inner: Duration::from_millis(inner), outer: Duration::from_millis(outer) }
}

/// Submits `jobs` jobs from `clients` clients and counts how they end.
pub async fn count<E: Executor + ?Sized + 'static>(
    executor: &Arc<E>,
    jobs: usize,
    clients: usize,
    body: impl Fn(usize) -> Job,
) -> OutcomeCounts {
    let jobs: Vec<Job> = (0..jobs).map(body).collect();
    let jobs = Arc::new(std::sync::Mutex::new(jobs));
    let mut set = JoinSet::new();
    for _ in 0..clients {
        let (executor, jobs) = (Arc::clone(executor), Arc::clone(&jobs));
        set.spawn(async move {
            let mut counts = OutcomeCounts::default();
            loop {
                let Some(job) = jobs.lock().unwrap().pop() else { return counts };
                let kind = executor.submit(job).await.outcome.kind();
                counts.add(kind);
                if kind == OutcomeKind::Rejected {
                    // Whoever tries again at once spends all jobs before a worker has woken up.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
    }
    let mut counts = OutcomeCounts::default();
    while let Some(of_one) = set.join_next().await {
        counts.merge(&of_one.unwrap());
    }
    counts
}

/// A fake whose first calls panic, whatever the script.
pub struct Flaky {
    fake: Fake,
    pub panics_left: Arc<AtomicUsize>,
}

impl Flaky {
    pub fn panicking(times: usize) -> Arc<Self> {
        Arc::new(Self { fake: Fake::default(), panics_left: Arc::new(AtomicUsize::new(times)) })
    }
}

impl Flaky {
    /// How many of its isolates are alive.
    pub fn isolates(&self) -> usize {
        Arc::strong_count(&self.panics_left) - 1
    }
}

impl JsEngine for Flaky {
    fn info(&self) -> EngineInfo {
        self.fake.info()
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        let panics_left = Arc::clone(&self.panics_left);
        Ok(Box::new(FlakyIsolate { isolate: self.fake.create(limits)?, panics_left }))
    }
}

struct FlakyIsolate {
    isolate: Box<dyn Isolate>,
    panics_left: Arc<AtomicUsize>,
}

impl Isolate for FlakyIsolate {
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError> {
        self.isolate.load(script, deadline)
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        let left =
            self.panics_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "flaky on purpose");
        self.isolate.call(script, input, deadline)
    }

    fn reset(&mut self) -> Result<(), JsError> {
        self.isolate.reset()
    }

    fn heap(&mut self) -> Option<HeapStats> {
        self.isolate.heap()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        self.isolate.interrupter()
    }
}

/// Waits for what a supervisor does in its own time.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("after ten seconds still not so: {what}");
}
