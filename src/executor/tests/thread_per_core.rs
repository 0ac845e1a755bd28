//! Jobs on the threads that hold the connections.

use tokio::sync::oneshot;

use super::*;

const STACK: usize = 1 << 20;

fn executor(cores: &Arc<Cores>, config: PoolConfig) -> Arc<ThreadPerCore> {
    Arc::new(ThreadPerCore::new(Arc::clone(cores), config))
}

/// What comes of a future on one of the cores.
fn on_core<T: Send + 'static>(
    cores: &Cores,
    future: impl Future<Output = T> + Send + 'static,
) -> oneshot::Receiver<T> {
    let (tell, told) = oneshot::channel();
    cores.spawn(async move { _ = tell.send(future.await) });
    told
}

/// How a job ends that is submitted on one of the cores.
fn run(cores: &Cores, on: &Arc<ThreadPerCore>, job: Job) -> oneshot::Receiver<Completion> {
    let executor = Arc::clone(on);
    on_core(cores, async move { Executor::submit(&*executor, job).await })
}

#[tokio::test]
async fn a_job_runs_on_the_thread_that_submits_it_and_nowhere_else() {
    let cores = Cores::start(2, STACK).unwrap();
    let executor = executor(&cores, config(0));
    executor.ready().await.unwrap();
    let ended = run(&cores, &executor, job("return 1")).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Ok("1".to_owned()));
    assert!(ended.submitted <= ended.started.unwrap() && ended.started.unwrap() <= ended.finished);
    let elsewhere = Executor::submit(&*executor, job("return 1")).await.outcome;
    assert!(matches!(&elsewhere, Outcome::Crash(why) if why.contains("no core")), "{elsewhere}");
    assert_eq!((executor.gauges().workers, executor.gauges().state), (2, PoolState::Serving));
    assert!(executor.resize(3).await.unwrap_err().to_string().contains("hold the connections"));
    cores.stop();
}

#[tokio::test]
async fn every_job_has_one_outcome_whatever_its_neighbours_do() {
    let cores = Cores::start(2, STACK).unwrap();
    let executor = executor(&cores, config(0));
    let clients = (0..16).map(|client| {
        let executor = Arc::clone(&executor);
        on_core(&cores, async move {
            let mut counts = OutcomeCounts::default();
            for n in 0..100 {
                let (body, deadlines) = match (client + n) % 20 {
                    0 => ("panic on purpose", GENEROUS),
                    1 => ("loop", millis(2, 20_000)),
                    2 => ("throw Error no", GENEROUS),
                    _ => ("return 1", GENEROUS),
                };
                let ended = Executor::submit(&*executor, job_within(body, deadlines)).await;
                counts.add(ended.outcome.kind());
            }
            counts
        })
    });
    let mut counts = OutcomeCounts::default();
    for client in clients.collect::<Vec<_>>() {
        counts.merge(&client.await.unwrap());
    }
    assert_eq!((counts.ok, counts.panic, counts.timeout, counts.exception), (1360, 80, 80, 80));
    let gauges = executor.gauges();
    assert_eq!((gauges.panics, gauges.busy, gauges.queued, gauges.lost_workers), (80, 0, 0, 0));
    cores.stop();
}

#[tokio::test]
async fn a_thread_that_does_not_come_back_in_time_is_lost_until_it_does() {
    let cores = Cores::start(2, STACK).unwrap();
    let executor = executor(&cores, config(0));
    let stuck = run(&cores, &executor, job_within("hang 500ms", millis(10, 30)));
    eventually("it counts as lost", || executor.gauges().lost_now == 1).await;
    assert_eq!((executor.gauges().workers, executor.gauges().state), (1, PoolState::Degraded));
    for _ in 0..4 {
        let ended = run(&cores, &executor, job("return 1")).await.unwrap();
        assert_eq!(ended.outcome, Outcome::Ok("1".to_owned()), "the other thread serves on");
    }
    assert_eq!(executor.gauges().lost_now, 1, "and has not waited for it");
    let ended = stuck.await.unwrap();
    assert!(matches!(ended.outcome, Outcome::Timeout { kind: TimeoutKind::Outer, .. }), "{}", ended.outcome);
    let gauges = executor.gauges();
    assert_eq!((gauges.lost_now, gauges.lost_workers, gauges.state), (0, 1, PoolState::Serving));
    cores.stop();
}

#[tokio::test]
async fn what_waits_is_bounded_and_a_shutdown_cancels_it() {
    let cores = Cores::start(1, STACK).unwrap();
    let executor = executor(&cores, PoolConfig { queue: 2, ..config(0) });
    let submitting = Arc::clone(&executor);
    let outcomes = on_core(&cores, async move {
        // Nothing runs before this task lets go of the thread.
        let jobs = [(); 3].map(|()| Executor::submit(&*submitting, job("return 1")));
        let [first, second, third] = jobs;
        assert_eq!(third.await.outcome, Outcome::Rejected(Rejection::QueueFull));
        assert_eq!(first.await.outcome, Outcome::Ok("1".to_owned()));
        assert_eq!(second.await.outcome, Outcome::Ok("1".to_owned()));
        let waiting = Executor::submit(&*submitting, job("return 1"));
        let mut shutdown = submitting.shutdown();
        std::future::poll_fn(|context| {
            assert!(shutdown.as_mut().poll(context).is_pending(), "one job waits");
            std::task::Poll::Ready(())
        })
        .await;
        let waited = waiting.await.outcome;
        shutdown.await;
        (waited, Executor::submit(&*submitting, job("return 1")).await.outcome)
    });
    assert_eq!(outcomes.await.unwrap(), (Outcome::Cancelled, Outcome::Cancelled));
    assert_eq!(executor.gauges().state, PoolState::Draining);
    cores.stop();
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_jobs_behind_it() {
    let cores = Cores::start(1, STACK).unwrap();
    let executor = executor(&cores, config(0));
    let submitting = Arc::clone(&executor);
    let order = on_core(&cores, async move {
        let quick = Executor::submit(&*submitting, job("return 1"));
        let slow = Executor::submit(&*submitting, job("sleep 200ms; return 2"));
        let finished = quick.await.finished;
        (finished.elapsed(), slow.await)
    });
    let (waited, slow) = order.await.unwrap();
    assert!(waited < slow.service_time().unwrap(), "{waited:?}");
    cores.stop();
}

#[tokio::test]
async fn executors_of_one_kind_share_isolates_and_others_take_turns() {
    let cores = Cores::start(1, STACK).unwrap();
    let [one, same, other] = [Reuse::Keep, Reuse::Keep, Reuse::Reset].map(|reuse| {
        let engine = Flaky::panicking(0);
        let config = PoolConfig { engine: Arc::clone(&engine) as Arc<dyn JsEngine>, reuse, ..config(0) };
        (engine, executor(&cores, config))
    });
    one.1.ready().await.unwrap();
    same.1.ready().await.unwrap();
    other.1.ready().await.unwrap();
    let isolates = || [&one, &same, &other].map(|(engine, _)| engine.isolates());
    assert_eq!(isolates(), [1, 0, 0], "the second shares the first's, the third has only tried");
    for (executor, expected) in [(&same.1, [1, 0, 0]), (&other.1, [0, 0, 1]), (&same.1, [0, 1, 0])] {
        assert_eq!(
            run(&cores, executor, job("return 1")).await.unwrap().outcome,
            Outcome::Ok("1".to_owned())
        );
        assert_eq!(isolates(), expected);
    }
    cores.stop();
    assert_eq!(isolates(), [0, 0, 0], "a core leaves nothing");
}

#[tokio::test]
async fn a_shared_isolate_is_counted_for_whoever_used_it_last() {
    let cores = Cores::start(1, STACK).unwrap();
    let recycle = Recycle { after_jobs: Some(1), ..Recycle::default() };
    let [first, second] =
        [(); 2].map(|()| executor(&cores, PoolConfig { recycle, watch_heap: true, ..config(0) }));
    run(&cores, &first, job("return 1")).await.unwrap();
    eventually("it is recycled", || first.gauges().recycled == 1).await;
    run(&cores, &second, job("return 1")).await.unwrap();
    eventually("it is recycled again", || second.gauges().recycled == 1).await;
    assert_eq!(first.gauges().recycled, 1);
    cores.stop();
}
