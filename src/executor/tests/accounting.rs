use super::*;

/// The issue's own figure: 1 % panics, 1 % hangs past the outer deadline, and more clients than the queue has
/// room for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_jobs_with_panics_hangs_and_overload_add_up() {
    const JOBS: usize = 100_000;
    let restart = RestartPolicy { max_lost: 64, ..config(1).restart };
    let pool = Arc::new(pool(PoolConfig { queue: 16, restart, ..config(4) }).await);
    let deadlines = millis(1, 4);
    let fine = Arc::new(Script::new("fine", "return 2"));
    let panics = Arc::new(Script::new("panics", "panic on purpose"));
    let hangs = Arc::new(Script::new("hangs", "hang 15ms"));
    let counts = count(&pool, JOBS, 40, |i| {
        let script = match i % 100 {
            7 => &panics,
            57 => &hangs,
            _ => &fine,
        };
        Job { script: Arc::clone(script), input: "null".into(), deadlines }
    })
    .await;
    println!("{counts:?} {:?}", pool.gauges());
    assert_eq!(counts.total(), JOBS as u64);
    assert!(counts.ok > 0 && counts.panic > 0 && counts.timeout > 0 && counts.rejected > 0, "{counts:?}");
    // On a busy machine a job may reach its outer deadline and panic afterwards: that panic is counted too.
    let panics = pool.gauges().panics;
    assert!((counts.panic..=counts.panic + counts.timeout).contains(&panics), "{panics} panics, {counts:?}");
    assert!(counts.panic <= 1000 && counts.timeout >= 1, "{counts:?}");
    // Every hung worker comes back in the end, and the pool is whole again.
    eventually("all workers serve", || {
        pool.gauges().lost_now == 0 && pool.gauges().state == PoolState::Serving
    })
    .await;
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn a_full_queue_rejects_and_nothing_else_is_lost() {
    let pool = pool(PoolConfig { queue: 2, ..config(1) }).await;
    let busy = pool.submit(job("sleep 200ms; return 0"));
    eventually("the worker is busy", || pool.gauges().busy == 1).await;
    let waiting: Vec<_> = (0..2).map(|n| pool.submit(job(&format!("return {n}")))).collect();
    assert_eq!(pool.gauges().queued, 2);
    let rejected = pool.submit(job("return 9")).await;
    assert_eq!(rejected.outcome, Outcome::Rejected(Rejection::QueueFull));
    assert_eq!(rejected.started, None);
    assert_eq!(busy.await.outcome, Outcome::Ok("0".to_owned()));
    for (n, waiting) in waiting.into_iter().enumerate() {
        assert_eq!(waiting.await.outcome, Outcome::Ok(n.to_string()));
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_outcome() {
    let pool = pool(config(1)).await;
    for (body, expected) in [
        ("return 1", OutcomeKind::Ok),
        ("throw TypeError no", OutcomeKind::Exception),
        ("dance", OutcomeKind::Exception),
        ("allocate 1TiB", OutcomeKind::OutOfMemory),
        ("panic on purpose", OutcomeKind::Panic),
        ("return 1", OutcomeKind::Ok),
    ] {
        assert_eq!(pool.submit(job(body)).await.outcome.kind(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_dropped_submission_is_still_run() {
    let pool = pool(config(1)).await;
    drop(pool.submit(job("sleep 5ms; panic seen by the counter")));
    eventually("the panic was counted", || pool.gauges().panics == 1).await;
}
