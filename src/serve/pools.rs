//! The two pools of a server: tasks for what may take its time, workflows for filters that may not. Neither can starve
//! the other.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::status::{ErrorKind, Problem};
use crate::engine::Deadlines;
use crate::executor::{Completion, Executor, Gauges, Job, Switch};
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
}

impl Pool {
    /// Hands a job over. Dropping the future does not cancel it.
    pub fn submit(&self, job: Job) -> impl Future<Output = Completion> + Send + use<> {
        self.switch.submit(job)
    }

    /// What it is doing now.
    pub fn gauges(&self) -> Gauges {
        self.switch.gauges()
    }
}

/// Both pools.
pub struct Pools {
    tasks: Pool,
    workflows: Pool,
}

impl Pools {
    /// Makes both of that engine, and waits until their workers are ready.
    ///
    /// # Errors
    /// What the maker or the engine said, with the pool's name.
    pub async fn start(
        maker: &dyn MakeExecutor,
        engine: &str,
        size: impl Fn(PoolName) -> PoolSize,
    ) -> Result<Self, String> {
        let make = |name| {
            let PoolSize { workers, deadlines } = size(name);
            let executor = maker.make(engine, workers).map_err(|why| format!("{name}: {why}"))?;
            Ok::<_, String>(Pool { name, deadlines, switch: Switch::new(executor) })
        };
        let pools = Self { tasks: make(PoolName::Tasks)?, workflows: make(PoolName::Workflows)? };
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
            Kind::JavaScript => &self.tasks,
            Kind::Filter => &self.workflows,
        }
    }

    /// Both of them.
    pub fn all(&self) -> [&Pool; 2] {
        [&self.tasks, &self.workflows]
    }

    /// Shuts both down: what has started ends, what waits is answered as cancelled.
    pub async fn shutdown(&self) {
        tokio::join!(self.tasks.switch.shutdown(), self.workflows.switch.shutdown());
    }
}
