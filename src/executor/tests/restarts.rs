use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::engine::{EngineInfo, Isolate, JsEngine, JsError, Limits};

/// A fake that cannot make its first isolates.
struct Unwilling {
    fake: Fake,
    refusals_left: AtomicUsize,
}

impl JsEngine for Unwilling {
    fn info(&self) -> EngineInfo {
        self.fake.info()
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        let refused =
            self.refusals_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if refused.is_ok() { Err(JsError::Engine("not today".to_owned())) } else { self.fake.create(limits) }
    }
}

fn unwilling(refusals: usize) -> Arc<Unwilling> {
    Arc::new(Unwilling { fake: Fake::default(), refusals_left: AtomicUsize::new(refusals) })
}

#[tokio::test]
async fn an_engine_that_cannot_start_is_an_error_and_not_a_wait() {
    let pool = ActorPool::start(PoolConfig { engine: unwilling(usize::MAX), ..config(2) }).unwrap();
    assert_eq!(pool.ready().await, Err(JsError::Engine("not today".to_owned())));
}

#[tokio::test]
async fn jobs_that_no_worker_will_take_are_answered() {
    let restart = RestartPolicy {
        min_delay: Duration::from_secs(600),
        max_delay: Duration::from_secs(600),
        ..config(1).restart
    };
    let pool = ActorPool::start(PoolConfig { engine: unwilling(usize::MAX), restart, ..config(1) }).unwrap();
    let ended = pool.submit(job("return 1")).await;
    assert_eq!(ended.outcome, Outcome::Crash("engine error: not today".to_owned()));
}

#[tokio::test]
async fn workers_that_cannot_start_are_tried_again() {
    let pool = ActorPool::start(PoolConfig { engine: unwilling(5), ..config(1) }).unwrap();
    eventually("it serves", || pool.gauges().state == PoolState::Serving).await;
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(pool.gauges().restarts, 5);
}

#[tokio::test]
async fn a_spent_restart_budget_degrades_the_pool_until_its_window_has_room() {
    let restart = RestartPolicy { budget: 2, window: Duration::from_millis(400), ..config(1).restart };
    let pool = pool(PoolConfig { restart, ..config(1) }).await;
    for n in 0..3 {
        assert!(matches!(pool.submit(job("panic on purpose")).await.outcome, Outcome::Panic(_)), "panic {n}");
    }
    eventually("it is degraded", || pool.gauges().state == PoolState::Degraded).await;
    assert_eq!(pool.gauges().restarts, 2);
    // The job waits for the budget instead of being lost.
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(pool.gauges().restarts, 3);
}
