use super::*;

fn all() -> Policies {
    let soon = Duration::from_millis(1);
    let long = Duration::from_secs(3600);
    Policies {
        in_flight: Some(1),
        retry: Some(RetryPolicy { attempts: 3, min_delay: soon, max_delay: soon }),
        breaker: Some(BreakerPolicy { cool_down: long, failures: 5, ..BreakerPolicy::default() }),
    }
}

async fn around(policies: Policies) -> (Arc<ActorPool>, Arc<dyn Executor>) {
    let restart = RestartPolicy { max_delay: Duration::from_millis(2), ..config(1).restart };
    let pool = Arc::new(pool(PoolConfig { restart, ..config(1) }).await);
    (Arc::clone(&pool), policies.around(pool))
}

#[tokio::test]
async fn the_breaker_counts_attempts_and_an_open_circuit_ends_them() {
    let (pool, executor) = around(all()).await;
    let poison = job("panic on purpose");
    let first = executor.submit(poison.clone()).await;
    assert_eq!((first.outcome.kind(), first.attempts), (OutcomeKind::Panic, 3));
    let second = executor.submit(poison.clone()).await;
    assert_eq!((second.outcome.kind(), second.attempts), (OutcomeKind::CircuitOpen, 3), "after two panics");
    let third = executor.submit(poison).await;
    assert_eq!((third.outcome.kind(), third.attempts), (OutcomeKind::CircuitOpen, 1));
    let gauges = executor.gauges();
    assert_eq!((pool.gauges().panics, gauges.retries, gauges.open_circuits), (5, 4, 1));
}

#[tokio::test]
async fn a_job_between_two_attempts_keeps_its_place() {
    let retry = RetryPolicy { min_delay: Duration::from_secs(10), ..RetryPolicy::default() };
    let (pool, executor) = around(Policies { retry: Some(retry), ..all() }).await;
    let failing = tokio::spawn(executor.submit(job("panic on purpose")));
    eventually("it has failed once", || pool.gauges().panics == 1 && pool.gauges().busy == 0).await;
    let shed = executor.submit(job("return 1")).await;
    assert_eq!(shed.outcome, Outcome::Rejected(Rejection::TooManyInFlight));
    failing.abort();
}

#[tokio::test]
async fn without_policies_it_is_the_executor_itself() {
    let (pool, executor) = around(Policies::default()).await;
    assert!(Arc::ptr_eq(&(pool as Arc<dyn Executor>), &executor));
}
