//! The executors under the fake engine: every job one outcome, whatever happens.

mod accounting;
mod blocking;
mod deadlines;
mod restarts;
mod reuse;
mod shutdown;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::engine::fake::Fake;
use crate::engine::{Deadlines, Script};

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
