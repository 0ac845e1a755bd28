use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_mid_flight_what_started_ends_and_the_rest_is_cancelled() {
    const JOBS: usize = 5_000;
    let pool = Arc::new(pool(PoolConfig { queue: JOBS, ..config(2) }).await);
    let body = Arc::new(Script::new("t", "sleep 1ms; return 1"));
    let submissions: Vec<_> = (0..JOBS)
        .map(|_| pool.submit(Job { script: Arc::clone(&body), input: "null".into(), deadlines: GENEROUS }))
        .collect();
    tokio::time::sleep(Duration::from_millis(30)).await;
    pool.shutdown().await;
    let mut counts = OutcomeCounts::default();
    for submission in submissions {
        let ended = submission.await;
        assert_eq!(ended.started.is_some(), ended.outcome.kind() == OutcomeKind::Ok);
        counts.add(ended.outcome.kind());
    }
    assert_eq!(counts.ok + counts.cancelled, JOBS as u64, "{counts:?}");
    assert!(counts.ok > 0 && counts.cancelled > 0, "{counts:?}");
    assert_eq!(pool.gauges().state, PoolState::Stopped);
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn a_hung_worker_does_not_hold_it_up_past_the_outer_deadline() {
    let pool = pool(config(2)).await;
    let hung = pool.submit(job_within("hang 30s", millis(10, 50)));
    eventually("it runs", || pool.gauges().busy == 1).await;
    tokio::time::timeout(Duration::from_secs(10), pool.shutdown())
        .await
        .expect("shutdown waits for no hung worker");
    assert!(matches!(hung.await.outcome, Outcome::Timeout { kind: TimeoutKind::Outer, .. }));
}

#[tokio::test]
async fn a_dropped_pool_cancels_what_waits() {
    let pool = pool(config(1)).await;
    let running = pool.submit(job("sleep 30ms; return 1"));
    eventually("it runs", || pool.gauges().busy == 1).await;
    let waiting = pool.submit(job("return 2"));
    drop(pool);
    assert_eq!(waiting.await.outcome, Outcome::Cancelled);
    assert_eq!(running.await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn an_idle_pool_stops_at_once() {
    let pool = pool(config(3)).await;
    tokio::time::timeout(Duration::from_secs(10), pool.shutdown())
        .await
        .expect("nothing is there to wait for");
    assert_eq!(pool.gauges().workers, 0);
}
