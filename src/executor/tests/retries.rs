use super::*;

const SOON: RetryPolicy =
    RetryPolicy { attempts: 3, min_delay: Duration::from_millis(1), max_delay: Duration::from_millis(4) };

async fn retrying(config: PoolConfig) -> (Arc<ActorPool>, Retrying) {
    let pool = Arc::new(pool(config).await);
    (Arc::clone(&pool), Retrying::new(pool, SOON))
}

#[tokio::test]
async fn a_panic_that_passes_is_survived() {
    let (pool, retrying) = retrying(PoolConfig { engine: Flaky::panicking(2), ..config(1) }).await;
    let before = std::time::Instant::now();
    let ended = retrying.submit(job("return 1")).await;
    assert_eq!((ended.outcome, ended.attempts), (Outcome::Ok("1".to_owned()), 3));
    assert!(ended.submitted >= before);
    let started = ended.started.expect("it ran");
    assert!(
        started >= ended.submitted + 2 * SOON.min_delay,
        "the third attempt's start, the first's submission"
    );
    assert_eq!((retrying.gauges().retries, pool.gauges().panics), (2, 2));
}

#[tokio::test]
async fn a_panic_that_stays_is_given_up_after_three_attempts() {
    let (pool, retrying) = retrying(config(1)).await;
    let ended = retrying.submit(job("panic on purpose")).await;
    assert_eq!((ended.outcome, ended.attempts), (Outcome::Panic("on purpose".to_owned()), 3));
    assert_eq!((retrying.gauges().retries, pool.gauges().panics), (2, 3));
}

#[tokio::test]
async fn one_attempt_is_no_retry() {
    let pool = Arc::new(pool(config(1)).await);
    let once = Retrying::new(pool, RetryPolicy { attempts: 1, ..SOON });
    assert_eq!(once.submit(job("panic on purpose")).await.attempts, 1);
}

#[tokio::test]
async fn what_would_only_happen_again_is_not_tried_again() {
    let (_pool, retrying) = retrying(config(1)).await;
    for (job, expected) in [
        (job("throw TypeError no"), OutcomeKind::Exception),
        (job("dance"), OutcomeKind::Exception),
        (job("allocate 1TiB"), OutcomeKind::OutOfMemory),
        (job_within("loop", millis(5, 20_000)), OutcomeKind::Timeout),
        (job_within("hang 100ms", millis(5, 10)), OutcomeKind::Timeout),
    ] {
        let ended = retrying.submit(job).await;
        assert_eq!((ended.outcome.kind(), ended.attempts), (expected, 1), "{}", ended.outcome);
    }
    retrying.shutdown().await;
    let ended = retrying.submit(job("return 1")).await;
    assert_eq!((ended.outcome, ended.attempts), (Outcome::Cancelled, 1));
    assert_eq!(retrying.gauges().retries, 0);
}

#[tokio::test]
async fn a_full_queue_is_tried_again() {
    let (pool, retrying) = retrying(PoolConfig { queue: 1, ..config(1) }).await;
    let _held = pool.submit(job("sleep 10s"));
    eventually("the worker is busy", || pool.gauges().busy == 1).await;
    let _waiting = pool.submit(job("return 2"));
    let ended = retrying.submit(job("return 3")).await;
    assert_eq!((ended.outcome, ended.attempts), (Outcome::Rejected(Rejection::QueueFull), 3));
    assert_eq!(ended.started, None);
}

#[tokio::test]
async fn a_job_is_handed_over_before_its_future_is_awaited() {
    let (pool, retrying) = retrying(config(1)).await;
    drop(retrying.submit(job("panic seen by the counter")));
    eventually("the panic was counted", || pool.gauges().panics == 1).await;
}
