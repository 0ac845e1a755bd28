//! Our own overhead: a round trip through the pool with an engine that does nothing, beside the least that two
//! threads can do with the same parts, in the same run.
//!
//! The last lines give medians over interleaved batches: criterion's own figures come from one case after the
//! other, and a shared machine drifts in between.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use jsarena::engine::fake::Fake;
use jsarena::engine::{Deadlines, Script};
use jsarena::executor::{ActorPool, Job, PoolConfig};
use jsarena::stats::LatencyHistogram;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

/// The ping-pong: tokio's mpsc to another thread, a oneshot back.
struct PingPong(mpsc::Sender<(u64, oneshot::Sender<u64>)>);

impl PingPong {
    fn start() -> Self {
        let (to_other, mut from_here) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(1024);
        thread::spawn(move || {
            while let Some((number, reply)) = from_here.blocking_recv() {
                let _ = reply.send(number);
            }
        });
        Self(to_other)
    }

    async fn round_trip(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        self.0.send((7, reply)).await.expect("the other thread lives as long as this");
        answer.await.expect("the other thread answers")
    }
}

struct Pool {
    pool: ActorPool,
    job: Job,
}

impl Pool {
    fn start(runtime: &Runtime) -> Self {
        let pool = ActorPool::start(PoolConfig::new(Arc::new(Fake::default()), 1)).expect("threads");
        runtime.block_on(pool.ready()).expect("the fake always starts");
        let deadlines = Deadlines { inner: Duration::from_secs(25), outer: Duration::from_secs(30) };
        let job = Job { script: Arc::new(Script::new("no-op", "return 2")), input: "null".into(), deadlines };
        Self { pool, job }
    }

    async fn round_trip(&self) -> Duration {
        let completion = self.pool.submit(self.job.clone()).await;
        completion.service_time().expect("a serving pool starts every job")
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn round_trip(criterion: &mut Criterion) {
    let runtime = runtime();
    let (bare, pool) = (PingPong::start(), Pool::start(&runtime));
    let mut group = criterion.benchmark_group("round_trip");
    group.bench_function("bare mpsc + oneshot", |bencher| {
        bencher.iter(|| runtime.block_on(bare.round_trip()))
    });
    group
        .bench_function("pool, no-op engine", |bencher| bencher.iter(|| runtime.block_on(pool.round_trip())));
    group.finish();
}

fn recording(criterion: &mut Criterion) {
    let mut histogram = LatencyHistogram::default();
    let mut nanos = 1;
    criterion.bench_function("histogram/record", |bencher| {
        bencher.iter(|| {
            nanos = (nanos * 31) % 1_000_003 + 1;
            histogram.record(Duration::from_nanos(nanos));
        });
    });
}

/// Medians of both round trips over batches that take turns, and their ratio.
fn medians() {
    const BATCHES: usize = 200;
    const BATCH: usize = 500;
    let runtime = runtime();
    let (bare, pool) = (PingPong::start(), Pool::start(&runtime));
    let (mut of_bare, mut of_pool) = (LatencyHistogram::default(), LatencyHistogram::default());
    runtime.block_on(async {
        for _ in 0..BATCHES {
            for _ in 0..BATCH {
                let started = Instant::now();
                bare.round_trip().await;
                of_bare.record(started.elapsed());
            }
            for _ in 0..BATCH {
                let started = Instant::now();
                pool.round_trip().await;
                of_pool.record(started.elapsed());
            }
        }
    });
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let (bare, pool) = (of_bare.quantile(quantile), of_pool.quantile(quantile));
        let ratio = pool.as_secs_f64() / bare.as_secs_f64();
        println!(
            "round trip {name}: bare {bare:?}, pool {pool:?}, ratio {ratio:.2} ({} each)",
            of_pool.len()
        );
    }
}

criterion_group!(benches, round_trip, recording);

fn main() {
    benches();
    // Test runs execute each bench once, to see that it works; medians would only cost time.
    if std::env::args().any(|argument| argument == "--bench") {
        medians();
    }
    Criterion::default().configure_from_args().final_summary();
}
