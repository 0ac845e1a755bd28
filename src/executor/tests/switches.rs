use super::*;

async fn switch(config: PoolConfig) -> (Arc<ActorPool>, Arc<Switch>) {
    let pool = Arc::new(pool(config).await);
    (Arc::clone(&pool), Arc::new(Switch::new(pool)))
}

#[tokio::test]
async fn disabled_it_answers_at_once_and_says_why() {
    let (pool, switch) = switch(config(1)).await;
    let before = switch.submit(job("sleep 50ms; return 1"));
    switch.disable("the engine has a hole");
    assert_eq!(switch.disabled().as_deref(), Some("the engine has a hole"));
    let refused = tokio::time::timeout(Duration::ZERO, switch.submit(job("panic if it ran"))).await;
    let refused = refused.expect("it needs no waiting");
    assert_eq!(refused.outcome.to_string(), "rejected: switched off: the engine has a hole");
    assert_eq!((refused.outcome.kind(), refused.started), (OutcomeKind::Rejected, None));
    assert_eq!(before.await.outcome, Outcome::Ok("1".to_owned()), "what came before runs on");
    switch.enable();
    assert_eq!(switch.submit(job("return 2")).await.outcome, Outcome::Ok("2".to_owned()));
    assert_eq!(pool.gauges().panics, 0);
}

#[tokio::test]
async fn a_disabled_executor_is_not_asked_again() {
    let (_pool, switch) = switch(config(1)).await;
    switch.disable("for good");
    let retrying = Retrying::new(switch, RetryPolicy::default());
    assert_eq!(retrying.submit(job("return 1")).await.attempts, 1);
}

#[tokio::test]
async fn what_the_old_pool_has_it_ends_before_it_is_shut_down() {
    let (old, switch) = switch(config(1)).await;
    let jobs: Vec<_> = (0..5).map(|n| switch.submit(job(&format!("sleep 20ms; return {n}")))).collect();
    let new = Arc::new(pool(config(1)).await);
    let replaced = tokio::spawn(switch.replace(new.clone()));
    assert_eq!(switch.submit(job("panic in the new one")).await.outcome.kind(), OutcomeKind::Panic);
    assert_eq!((old.gauges().panics, new.gauges().panics), (0, 1));
    assert_eq!(old.gauges().state, PoolState::Serving, "it has jobs");
    for (n, of_old) in jobs.into_iter().enumerate() {
        assert_eq!(of_old.await.outcome, Outcome::Ok(n.to_string()));
    }
    replaced.await.unwrap();
    assert_eq!(old.gauges().state, PoolState::Stopped);
    assert_eq!(switch.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn neither_a_dropped_job_nor_a_dropped_replacement_stops_it() {
    let (old, switch) = switch(config(1)).await;
    drop(switch.submit(job("sleep 30ms; return 1")));
    drop(switch.submit(job("panic if it is not cancelled")));
    drop(switch.replace(Arc::new(pool(config(1)).await)));
    eventually("the old pool has shut down", || old.gauges().state == PoolState::Stopped).await;
    assert_eq!(old.gauges().panics, 1);
}

#[tokio::test]
async fn counts_add_up_over_all_pools() {
    let (_old, switch) = switch(config(1)).await;
    for replaced in 1..4 {
        assert_eq!(switch.submit(job("panic on purpose")).await.outcome.kind(), OutcomeKind::Panic);
        switch.replace(Arc::new(pool(config(1)).await)).await;
        assert_eq!(switch.gauges().panics, replaced);
    }
    assert_eq!(switch.gauges().state, PoolState::Serving);
}

#[tokio::test]
async fn replaced_by_itself_it_serves_on() {
    let (pool, switch) = switch(config(1)).await;
    switch.replace(pool).await;
    assert_eq!(switch.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn shut_down_it_stays_so() {
    let (old, switch) = switch(config(1)).await;
    let running = switch.submit(job("sleep 300ms; return 1"));
    eventually("it runs", || old.gauges().busy == 1).await;
    let waiting = switch.submit(job("return 2"));
    let second = Arc::new(pool(config(1)).await);
    drop(switch.replace(second.clone()));
    let ending = switch.shutdown();
    assert_eq!(switch.submit(job("return 3")).await.outcome, Outcome::Cancelled);
    ending.await;
    assert_eq!(running.await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(waiting.await.outcome, Outcome::Cancelled);
    let late = Arc::new(pool(config(1)).await);
    switch.replace(late.clone()).await;
    assert_eq!(switch.submit(job("return 3")).await.outcome, Outcome::Cancelled);
    for pool in [old, second, late] {
        assert_eq!(pool.gauges().state, PoolState::Stopped);
    }
}

/// Traffic moves from pool to pool under load, some jobs panic, some clients go away: every job is answered,
/// and none is cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_under_load_loses_nothing() {
    const JOBS: usize = 3_000;
    let restart = RestartPolicy { max_delay: Duration::from_millis(2), ..config(1).restart };
    let sized = || PoolConfig { restart, queue: JOBS, ..config(2) };
    let (_first, switch) = switch(sized()).await;
    let load = tokio::spawn({
        // Jobs that take their time, so that the load outlasts some replacements on the quickest machine.
        let (switch, fine, panics) =
            (Arc::clone(&switch), job("sleep 1ms; return 1"), job("panic on purpose"));
        async move { count(&switch, JOBS, 32, |n| if n % 200 == 7 { panics.clone() } else { fine.clone() }).await }
    });
    let mut pools = Vec::new();
    while !load.is_finished() {
        drop(switch.submit(job("return 1")));
        let new = Arc::new(pool(sized()).await);
        pools.push(Arc::clone(&new));
        drop(switch.replace(new));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let counts = load.await.unwrap();
    assert_eq!(counts.panic, JOBS as u64 / 200, "{counts:?}");
    assert_eq!(counts.ok + counts.panic, JOBS as u64, "{counts:?}");
    assert_eq!(switch.gauges().panics, counts.panic);
    let last = pools.pop().expect("it was replaced");
    assert!(pools.len() > 5, "{} replacements are no test", pools.len());
    eventually("all but the last have shut down", || {
        pools.iter().all(|pool| pool.gauges().state == PoolState::Stopped)
    })
    .await;
    assert_eq!(last.gauges().state, PoolState::Serving);
}
