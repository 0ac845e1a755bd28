use super::*;
use crate::engine::Limits;
use crate::engine::fake::Fake;
use crate::executor::{ActorPool, Blocking, PoolConfig};
use crate::load::Spacing;

fn load(body: &str, arrivals: Arrivals, stop: Stop) -> Load {
    Load {
        plan: Plan { arrivals, warmup: Duration::from_millis(5), stop, seed: 1 },
        script: Arc::new(Script::new("t", body)),
        input: "null".into(),
        deadlines: Deadlines { inner: Duration::from_secs(5), outer: Duration::from_secs(10) },
        check: Arc::new(|answer| answer == "2"),
        blocking_threads: None,
    }
}

fn pool(workers: usize, queue: usize) -> Arc<dyn Executor> {
    let config = PoolConfig { queue, ..PoolConfig::new(Arc::new(Fake::seeded(1)), workers) };
    Arc::new(ActorPool::start(config).unwrap())
}

fn run(executor: &Arc<dyn Executor>, load: &Load) -> Summary {
    let summary = super::run(executor, load, &Live::default()).unwrap();
    assert_eq!(summary.outcomes.total(), summary.submitted, "outcomes add up");
    summary
}

const CLOSED: Arrivals = Arrivals::Closed { concurrency: 4 };

fn open(rate_per_s: f64) -> Arrivals {
    Arrivals::Open { rate_per_s, spacing: Spacing::Constant }
}

#[test]
fn a_count_is_kept_exactly() {
    for arrivals in [CLOSED, open(2000.0)] {
        let summary = run(&pool(2, 100), &load("return 2", arrivals, Stop::Count(500)));
        assert_eq!(
            (summary.submitted, summary.outcomes.ok, summary.wrong_answers),
            (500, 500, 0),
            "{arrivals:?}"
        );
        assert!(summary.throughput_per_s > 0.0);
        assert_eq!(summary.response_histogram.decode().unwrap().len(), 500);
    }
}

#[test]
fn an_open_loop_sends_what_is_due_within_its_time() {
    let plan = load("return 2", open(1000.0), Stop::After(Duration::from_millis(300)));
    let summary = run(&pool(1, 1000), &plan);
    assert_eq!(summary.submitted, 300, "due times are index over rate, whatever happens");
    assert_eq!(summary.offered_per_s, Some(1000.0));
    assert!(summary.pacer_lateness_us.is_some());
}

#[test]
fn a_stall_delays_what_was_due_meanwhile_and_only_an_open_loop_shows_it() {
    // One worker, 2 ms a job, 1,000 a second due: the queue grows by half of what is due.
    let body = "sleep 2ms; return 2";
    let stop = Stop::Count(200);
    let open = run(&pool(1, 1000), &load(body, open(1000.0), stop));
    let closed = run(&pool(1, 1000), &load(body, Arrivals::Closed { concurrency: 1 }, stop));
    assert!(
        open.response_us.p99 > 150_000.0,
        "the last jobs wait for all before them: {:?}",
        open.response_us
    );
    assert!(open.service_us.p50 < 50_000.0);
    assert!(closed.response_us.p50 < open.response_us.p50 / 2.0, "a closed loop hides it");
    assert!(open.queue_depth.max > 50);
}

#[test]
fn a_wrong_answer_is_an_error_and_never_throughput() {
    let summary = run(&pool(1, 10), &load("return 3", CLOSED, Stop::Count(50)));
    assert_eq!((summary.wrong_answers, summary.outcomes.ok), (50, 50));
    assert_eq!((summary.throughput_per_s, summary.error_rate()), (0.0, 1.0));
    assert_eq!(summary.failures, ["50 × wrong answer: 3"]);
}

#[test]
fn failures_are_counted_by_kind_and_shown() {
    let summary = run(&pool(2, 10), &load("throw TypeError no", CLOSED, Stop::Count(20)));
    assert_eq!((summary.outcomes.exception, summary.errors()), (20, 20));
    assert_eq!(summary.failures, ["20 × exception: TypeError: no"]);
}

#[test]
fn overload_is_rejected_and_stays_out_of_the_latencies() {
    let summary = run(&pool(1, 1), &load("sleep 5ms; return 2", open(2000.0), Stop::Count(100)));
    assert!(summary.outcomes.rejected > 50, "{:?}", summary.outcomes);
    assert_eq!(summary.response_histogram.decode().unwrap().len(), summary.outcomes.ok);
}

#[test]
fn panics_and_restarts_are_those_of_the_run() {
    let mut plan = load("panic on purpose", Arrivals::Closed { concurrency: 1 }, Stop::Count(4));
    plan.plan.warmup = Duration::ZERO;
    let summary = run(&pool(1, 10), &plan);
    assert_eq!((summary.panics, summary.outcomes.panic), (4, 4));
    assert!(summary.restarts >= 3);
}

#[test]
fn the_baseline_shows_its_blocking_threads() {
    let baseline: Arc<dyn Executor> = Arc::new(Blocking::new(Arc::new(Fake::default()), Limits::default()));
    let plan = load("sleep 20ms; return 2", CLOSED, Stop::Count(40));
    let summary = run(&baseline, &plan);
    assert_eq!(summary.outcomes.ok, 40);
    // Each client may find its last thread not idle yet, and have tokio start another.
    assert!((4..=8).contains(&summary.tokio_blocking.threads_max), "{:?}", summary.tokio_blocking);
    let limited = run(&baseline, &Load { blocking_threads: Some(1), ..plan });
    assert_eq!(limited.tokio_blocking.threads_max, 1);
    // The fourth waits too while the thread is between two tasks.
    assert!((3..=4).contains(&limited.tokio_blocking.queue_max), "{:?}", limited.tokio_blocking);
    assert_eq!(run(&pool(1, 10), &load("return 2", CLOSED, Stop::Count(1))).tokio_blocking.threads_max, 0);
}

#[test]
fn a_generator_s_processor_time_is_told_from_the_workers() {
    let summary = run(&pool(1, 10), &load("spin 5ms; return 2", CLOSED, Stop::Count(40)));
    assert!(summary.cpu_s.workers > 0.15, "{:?}", summary.cpu_s);
    assert!(summary.cpu_s.generator < summary.cpu_s.workers, "{:?}", summary.cpu_s);
}

#[test]
fn seconds_are_told_apart() {
    let summary =
        run(&pool(1, 10), &load("sleep 20ms; return 2", CLOSED, Stop::After(Duration::from_millis(1300))));
    assert_eq!(summary.intervals.len(), 2);
    assert_eq!(summary.intervals.iter().map(|interval| interval.finished).sum::<u64>(), summary.submitted);
    assert!((summary.intervals[0].at_s - 1.0).abs() < 1e-9);
}
