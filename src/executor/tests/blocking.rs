use super::*;
use crate::engine::Limits;

fn baseline() -> Blocking {
    Blocking::new(Arc::new(Fake::default()), Limits::default())
}

#[tokio::test]
async fn each_way_to_fail_has_its_outcome() {
    let baseline = baseline();
    for (body, expected) in [
        ("return 1", OutcomeKind::Ok),
        ("throw TypeError no", OutcomeKind::Exception),
        ("allocate 1TiB", OutcomeKind::OutOfMemory),
        ("panic on purpose", OutcomeKind::Panic),
    ] {
        assert_eq!(baseline.submit(job(body)).await.outcome.kind(), expected, "{body}");
    }
    assert_eq!(baseline.gauges().panics, 1);
    assert_eq!(baseline.gauges().busy, 0);
}

#[tokio::test]
async fn a_task_that_does_not_answer_is_counted_as_lost() {
    let baseline = baseline();
    let ended = baseline.submit(job_within("hang 100ms", millis(5, 20))).await;
    assert!(matches!(ended.outcome, Outcome::Timeout { kind: TimeoutKind::Outer, .. }), "{}", ended.outcome);
    assert_eq!((baseline.gauges().lost_workers, baseline.gauges().lost_now), (1, 1));
    baseline.shutdown().await;
    assert_eq!(baseline.submit(job("return 1")).await.outcome, Outcome::Cancelled);
    eventually("the lost task came back", || baseline.gauges().lost_now == 0).await;
}

#[test]
fn what_waits_for_a_thread_is_cancelled_on_shutdown() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let baseline = Arc::new(baseline());
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let baseline = Arc::clone(&baseline);
                tokio::spawn(async move { baseline.submit(job("sleep 50ms; return 1")).await.outcome.kind() })
            })
            .collect();
        eventually("one runs, nine wait", || baseline.gauges().busy == 1 && baseline.gauges().queued == 9)
            .await;
        baseline.shutdown().await;
        let mut counts = OutcomeCounts::default();
        for task in tasks {
            counts.add(task.await.unwrap());
        }
        assert_eq!((counts.ok, counts.cancelled), (1, 9));
    });
}
