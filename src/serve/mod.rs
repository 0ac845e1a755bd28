//! The actor pools behind HTTP: scripts come in as requests, outcomes go out as responses.
//!
//! ```text
//! listen (connections) → router → body → api → scripts → pools → Switch → policies → executor
//!                                                └ status: the one table of errors
//! ```
//!
//! What a guest answers is passed on as the JSON text it is. A client that goes away leaves its job running: every job
//! has its outcome.

mod api;
mod body;
mod listen;
mod pools;
mod router;
mod scripts;
mod status;

pub use body::BodyLimits;
pub use listen::{ConnectionLimits, serve};
pub use pools::{MakeExecutor, Pool, PoolName, PoolSize, Pools};
pub use status::{ErrorKind, Problem};

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;

use self::scripts::Scripts;
use crate::workload::Workload;

/// What all requests share.
pub struct Server {
    pools: Pools,
    scripts: Scripts,
    workloads: BTreeMap<String, Workload>,
    body: BodyLimits,
}

impl Server {
    /// A server of these pools, which also runs these workloads by name.
    pub fn new(pools: Pools, workloads: Vec<Workload>, body: BodyLimits) -> Arc<Self> {
        let workloads = workloads.into_iter().map(|workload| (workload.name.clone(), workload)).collect();
        Arc::new(Self { pools, scripts: Scripts::default(), workloads, body })
    }

    /// The routes that anybody may use.
    pub fn router(self: &Arc<Self>) -> Router {
        router::public(Arc::clone(self))
    }

    /// Its pools.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }
}
