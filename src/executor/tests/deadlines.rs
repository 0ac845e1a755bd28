use super::*;

#[tokio::test]
async fn an_inner_deadline_leaves_the_worker_serving() {
    let pool = pool(config(1)).await;
    let ended = pool.submit(job_within("loop", millis(20, 20_000))).await;
    let Outcome::Timeout { kind: TimeoutKind::Inner, ran } = ended.outcome else {
        panic!("{}", ended.outcome)
    };
    assert!(ran >= Duration::from_millis(20));
    assert_eq!(pool.submit(job("return 3")).await.outcome, Outcome::Ok("3".to_owned()));
    assert_eq!((pool.gauges().lost_workers, pool.gauges().restarts), (0, 0));
}

#[tokio::test]
async fn a_worker_that_does_not_answer_is_abandoned_counted_and_replaced() {
    let pool = pool(config(1)).await;
    let ended = pool.submit(job_within("hang 300ms", millis(10, 30))).await;
    assert!(matches!(ended.outcome, Outcome::Timeout { kind: TimeoutKind::Outer, .. }), "{}", ended.outcome);
    assert!(ended.service_time().unwrap() >= Duration::from_millis(30));
    assert_eq!(pool.submit(job("return 4")).await.outcome, Outcome::Ok("4".to_owned()));
    assert_eq!((pool.gauges().lost_workers, pool.gauges().lost_now, pool.gauges().restarts), (1, 1, 1));
    eventually("the lost worker came back and ended", || pool.gauges().lost_now == 0).await;
    assert_eq!(pool.gauges().workers, 1);
}

#[tokio::test]
async fn past_the_cap_the_pool_says_it_is_degraded_and_still_answers() {
    let restart = RestartPolicy { max_lost: 1, ..config(1).restart };
    let pool = pool(PoolConfig { restart, ..config(1) }).await;
    for _ in 0..2 {
        let ended = pool.submit(job_within("hang 500ms", millis(5, 20))).await;
        assert!(
            matches!(ended.outcome, Outcome::Timeout { kind: TimeoutKind::Outer, .. }),
            "{}",
            ended.outcome
        );
    }
    eventually("it is degraded", || pool.gauges().state == PoolState::Degraded).await;
    assert_eq!(pool.gauges().workers, 0);
    let nobody = Outcome::Rejected(Rejection::NoWorker);
    assert_eq!(pool.submit(job("return 1")).await.outcome, nobody);
    eventually("it recovers when the lost ones return", || pool.gauges().state == PoolState::Serving).await;
    assert_eq!(pool.submit(job("return 1")).await.outcome, Outcome::Ok("1".to_owned()));
}

#[tokio::test]
async fn waiting_in_the_queue_does_not_count_against_the_deadlines() {
    let pool = pool(config(1)).await;
    let first = pool.submit(job("sleep 120ms; return 1"));
    let second = pool.submit(job_within("return 2", millis(40, 60)));
    assert_eq!(first.await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(second.await.outcome, Outcome::Ok("2".to_owned()));
}
