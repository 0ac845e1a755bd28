//! Our own overhead: a round trip through the pool with an engine that does nothing, beside the least that two
//! threads can do with the same parts, and the same with workers in processes beside the least that two processes
//! can do, in the same run.
//!
//! The last lines give medians over interleaved batches: criterion's own figures come from one case after the
//! other, and a shared machine drifts in between.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use jsarena::engine::fake::Fake;
use jsarena::engine::{Deadline, Deadlines, Isolate, JsEngine, Limits, Script, ScriptId, registry};
use jsarena::executor::{ActorPool, Candidate, Isolation, Job, PoolConfig};
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

/// The ping-pong between processes: a byte through a pipe to `cat`, and back through another.
struct Pipes {
    cat: Child,
    to_cat: ChildStdin,
    from_cat: ChildStdout,
}

impl Pipes {
    fn start() -> Self {
        let pipes = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut cat = pipes.expect("every system has a cat");
        let ends = cat.stdin.take().zip(cat.stdout.take());
        let (to_cat, from_cat) = ends.expect("both are piped");
        Self { cat, to_cat, from_cat }
    }

    fn round_trip(&mut self) {
        self.to_cat.write_all(&[7]).expect("it reads");
        self.from_cat.read_exact(&mut [0]).expect("it answers");
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        let _ = self.cat.kill();
        let _ = self.cat.wait();
    }
}

struct Pool {
    pool: ActorPool,
    job: Job,
}

impl Pool {
    fn start(runtime: &Runtime) -> Self {
        Self::over(Arc::new(Fake::default()), runtime)
    }

    fn of_processes(runtime: &Runtime) -> Self {
        Self::over(fakes_in_processes(), runtime)
    }

    fn over(engine: Arc<dyn JsEngine>, runtime: &Runtime) -> Self {
        let pool = ActorPool::start(PoolConfig::new(engine, 1)).expect("threads");
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

fn fakes_in_processes() -> Arc<dyn JsEngine> {
    let fake = Candidate::Known(registry::find(registry::FAKE).expect("it is always built"));
    fake.engine(Isolation::Process, Path::new(env!("CARGO_BIN_EXE_jsarena"))).expect("processes")
}

/// An isolate in a process of its own, called without a pool: what the process itself costs.
struct Remote {
    isolate: Box<dyn Isolate>,
    script: ScriptId,
}

impl Remote {
    fn start() -> Self {
        let mut isolate = fakes_in_processes().create(&Limits::default()).expect("a process");
        let script = Script::new("no-op", "return 2");
        let script = isolate.load(&script, &Self::deadline()).expect("the fake takes it");
        Self { isolate, script }
    }

    fn round_trip(&mut self) {
        self.isolate.call(self.script, "null", &Self::deadline()).expect("the fake answers");
    }

    fn deadline() -> Deadline {
        Deadline::after(Duration::from_secs(25))
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
    let (mut pipes, mut remote, processes) = (Pipes::start(), Remote::start(), Pool::of_processes(&runtime));
    group.bench_function("bare pipes between processes", |bencher| bencher.iter(|| pipes.round_trip()));
    group
        .bench_function("isolate in a process, no-op engine", |bencher| bencher.iter(|| remote.round_trip()));
    group.bench_function("pool of processes, no-op engine", |bencher| {
        bencher.iter(|| runtime.block_on(processes.round_trip()))
    });
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

/// Medians of round trips, each beside its bare one, over batches that take turns.
fn medians() {
    let runtime = runtime();
    let (bare, pool) = (PingPong::start(), Pool::start(&runtime));
    compare(&mut [
        ("bare mpsc + oneshot", &mut || {
            runtime.block_on(bare.round_trip());
        }),
        ("pool of threads", &mut || {
            runtime.block_on(pool.round_trip());
        }),
    ]);
    drop((bare, pool));
    let (mut pipes, mut remote, pool) = (Pipes::start(), Remote::start(), Pool::of_processes(&runtime));
    compare(&mut [
        ("bare pipes between processes", &mut || pipes.round_trip()),
        ("isolate in a process", &mut || remote.round_trip()),
        ("pool of processes", &mut || {
            runtime.block_on(pool.round_trip());
        }),
    ]);
}

/// Prints the quantiles of each trip and their ratios to those of the first.
fn compare(trips: &mut [(&str, &mut dyn FnMut())]) {
    const BATCHES: usize = 200;
    const BATCH: usize = 500;
    let mut histograms = vec![LatencyHistogram::default(); trips.len()];
    for _ in 0..BATCHES {
        for ((_, trip), histogram) in trips.iter_mut().zip(&mut histograms) {
            for _ in 0..BATCH {
                let started = Instant::now();
                trip();
                histogram.record(started.elapsed());
            }
        }
    }
    for ((name, _), histogram) in trips.iter().zip(&histograms) {
        let figure = |quantile| {
            let (own, bare) = (histogram.quantile(quantile), histograms[0].quantile(quantile));
            format!("{own:?} ({:.2}×)", own.as_secs_f64() / bare.as_secs_f64())
        };
        println!("{name}: p50 {}, p99 {} ({} trips)", figure(0.5), figure(0.99), histogram.len());
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
