//! The actor pools behind HTTP: scripts come in as requests, outcomes go out as responses.
//!
//! ```text
//! listen (connections) → front → router → body → api → scripts → pools → Switch → policies → executor
//!   └ linger: how they end │        │            └ status: the one table of errors
//!    rest: what of a body ─┘
//!    nobody wanted to read   health, metrics, openapi, and on a listener of its own admin
//! ```
//!
//! What a guest answers is passed on as the JSON text it is. A client that goes away leaves its job running: every job
//! has its outcome.

mod admin;
mod api;
mod body;
mod front;
mod health;
mod linger;
mod listen;
mod metrics;
mod openapi;
mod places;
mod pools;
mod rest;
mod router;
mod scripts;
mod status;

pub use body::BodyLimits;
pub use listen::{ConnectionLimits, Connections, serve};
pub use metrics::RuntimeFacts;
pub use pools::{MakeExecutor, Pool, PoolName, PoolSize, Pools};
pub use router::Routes;
pub use status::{ErrorKind, Problem};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use self::scripts::Scripts;
use crate::executor::{Completion, Job};
use crate::workload::Workload;

/// What all requests share.
pub struct Server {
    pools: Arc<Pools>,
    scripts: Scripts,
    workloads: BTreeMap<String, Workload>,
    body: BodyLimits,
    registry: Registry,
    /// Jobs that have no outcome yet, whether anybody waits for them or not.
    under_way: TaskTracker,
    draining: watch::Sender<bool>,
}

impl Server {
    /// A server of these pools, which also runs these workloads by name.
    pub fn new(pools: Pools, workloads: Vec<Workload>, body: BodyLimits, runtime: RuntimeFacts) -> Arc<Self> {
        let workloads = workloads.into_iter().map(|workload| (workload.name.clone(), workload)).collect();
        let pools = Arc::new(pools);
        let registry = metrics::registry(pools.jobs(), Arc::clone(&pools), runtime);
        let (scripts, under_way, draining) = Default::default();
        Arc::new(Self { pools, scripts, workloads, body, registry, under_way, draining })
    }

    /// The routes that anybody may use.
    pub fn routes(self: &Arc<Self>) -> Routes {
        router::public(Arc::clone(self))
    }

    /// The routes of whoever runs the server, for a listener that only this machine reaches.
    pub fn admin_routes(self: &Arc<Self>) -> Routes {
        admin::routes(Arc::clone(self)).into()
    }

    /// Its pools.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Runs a job of a request that arrived at that instant.
    ///
    /// # Errors
    /// [`ErrorKind::Draining`].
    async fn run(&self, pool: &Pool, job: Job, arrived: Instant) -> Result<Completion, Problem> {
        // In this order: a drain that begins in between waits for the token.
        let token = self.under_way.token();
        if self.is_draining() {
            return Err(Problem::new(ErrorKind::Draining, "the server is draining: it takes no more jobs"));
        }
        Ok(pool.submit(job, arrived, token).await)
    }

    fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Takes no more jobs.
    pub fn begin_drain(&self) {
        if !self.draining.send_replace(true) {
            tracing::warn!("draining: no more jobs are taken");
        }
    }

    /// Takes no more jobs, and waits until those it has are over, or it takes jobs again.
    async fn drain(&self) {
        self.begin_drain();
        self.under_way.close();
        let mut draining = self.draining.subscribe();
        tokio::select! {
            () = self.under_way.wait() => {}
            _ = draining.wait_for(|draining| !draining) => {}
        }
    }

    /// Takes jobs again.
    fn resume(&self) {
        self.under_way.reopen();
        self.draining.send_replace(false);
    }
}
