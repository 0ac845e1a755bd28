use std::future::Future;

use super::*;

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what}"))
}

#[tokio::test]
async fn growing_starts_workers_at_once_and_they_are_no_restarts() {
    let pool = pool(config(1)).await;
    let held = pool.submit(job("sleep 10s"));
    eventually("the first worker is busy", || pool.gauges().busy == 1).await;
    in_time("the new workers start", pool.resize(3)).await.unwrap();
    let gauges = pool.gauges();
    assert_eq!((gauges.state, gauges.workers, gauges.restarts), (PoolState::Serving, 3, 0));
    assert_eq!(in_time("another worker", pool.submit(job("return 1"))).await.outcome.kind(), OutcomeKind::Ok);
    drop(held);
}

#[tokio::test]
async fn shrinking_lets_busy_workers_end_their_jobs() {
    let pool = pool(config(4)).await;
    let running: Vec<_> = (0..4).map(|n| pool.submit(job(&format!("sleep 400ms; return {n}")))).collect();
    eventually("all are busy", || pool.gauges().busy == 4).await;
    pool.resize(1).await.unwrap();
    assert_eq!((pool.gauges().state, pool.gauges().workers), (PoolState::Serving, 1));
    for (n, running) in running.into_iter().enumerate() {
        assert_eq!(running.await.outcome, Outcome::Ok(n.to_string()));
    }
    let queued: Vec<_> = (0..20).map(|_| pool.submit(job("sleep 1ms; return 1"))).collect();
    for queued in queued {
        assert!(pool.gauges().busy <= 1, "one worker is left");
        assert_eq!(queued.await.outcome, Outcome::Ok("1".to_owned()));
    }
    assert_eq!(pool.gauges().restarts, 0);
}

#[tokio::test]
async fn idle_workers_that_are_too_many_end_with_their_isolates() {
    let engine = Flaky::panicking(0);
    let pool = pool(PoolConfig { engine: engine.clone(), ..config(8) }).await;
    assert_eq!(engine.isolates(), 8);
    pool.resize(2).await.unwrap();
    eventually("six isolates are dropped", || engine.isolates() == 2).await;
    pool.resize(3).await.unwrap();
    assert_eq!((pool.gauges().workers, engine.isolates()), (3, 3));
}

#[tokio::test]
async fn there_is_always_one_worker() {
    let pool = pool(config(2)).await;
    pool.resize(0).await.unwrap();
    assert_eq!(pool.gauges().workers, 1);
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn workers_that_are_lost_while_they_leave_are_counted_as_any() {
    let pool = pool(config(2)).await;
    let hung: Vec<_> = (0..2).map(|_| pool.submit(job_within("hang 1s", millis(5, 600)))).collect();
    eventually("both are busy", || pool.gauges().busy == 2).await;
    pool.resize(1).await.unwrap();
    for hung in hung {
        assert_eq!(hung.await.outcome.kind(), OutcomeKind::Timeout);
    }
    eventually("both were lost and came back", || {
        let gauges = pool.gauges();
        (gauges.lost_workers, gauges.lost_now, gauges.workers, gauges.state) == (2, 0, 1, PoolState::Serving)
    })
    .await;
    assert_eq!(pool.gauges().restarts, 1);
    in_time("shutdown waits for no lost worker", pool.shutdown()).await;
}

#[tokio::test]
async fn shutdown_waits_for_those_that_leave() {
    let pool = pool(config(1)).await;
    let staying = pool.submit(job("sleep 200ms; return 1"));
    eventually("the first is busy", || pool.gauges().busy == 1).await;
    pool.resize(2).await.unwrap();
    let leaving = pool.submit(job("sleep 600ms; return 2"));
    eventually("nothing waits", || pool.gauges().queued == 0).await;
    pool.resize(1).await.unwrap();
    pool.shutdown().await;
    for running in [staying, leaving] {
        let ended = tokio::time::timeout(Duration::ZERO, running).await.expect("it has ended");
        assert_eq!(ended.outcome.kind(), OutcomeKind::Ok);
    }
    assert!(pool.resize(2).await.is_err(), "it has shut down");
}

/// Up and down at random under load, with panics in between: every job has its outcome, and nothing but the
/// panics is not an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_add_up_while_the_size_changes() {
    const JOBS: usize = 20_000;
    let engine = Flaky::panicking(0);
    let restart = RestartPolicy { max_delay: Duration::from_millis(2), ..config(1).restart };
    let pool = Arc::new(pool(PoolConfig { engine: engine.clone(), restart, queue: JOBS, ..config(2) }).await);
    let load = tokio::spawn({
        let (pool, fine, panics) = (Arc::clone(&pool), job("return 1"), job("panic on purpose"));
        async move { count(&pool, JOBS, 32, |n| if n % 200 == 7 { panics.clone() } else { fine.clone() }).await }
    });
    let mut resizes = 0;
    while !load.is_finished() {
        let workers = [1, 6, 3, 8, 2, 5][resizes % 6];
        drop(pool.resize(workers));
        tokio::time::sleep(Duration::from_millis(resizes as u64 % 4)).await;
        resizes += 1;
    }
    let counts = load.await.unwrap();
    assert_eq!(counts.panic, JOBS as u64 / 200, "{counts:?}");
    assert_eq!(counts.ok + counts.panic, JOBS as u64, "{counts:?}");
    assert!(resizes > 10, "{resizes} resizes are no test");
    pool.resize(4).await.unwrap();
    eventually("the pool has its size", || {
        pool.gauges().workers == 4 && engine.isolates() == 4 && pool.gauges().state == PoolState::Serving
    })
    .await;
}

#[tokio::test]
async fn what_stands_in_front_of_a_pool_resizes_it_and_the_baseline_says_that_it_cannot() {
    let policies = Policies {
        in_flight: Some(9),
        retry: Some(RetryPolicy::default()),
        breaker: Some(BreakerPolicy::default()),
    };
    let fronted = Switch::new(policies.around(Arc::new(pool(config(1)).await)));
    in_time("both workers are there", fronted.resize(2)).await.unwrap();
    assert_eq!(fronted.gauges().workers, 2);
    let baseline = Blocking::new(Arc::new(Fake::default()), Limits::default());
    let refused = baseline.resize(2).await.unwrap_err().to_string();
    assert!(refused.contains("no workers of its own"), "{refused}");
}

#[tokio::test]
async fn the_heaps_of_a_pool_are_those_of_its_workers() {
    let pool = pool(PoolConfig { watch_heap: true, ..config(1) }).await;
    assert_eq!(pool.submit(job("allocate 64KiB; return 0")).await.outcome, Outcome::Ok("0".to_owned()));
    eventually("the worker has looked after its first job", || pool.gauges().heap_bytes >= 64 << 10).await;
    pool.submit(job("panic on purpose")).await;
    eventually("it is gone, and its heap with it", || pool.gauges().heap_bytes == 0).await;
}
