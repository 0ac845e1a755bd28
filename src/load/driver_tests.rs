use super::*;
use crate::engine::Limits;
use crate::engine::fake::Fake;
use crate::executor::{ActorPool, Blocking, OutcomeCounts, PoolConfig};
use crate::load::Spacing;
use crate::stats::ServiceIntervals;

fn load(body: &str, arrivals: Arrivals, stop: Stop) -> Load {
    Load {
        plan: Plan { arrivals, warmup: Duration::from_millis(5), stop, seed: 1, hostile: 0.0 },
        script: Arc::new(Script::new("t", body)),
        input: "null".into(),
        deadlines: Deadlines { inner: Duration::from_secs(5), outer: Duration::from_secs(10) },
        check: Arc::new(|answer| answer == "2"),
        hostile: Vec::new(),
        soak: false,
        early_stop: EarlyStop::default(),
        blocking_threads: None,
        sockets: false,
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
    let machine = summary.machine.unwrap();
    assert!(machine.yardstick_us.iter().all(|us| *us > 0.0), "{machine:?}");
}

#[test]
fn seconds_are_told_apart() {
    let summary =
        run(&pool(1, 10), &load("sleep 20ms; return 2", CLOSED, Stop::After(Duration::from_millis(1300))));
    assert_eq!(summary.intervals.len(), 2);
    assert_eq!(summary.intervals.iter().map(|interval| interval.finished).sum::<u64>(), summary.submitted);
    assert!((summary.intervals[0].at_s - 1.0).abs() < 1e-9);
}

#[test]
fn the_service_times_of_warm_up_are_in_the_series_and_nowhere_else() {
    let millis = Duration::from_millis;
    for arrivals in [CLOSED, open(200.0)] {
        let mut plan = load("sleep 5ms; return 2", arrivals, Stop::After(millis(600)));
        plan.plan.warmup = millis(400);
        let summary = run(&pool(2, 1000), &plan);
        let series = summary.steady.as_ref().unwrap();
        let ServiceIntervals { every_s, mean_us, finished } = &series.intervals;
        assert!(series.warmup_s >= 0.4 && (*every_s - 0.01).abs() < 1e-9, "{series:?}");
        assert!(
            finished[..40].iter().sum::<u64>() > 10 && finished[50..].iter().sum::<u64>() > 10,
            "{finished:?}"
        );
        assert!(mean_us.iter().all(|mean| *mean == 0.0 || *mean >= 5_000.0), "{mean_us:?}");
        assert_eq!(summary.response_histogram.decode().unwrap().len(), summary.submitted, "{arrivals:?}");
    }
    let refused =
        run(&pool(2, 10), &Load { early_stop: requested(), ..load("return 2", CLOSED, Stop::Count(5)) });
    assert_eq!((refused.submitted, refused.steady), (0, None));
}

fn requested() -> EarlyStop {
    let early_stop = EarlyStop::default();
    early_stop.request();
    early_stop
}

/// A load of good jobs with a quarter of hostile ones that throw, panic or loop.
fn mixed(arrivals: Arrivals, stop: Stop) -> Load {
    let scripts =
        ["throw Error no", "panic no", "loop"].map(|body| Arc::new(Script::new(body, body))).to_vec();
    let millis = Duration::from_millis;
    let good = load("return 2", arrivals, stop);
    let plan = Plan { hostile: 0.25, ..good.plan };
    let deadlines = Deadlines { inner: millis(2), outer: millis(500) };
    Load { hostile: Ingredient::evenly(scripts, plan.hostile, deadlines), plan, ..good }
}

#[test]
fn hostile_jobs_are_counted_apart_and_both_parts_add_up() {
    for arrivals in [CLOSED, open(1000.0)] {
        let summary = run(&pool(2, 1000), &mixed(arrivals, Stop::Count(400)));
        let hostile = summary.hostile.unwrap();
        assert_eq!(summary.submitted + hostile.submitted, 400, "{arrivals:?}");
        assert_eq!((hostile.scripts, hostile.outcomes.total()), (3, hostile.submitted));
        assert_eq!((summary.errors(), summary.lost(), summary.outcomes.ok), (0, 0, summary.submitted));
        assert!(summary.failures.is_empty(), "{:?}", summary.failures);
        let OutcomeCounts { exception, panic, timeout, .. } = hostile.outcomes;
        assert!(exception > 10 && panic > 10 && timeout > 10, "{hostile:?}");
        assert_eq!(exception + panic + timeout, hostile.submitted);
        let latencies = summary.response_histogram.decode().unwrap().len();
        assert_eq!(latencies, summary.submitted, "no latency is a hostile job's");
        assert_eq!(summary.intervals.iter().map(|i| i.finished).sum::<u64>(), summary.submitted);
        let all_good: u64 = summary.steady.unwrap().intervals.finished.iter().sum();
        assert!(all_good >= summary.submitted, "warm-up is good alone");
    }
}

#[test]
fn which_jobs_are_hostile_depends_on_the_seed_and_not_on_the_clients() {
    let parts = |arrivals| {
        let summary = run(&pool(2, 1000), &mixed(arrivals, Stop::Count(300)));
        let hostile = summary.hostile.unwrap();
        (summary.submitted, hostile.submitted, hostile.outcomes.exception, hostile.outcomes.panic)
    };
    let alone = parts(Arrivals::Closed { concurrency: 1 });
    assert_eq!(alone, parts(Arrivals::Closed { concurrency: 7 }));
    assert_eq!(alone, parts(open(2000.0)));
    let mut other = mixed(CLOSED, Stop::Count(300));
    other.plan.seed = 2;
    assert_ne!(alone.1, run(&pool(2, 1000), &other).hostile.unwrap().submitted);
}

#[test]
fn a_job_that_gets_no_outcome_is_lost() {
    /// Panics in the task of whoever waits for the twentieth job.
    struct Losing(Arc<dyn Executor>, AtomicU64);
    type Future<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
    impl Executor for Losing {
        fn ready(&self) -> Future<'_, Result<(), JsError>> {
            self.0.ready()
        }
        fn submit(&self, job: Job) -> Future<'static, Completion> {
            match self.1.fetch_add(1, Ordering::Relaxed) {
                20 => Box::pin(async { panic!("{} lost on purpose", crate::executor::WORKER_THREAD_NAME) }),
                _ => self.0.submit(job),
            }
        }
        fn gauges(&self) -> Gauges {
            self.0.gauges()
        }
        fn shutdown(&self) -> Future<'_, ()> {
            self.0.shutdown()
        }
    }
    let losing: Arc<dyn Executor> = Arc::new(Losing(pool(1, 10), AtomicU64::new(0)));
    let mut plan = load("return 2", CLOSED, Stop::Count(50));
    (plan.plan.warmup, plan.soak) = (Duration::ZERO, true);
    let summary = super::run(&losing, &plan, &Live::default()).unwrap();
    assert_eq!((summary.submitted, summary.outcomes.total(), summary.lost()), (50, 49, 1));
    let soak = summary.soak.unwrap();
    assert_eq!((soak.lost_jobs, soak.is_well()), (1, false));
}

#[test]
fn an_early_stop_ends_the_load_and_every_job_has_its_outcome() {
    for arrivals in [CLOSED, open(500.0), open(0.1)] {
        let load = load("sleep 5ms; return 2", arrivals, Stop::After(Duration::from_secs(60)));
        let wish = load.early_stop.clone();
        let asking = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            wish.request();
        });
        let started = Instant::now();
        let summary = run(&pool(2, 1000), &load);
        asking.join().unwrap();
        assert!(started.elapsed() < Duration::from_secs(20), "{arrivals:?}");
        assert!(summary.stopped_early && summary.submitted > 0, "{arrivals:?}");
        assert_eq!((summary.outcomes.ok, summary.lost()), (summary.submitted, 0), "{arrivals:?}");
    }
    let whole = run(&pool(1, 10), &load("return 2", CLOSED, Stop::Count(5)));
    assert!(!whole.stopped_early && whole.hostile.is_none() && whole.soak.is_none());
}

#[test]
fn what_policies_turn_away_is_no_failure_of_a_soak() {
    let mut load = load("sleep 5ms; return 2", open(2000.0), Stop::Count(100));
    load.soak = true;
    let summary = run(&pool(1, 1), &load);
    assert!(summary.outcomes.rejected > 50, "{:?}", summary.outcomes);
    assert_eq!((summary.failed(), summary.soak.unwrap().is_well()), (0, true));
}
