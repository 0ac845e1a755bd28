use std::num::NonZeroUsize;

use super::*;

/// Circuits that stay open for the whole test.
fn for_long() -> BreakerPolicy {
    BreakerPolicy { cool_down: Duration::from_secs(3600), ..BreakerPolicy::default() }
}

/// Circuits whose next job is the probe.
fn for_no_time() -> BreakerPolicy {
    BreakerPolicy { cool_down: Duration::ZERO, ..BreakerPolicy::default() }
}

/// A pool that replaces whatever its jobs take down without delay: its own patience is another test's matter.
fn quick(workers: usize) -> PoolConfig {
    let restart = RestartPolicy { max_delay: Duration::from_millis(2), max_lost: 64, ..config(1).restart };
    PoolConfig { restart, ..config(workers) }
}

async fn breaking(config: PoolConfig, policy: BreakerPolicy) -> (Arc<ActorPool>, Breaking) {
    let pool = Arc::new(pool(config).await);
    (Arc::clone(&pool), Breaking::new(pool, policy))
}

async fn kinds(breaking: &Breaking, times: usize, job: impl Fn(usize) -> Job) -> Vec<OutcomeKind> {
    let mut kinds = Vec::new();
    for n in 0..times {
        kinds.push(breaking.submit(job(n)).await.outcome.kind());
    }
    kinds
}

async fn check_opens_after_ten(failing: Job, kind: OutcomeKind) {
    let (_pool, breaking) = breaking(quick(1), for_long()).await;
    assert_eq!(kinds(&breaking, 10, |_| failing.clone()).await, vec![kind; 10]);
    let refused = breaking.submit(failing).await;
    assert_eq!((refused.outcome, refused.started), (Outcome::CircuitOpen, None), "{kind:?}");
    assert_eq!(breaking.gauges().open_circuits, 1);
    assert_eq!(breaking.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn ten_failures_of_a_script_open_its_circuit_and_no_other() {
    check_opens_after_ten(job("panic on purpose"), OutcomeKind::Panic).await;
    check_opens_after_ten(job("allocate 1TiB"), OutcomeKind::OutOfMemory).await;
    check_opens_after_ten(job_within("loop", millis(1, 20_000)), OutcomeKind::Timeout).await;
    check_opens_after_ten(job_within("hang 30ms", millis(1, 3)), OutcomeKind::Timeout).await;
}

#[tokio::test]
async fn a_refused_job_does_not_reach_the_pool() {
    let (pool, breaking) = breaking(quick(1), for_long()).await;
    // Each job has a script of its own making: what counts is what it says.
    kinds(&breaking, 30, |_| job("panic on purpose")).await;
    assert_eq!(pool.gauges().panics, 10);
}

#[tokio::test]
async fn guest_exceptions_never_count() {
    let (_pool, breaking) = breaking(quick(1), for_long()).await;
    let exceptions = kinds(&breaking, 40, |_| job("throw TypeError no")).await;
    assert_eq!(exceptions, vec![OutcomeKind::Exception; 40]);
    assert_eq!(breaking.gauges().open_circuits, 0);
}

#[tokio::test]
async fn an_answer_starts_the_count_again() {
    let flaky = Flaky::panicking(0);
    let (_pool, breaking) = breaking(PoolConfig { engine: flaky.clone(), ..quick(1) }, for_long()).await;
    for _ in 0..5 {
        flaky.panics_left.store(9, Ordering::SeqCst);
        let mut expected = vec![OutcomeKind::Panic; 9];
        expected.push(OutcomeKind::Ok);
        assert_eq!(kinds(&breaking, 10, |_| job("return 1")).await, expected);
    }
}

#[tokio::test]
async fn one_probe_passes_and_closes_the_circuit_if_it_ends_well() {
    let engine = Flaky::panicking(10);
    let (_pool, breaking) = breaking(PoolConfig { engine, ..quick(2) }, for_no_time()).await;
    kinds(&breaking, 10, |_| job("return 1")).await;
    let probe = breaking.submit(job("return 1"));
    assert_eq!(kinds(&breaking, 5, |_| job("return 1")).await, vec![OutcomeKind::CircuitOpen; 5]);
    assert_eq!(breaking.gauges().open_circuits, 1);
    assert_eq!(probe.await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(breaking.gauges().open_circuits, 0);
    assert_eq!(kinds(&breaking, 5, |_| job("return 1")).await, vec![OutcomeKind::Ok; 5]);
}

#[tokio::test]
async fn one_probe_passes_and_opens_the_circuit_again_if_it_fails() {
    let engine = Flaky::panicking(11);
    let (_pool, breaking) = breaking(PoolConfig { engine, ..quick(2) }, for_no_time()).await;
    kinds(&breaking, 10, |_| job("return 1")).await;
    assert_eq!(breaking.submit(job("return 1")).await.outcome.kind(), OutcomeKind::Panic);
    assert_eq!(breaking.gauges().open_circuits, 1, "one failure was enough");
    assert_eq!(breaking.submit(job("return 1")).await.outcome.kind(), OutcomeKind::Ok);
    assert_eq!(breaking.gauges().open_circuits, 0);
}

#[tokio::test]
async fn a_probe_that_nobody_waits_for_still_decides() {
    let engine = Flaky::panicking(10);
    let (_pool, breaking) = breaking(PoolConfig { engine, ..quick(1) }, for_no_time()).await;
    kinds(&breaking, 10, |_| job("return 1")).await;
    drop(breaking.submit(job("return 1")));
    eventually("the probe's end was seen", || breaking.gauges().open_circuits == 0).await;
}

#[tokio::test]
async fn a_probe_that_never_ran_leaves_its_place_to_the_next() {
    let engine = Flaky::panicking(10);
    let (pool, breaking) = breaking(PoolConfig { engine, queue: 1, ..quick(1) }, for_no_time()).await;
    kinds(&breaking, 10, |_| job("return 1")).await;
    let _busy = pool.submit(job("sleep 10s"));
    eventually("the worker is busy", || pool.gauges().busy == 1).await;
    let _waiting = pool.submit(job("return 3"));
    assert_eq!(kinds(&breaking, 3, |_| job("return 1")).await, vec![OutcomeKind::Rejected; 3]);
    assert_eq!(breaking.gauges().open_circuits, 1);
}

#[test]
fn a_probe_dropped_where_nothing_can_follow_it_leaves_its_place_to_the_next() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = Flaky::panicking(10);
    let (_pool, breaking) = runtime.block_on(async {
        let (pool, breaking) = breaking(PoolConfig { engine, ..quick(1) }, for_no_time()).await;
        kinds(&breaking, 10, |_| job("return 1")).await;
        (pool, breaking)
    });
    drop(breaking.submit(job("return 1")));
    let next = runtime.block_on(breaking.submit(job("return 1")));
    assert_eq!(next.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(breaking.gauges().open_circuits, 0);
}

/// Two scripts that take down every worker, probed again and again, with nobody else about for long.
#[tokio::test]
async fn poison_scripts_do_not_close_the_pool_to_innocents() {
    let (pool, breaking) = breaking(quick(1), for_no_time()).await;
    let poison = ["panic one", "panic two"];
    assert_eq!(kinds(&breaking, 60, |n| job(poison[n % 2])).await, vec![OutcomeKind::Panic; 60]);
    assert_eq!(breaking.gauges().open_circuits, 2, "theirs, and not the pool's");
    assert_eq!(pool.gauges().panics, 60);
    assert_eq!(breaking.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn many_poison_scripts_among_innocents_do_not_close_the_pool() {
    let (_pool, breaking) = breaking(quick(1), for_long()).await;
    let seen = kinds(&breaking, 200, |n| match n % 10 {
        9 => job("return 1"),
        _ => job(&format!("panic {n}")),
    })
    .await;
    assert!(!seen.contains(&OutcomeKind::CircuitOpen), "{seen:?}");
}

#[tokio::test]
async fn a_pool_that_fails_whoever_comes_is_left_alone_until_a_probe_ends_well() {
    let flaky = Flaky::panicking(usize::MAX);
    let engine = flaky.clone();
    let (pool, breaking) = breaking(PoolConfig { engine, ..quick(1) }, for_long()).await;
    let seen = kinds(&breaking, 15, |n| job(&format!("return {n}"))).await;
    assert_eq!(seen[..10], vec![OutcomeKind::Panic; 10]);
    assert_eq!(seen[10..], vec![OutcomeKind::CircuitOpen; 5]);
    assert_eq!((breaking.gauges().open_circuits, pool.gauges().panics), (1, 10));
}

#[tokio::test]
async fn a_pool_that_is_well_again_is_found_so_by_one_probe() {
    let engine = Flaky::panicking(11);
    let (_pool, breaking) = breaking(PoolConfig { engine, ..quick(1) }, for_no_time()).await;
    kinds(&breaking, 10, |n| job(&format!("return {n}"))).await;
    assert_eq!(breaking.gauges().open_circuits, 1);
    let failing = breaking.submit(job("return 1"));
    assert_eq!(breaking.submit(job("return 2")).await.outcome, Outcome::CircuitOpen);
    assert_eq!(failing.await.outcome.kind(), OutcomeKind::Panic);
    let probe = breaking.submit(job("return 1"));
    assert_eq!(breaking.submit(job("return 2")).await.outcome, Outcome::CircuitOpen);
    assert_eq!(probe.await.outcome.kind(), OutcomeKind::Ok);
    assert_eq!(breaking.gauges().open_circuits, 0);
}

#[tokio::test]
async fn with_more_failing_scripts_than_it_keeps_the_longest_unseen_is_forgotten() {
    let scripts = NonZeroUsize::MIN;
    let (_pool, breaking) = breaking(quick(1), BreakerPolicy { scripts, ..for_long() }).await;
    let poison = ["panic one", "panic two"];
    assert_eq!(kinds(&breaking, 40, |n| job(poison[n % 2])).await, vec![OutcomeKind::Panic; 40]);
    kinds(&breaking, 10, |_| job("panic one")).await;
    assert_eq!(breaking.submit(job("panic one")).await.outcome, Outcome::CircuitOpen);
}

/// Under a breaker and with many clients every job still has exactly one outcome, and the failures that reach
/// the pool stay few.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_add_up_while_circuits_open_and_close() {
    const JOBS: u64 = 20_000;
    let policy = BreakerPolicy { cool_down: Duration::from_millis(20), ..for_long() };
    let (pool, breaking) = breaking(PoolConfig { queue: JOBS as usize, ..quick(4) }, policy).await;
    let (fine, poison) = (job("return 1"), job("panic on purpose"));
    let breaking = Arc::new(breaking);
    let counts = count(&breaking, JOBS as usize, 8, move |n| match n % 4 {
        0 => poison.clone(),
        _ => fine.clone(),
    })
    .await;
    assert_eq!((counts.total(), counts.ok), (JOBS, JOBS / 4 * 3), "{counts:?}");
    assert_eq!(counts.panic + counts.circuit_open, JOBS / 4, "{counts:?}");
    assert!(counts.panic >= 10 && counts.circuit_open > 0, "{counts:?}");
    assert_eq!(pool.gauges().panics, counts.panic);
}
