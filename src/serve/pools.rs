//! The two pools of a server: tasks for what may take its time, workflows for filters that may not. Neither can starve
//! the other.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use parking_lot::RwLock;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::block_in_place;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::metrics::{Instruments, JobMetrics};
use super::status::{ErrorKind, Problem};
use crate::engine::Deadlines;
use crate::executor::{Completion, Executor, Followed, Gauges, Job, Switch};
use crate::workload::Kind;
use crate::workload::near::one_of;

/// Names a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolName {
    /// Runs what is of type `javascript`.
    Tasks,
    /// Runs what is of type `filter`.
    Workflows,
}

impl PoolName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tasks, Self::Workflows];

    /// The name in addresses, labels and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Workflows => "workflows",
        }
    }

    /// What its scripts are to the server.
    pub fn kind(self) -> Kind {
        match self {
            Self::Tasks => Kind::JavaScript,
            Self::Workflows => Kind::Filter,
        }
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PoolName {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| {
            let near = one_of(text, &Self::ALL.map(Self::as_str));
            Problem::new(ErrorKind::NotFound, format!("no pool `{text}`{near}"))
        })
    }
}

/// Makes the executors of a server's pools, policies included.
pub trait MakeExecutor: Send + Sync {
    /// The engines that it can make them of.
    fn engines(&self) -> Vec<String>;

    /// An executor of that engine with so many workers, which need not be ready yet.
    ///
    /// # Errors
    /// Why there is none, in one line.
    fn make(&self, engine: &str, workers: u32) -> Result<Arc<dyn Executor>, String>;
}

/// How many workers a pool is to have, and how long its jobs may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSize {
    /// Workers.
    pub workers: u32,
    /// Deadlines of its jobs, which a request can only shorten.
    pub deadlines: Deadlines,
}

/// One of the two pools.
pub struct Pool {
    /// Which one.
    pub name: PoolName,
    /// Deadlines of its jobs, which a request can only shorten.
    pub deadlines: Deadlines,
    switch: Switch,
    /// Held while a job is handed over, so that it is counted for the engine that gets it.
    current: RwLock<Current>,
    workers: AtomicU32,
}

struct Current {
    engine: Arc<str>,
    instruments: Arc<Instruments>,
}

impl Pool {
    /// Hands over a job of a request that arrived at that instant. Its end is counted, and the token kept until then,
    /// whether anybody waits for it or not.
    pub(super) fn submit(
        &self,
        job: Job,
        arrived: Instant,
        token: TaskTrackerToken,
    ) -> impl Future<Output = Completion> + Send + use<> {
        let current = self.current.read();
        let instruments = Arc::clone(&current.instruments);
        let submission = self.switch.submit(job);
        drop(current);
        Followed::new(submission, move |completion| {
            instruments.count(completion, arrived);
            drop(token);
        })
    }

    /// What it is doing now.
    pub fn gauges(&self) -> Gauges {
        self.switch.gauges()
    }

    /// The engine that jobs go to.
    pub fn engine(&self) -> Arc<str> {
        Arc::clone(&self.current.read().engine)
    }

    /// Why it is switched off, if it is.
    pub fn disabled(&self) -> Option<Arc<str>> {
        self.switch.disabled()
    }
}

/// Both pools.
pub struct Pools {
    tasks: Pool,
    workflows: Pool,
    maker: Box<dyn MakeExecutor>,
    jobs: JobMetrics,
    /// Held by whoever makes a change: one at a time.
    changing: Mutex<()>,
}

impl Pools {
    /// Makes both of that engine, and waits until their workers are ready.
    ///
    /// # Errors
    /// What the maker or the engine said, with the pool's name.
    pub async fn start(
        maker: Box<dyn MakeExecutor>,
        engine: &str,
        size: impl Fn(PoolName) -> PoolSize,
    ) -> Result<Self, String> {
        let jobs = JobMetrics::default();
        let make = |name| {
            let PoolSize { workers, deadlines } = size(name);
            let executor = maker.make(engine, workers).map_err(|why| format!("{name}: {why}"))?;
            let instruments = Arc::new(jobs.of(name, engine));
            let current = RwLock::new(Current { engine: engine.into(), instruments });
            let workers = AtomicU32::new(workers);
            Ok::<_, String>(Pool { name, deadlines, switch: Switch::new(executor), current, workers })
        };
        let (tasks, workflows) = (make(PoolName::Tasks)?, make(PoolName::Workflows)?);
        let pools = Self { tasks, workflows, maker, jobs, changing: Mutex::default() };
        for pool in pools.all() {
            pool.switch.ready().await.map_err(|error| format!("{}: {error}", pool.name))?;
        }
        Ok(pools)
    }

    /// The pool of that name.
    pub fn get(&self, name: PoolName) -> &Pool {
        match name {
            PoolName::Tasks => &self.tasks,
            PoolName::Workflows => &self.workflows,
        }
    }

    /// The pool for scripts of that kind.
    pub fn of(&self, kind: Kind) -> &Pool {
        match kind {
            // A request to another server is no script, and not served.
            Kind::JavaScript | Kind::Request => &self.tasks,
            Kind::Filter => &self.workflows,
        }
    }

    /// Both of them.
    pub fn all(&self) -> [&Pool; 2] {
        [&self.tasks, &self.workflows]
    }

    /// What jobs are counted in.
    pub(super) fn jobs(&self) -> &JobMetrics {
        &self.jobs
    }

    /// Answers every job at once as rejected, with this reason, until [`Pools::enable`].
    pub(super) fn disable(&self, reason: &Arc<str>) {
        self.all().into_iter().for_each(|pool| pool.switch.disable(Arc::clone(reason)));
    }

    /// Takes jobs again.
    pub(super) fn enable(&self) {
        self.all().into_iter().for_each(|pool| pool.switch.enable());
    }

    /// Gives a pool that many workers, and waits until they are ready.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], with what the engine said.
    pub(super) async fn resize(&self, name: PoolName, workers: u32) -> Result<(), Problem> {
        let _alone = self.changing.lock().await;
        let pool = self.get(name);
        pool.workers.store(workers, Ordering::Relaxed);
        pool.switch.resize(workers as usize).await.map_err(|error| conflict(name, error))
    }

    /// Moves both pools to another engine, once the workers of both are ready. Jobs that came before get their outcomes
    /// where they are.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an engine that is not there, [`ErrorKind::Conflict`] for one that does not start;
    /// then everything is as it was.
    pub(super) async fn switch_engine(&self, engine: &str) -> Result<(), Problem> {
        let _alone = self.changing.lock().await;
        let known = self.maker.engines();
        if !known.iter().any(|known| known == engine) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("no engine `{engine}` here{}", one_of(engine, &known));
            return Err(Problem::new(ErrorKind::NotFound, message));
        }
        let mut made = Vec::new();
        for pool in self.all() {
            let workers = pool.workers.load(Ordering::Relaxed);
            // May start a program and wait for its greeting.
            let executor = block_in_place(|| self.maker.make(engine, workers));
            made.push((pool, executor.map_err(|why| conflict(pool.name, why))?));
        }
        for (pool, executor) in &made {
            executor.ready().await.map_err(|error| conflict(pool.name, error))?;
        }
        for (pool, executor) in made {
            tracing::warn!(pool = pool.name.as_str(), engine, "the pool goes over to another engine");
            let instruments = Arc::new(self.jobs.of(pool.name, engine));
            let mut current = pool.current.write();
            // The old executor ends by itself.
            drop(pool.switch.replace(executor));
            *current = Current { engine: engine.into(), instruments };
        }
        Ok(())
    }

    /// Shuts both down: what has started ends, what waits is answered as cancelled.
    pub async fn shutdown(&self) {
        tokio::join!(self.tasks.switch.shutdown(), self.workflows.switch.shutdown());
    }
}

fn conflict(pool: PoolName, why: impl fmt::Display) -> Problem {
    Problem::new(ErrorKind::Conflict, format!("{pool}: {why}"))
}
