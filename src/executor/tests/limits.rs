use super::*;

#[tokio::test]
async fn what_is_too_much_is_turned_away_at_once_and_the_rest_is_served() {
    let pool = Arc::new(pool(config(1)).await);
    let limited = Limited::new(Arc::clone(&pool) as Arc<dyn Executor>, 2);
    let running = limited.submit(job("sleep 200ms; return 1"));
    let waiting = limited.submit(job("return 2"));
    let shed = limited.submit(job("panic if it ever ran")).await;
    assert_eq!(shed.outcome, Outcome::Rejected(Rejection::TooManyInFlight));
    assert_eq!(shed.started, None);
    assert_eq!(running.await.outcome, Outcome::Ok("1".to_owned()));
    assert_eq!(waiting.await.outcome, Outcome::Ok("2".to_owned()));
    assert_eq!(limited.submit(job("return 3")).await.outcome, Outcome::Ok("3".to_owned()), "places are free");
    assert_eq!(pool.gauges().panics, 0);
}

#[tokio::test]
async fn a_job_keeps_its_place_when_nobody_waits_for_it_any_more() {
    let limited = Limited::new(Arc::new(pool(config(1)).await), 1);
    drop(limited.submit(job("sleep 10s")));
    for _ in 0..3 {
        tokio::task::yield_now().await;
        let shed = limited.submit(job("return 2")).await;
        assert_eq!(shed.outcome, Outcome::Rejected(Rejection::TooManyInFlight));
    }
}

#[tokio::test]
async fn a_place_is_free_again_when_a_job_ends_that_nobody_waits_for() {
    let limited = Limited::new(Arc::new(pool(config(1)).await), 1);
    drop(limited.submit(job("sleep 5ms")));
    for _ in 0..1000 {
        if limited.submit(job("return 2")).await.outcome == Outcome::Ok("2".to_owned()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("after ten seconds the place is still taken");
}
