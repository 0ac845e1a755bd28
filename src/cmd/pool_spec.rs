//! The executor that a child process is to make, as its parent tells it.

use std::sync::Arc;

use anyhow::Context;
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::cli::Settings;
use crate::engine::{Limits, registry};
use crate::executor::http::{HttpExecutor, Target};
use crate::executor::{
    ActorPool, Blocking, Candidate, Cores, Executor, Foreign, Isolation, PoolConfig, Recycle, Reuse,
    ThreadPerCore,
};
use crate::workload::Kind;

/// An executor on paper.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PoolSpec {
    pub engine: String,
    /// The program, if the engine is one of its own.
    pub foreign: Option<Foreign>,
    /// The server, if it is one behind a URL.
    pub target: Option<Target>,
    pub isolation: Isolation,
    pub reuse: Reuse,
    pub workers: u32,
    pub heap_bytes: Option<u64>,
    pub queue: u32,
    pub recycle_jobs: Option<u64>,
    pub recycle_heap_bytes: Option<u64>,
    pub watch_heap: bool,
}

impl PoolSpec {
    /// That of an engine under an isolation, everything else as the settings have it.
    pub fn new(engine: &Candidate, isolation: Isolation, reuse: Reuse, settings: &Settings) -> Self {
        Self {
            engine: engine.id().to_owned(),
            foreign: match engine {
                Candidate::Known(_) | Candidate::Remote(_) => None,
                Candidate::Foreign(foreign) => Some(foreign.as_ref().clone()),
            },
            target: engine.target().map(|target| target.as_ref().clone()),
            isolation,
            reuse,
            workers: settings.workers,
            heap_bytes: settings.limits.heap.map(|heap| heap.as_u64()),
            queue: settings.queue,
            recycle_jobs: settings.recycle.after_jobs,
            recycle_heap_bytes: settings.recycle.above_heap.map(|heap| heap.as_u64()),
            watch_heap: false,
        }
    }

    /// The same, for workloads of this kind: a server is told.
    pub fn for_kind(mut self, kind: Kind) -> Self {
        self.target = self.target.map(|target| target.for_kind(kind.name()));
        self
    }

    /// Makes it, with so many workers.
    pub fn executor(&self, workers: u32) -> anyhow::Result<Arc<dyn Executor>> {
        if let Some(target) = &self.target {
            return Ok(Arc::new(HttpExecutor::new(target.clone())?));
        }
        let config = self.config(workers as usize)?;
        Ok(match self.isolation {
            Isolation::Task => Arc::new(Blocking::new(config.engine, config.limits)),
            Isolation::Thread | Isolation::Process | Isolation::Remote => Arc::new(ActorPool::start(config)?),
        })
    }

    /// Makes it run on those threads, which are its workers.
    pub fn on_cores(&self, cores: &Arc<Cores>) -> anyhow::Result<Arc<dyn Executor>> {
        Ok(Arc::new(ThreadPerCore::new(Arc::clone(cores), self.config(0)?)))
    }

    fn config(&self, workers: usize) -> anyhow::Result<PoolConfig> {
        let engine = self.candidate()?.engine(self.isolation, &std::env::current_exe()?)?;
        Ok(PoolConfig {
            limits: Limits { heap: self.heap_bytes.map(ByteSize::b), ..Limits::default() },
            reuse: self.reuse,
            recycle: Recycle {
                after_jobs: self.recycle_jobs,
                above_heap: self.recycle_heap_bytes.map(ByteSize::b),
            },
            queue: self.queue as usize,
            watch_heap: self.watch_heap,
            ..PoolConfig::new(engine, workers)
        })
    }

    fn candidate(&self) -> anyhow::Result<Candidate> {
        if let Some(foreign) = &self.foreign {
            return Ok(Candidate::Foreign(Arc::new(foreign.clone())));
        }
        let entry =
            registry::find(&self.engine).with_context(|| format!("unknown engine {}", self.engine))?;
        Ok(Candidate::Known(entry))
    }
}
