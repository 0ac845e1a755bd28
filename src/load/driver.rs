//! The load driver: runs a plan against an executor and gives the summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::pacer::{self, Paced};
use super::process;
use super::recorder::{Live, Sample};
use super::sampler::{BlockingThreads, Sampler};
use super::{Arrivals, Plan, Stop};
use crate::engine::{Deadlines, JsError, Script};
use crate::executor::{Completion, Executor, Gauges, Job, Outcome};
use crate::stats::{CpuTime, Summary};

/// What to send, and how to tell a right answer.
#[derive(Clone)]
pub struct Load {
    /// When to send how much.
    pub plan: Plan,
    /// The script of every job.
    pub script: Arc<Script>,
    /// The input of every job, JSON text.
    pub input: Arc<str>,
    /// The deadlines of every job.
    pub deadlines: Deadlines,
    /// Whether an answer is right. Called after the clock has been read.
    pub check: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Most threads of the tokio runtime for blocking tasks; tokio's own default is 512.
    pub blocking_threads: Option<usize>,
}

impl Load {
    pub(super) fn job(&self) -> Job {
        Job { script: Arc::clone(&self.script), input: Arc::clone(&self.input), deadlines: self.deadlines }
    }
}

/// Why a load could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The executor's workers could not be made.
    #[error("the workers could not start: {0}")]
    NotReady(#[from] JsError),
    /// No runtime for the generator.
    #[error("no runtime for the load generator: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Runs a plan against an executor, to the last answer.
///
/// The generator has a current-thread runtime on the calling thread, so that it is one thread (and the pacer's,
/// for an open loop) whose processor time can be told from the workers'. The clock starts when the executor is
/// ready and warm-up is over. `live` shows the run while it goes on.
///
/// # Errors
/// [`LoadError`] when the executor does not get ready. Failing jobs are no error: they are what is measured.
pub fn run(executor: &Arc<dyn Executor>, load: &Load, live: &Live) -> Result<Summary, LoadError> {
    let threads = BlockingThreads::default();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time();
    if let Some(most) = load.blocking_threads {
        builder.max_blocking_threads(most);
    }
    threads.watch(&mut builder);
    let runtime = builder.build()?;
    let summary = runtime.block_on(run_in_runtime(executor, load, live, threads));
    // A baseline task that hangs would hold up an ordinary drop for ever.
    runtime.shutdown_background();
    summary
}

async fn run_in_runtime(
    executor: &Arc<dyn Executor>,
    load: &Load,
    live: &Live,
    threads: BlockingThreads,
) -> Result<Summary, LoadError> {
    executor.ready().await?;
    if !load.plan.warmup.is_zero() {
        let warmup = Phase::new(Stop::After(load.plan.warmup), None);
        generate(executor, load, &warmup).await;
    }

    let before = executor.gauges();
    let mut sampler = Sampler::start(Arc::clone(executor), threads);
    let (cpu_process, cpu_thread) = (process::cpu_of_process(), process::cpu_of_thread());
    let phase = Phase::new(load.plan.stop, Some(live.clone()));
    live.start(phase.started);
    let paced = tokio::select! {
        paced = generate(executor, load, &phase) => paced,
        () = sampler.look() => None,
    };
    let generator = process::cpu_of_thread().saturating_sub(cpu_thread)
        + paced.as_ref().map_or(Duration::ZERO, |paced| paced.cpu);
    let whole = process::cpu_of_process().saturating_sub(cpu_process);
    let cpu = CpuTime {
        workers: whole.saturating_sub(generator).as_secs_f64(),
        generator: generator.as_secs_f64(),
    };
    Ok(summarise(live, &load.plan, sampler, cpu, paced, (before, executor.gauges())))
}

/// Warm-up or measurement.
#[derive(Clone)]
pub(super) struct Phase {
    pub started: Instant,
    stop: Stop,
    submitted: Arc<AtomicU64>,
    /// Where samples go; nowhere during warm-up.
    pub live: Option<Live>,
}

impl Phase {
    fn new(stop: Stop, live: Option<Live>) -> Self {
        Self { started: Instant::now(), stop, submitted: Arc::new(AtomicU64::new(0)), live }
    }

    /// Whether a job that is due `after` the start still belongs to the phase; counts it if so.
    pub fn takes(&self, after: Duration) -> bool {
        match self.stop {
            Stop::After(time) => after < time,
            Stop::Count(jobs) => self.submitted.fetch_add(1, Ordering::Relaxed) < jobs,
        }
    }

    pub fn record(live: Option<&Live>, check: &dyn Fn(&str) -> bool, due: Instant, completion: &Completion) {
        let answered = Instant::now();
        if let Some(live) = live {
            let wrong = matches!(&completion.outcome, Outcome::Ok(answer) if !check(answer));
            live.record(&Sample { due, completion, answered, wrong });
        }
    }
}

async fn generate(executor: &Arc<dyn Executor>, load: &Load, phase: &Phase) -> Option<Paced> {
    match load.plan.arrivals {
        Arrivals::Closed { concurrency } => {
            closed(executor, load, phase, concurrency).await;
            None
        }
        Arrivals::Open { rate_per_s, spacing } => {
            Some(pacer::open(executor, load, phase, (rate_per_s, spacing)).await)
        }
    }
}

async fn closed(executor: &Arc<dyn Executor>, load: &Load, phase: &Phase, concurrency: u32) {
    let mut clients = JoinSet::new();
    for _ in 0..concurrency.max(1) {
        let (executor, phase) = (Arc::clone(executor), phase.clone());
        let (job, check) = (load.job(), Arc::clone(&load.check));
        clients.spawn(async move {
            loop {
                let due = Instant::now();
                if !phase.takes(due - phase.started) {
                    return;
                }
                let completion = executor.submit(job.clone()).await;
                Phase::record(phase.live.as_ref(), &*check, due, &completion);
                if completion.started.is_none() {
                    // A job that was turned away came back at once; trying again at once would starve the rest.
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    while clients.join_next().await.is_some() {}
}

fn summarise(
    live: &Live,
    plan: &Plan,
    sampler: Sampler,
    cpu: CpuTime,
    paced: Option<Paced>,
    (before, after): (Gauges, Gauges),
) -> Summary {
    let mut recorder = live.take().expect("the recorder was put there when the clock started");
    recorder.finish();
    let (memory, queue, blocking) = sampler.finish();
    let elapsed = recorder.last_answer.saturating_duration_since(recorder.clock_started).as_secs_f64();
    let right = recorder.outcomes.ok - recorder.wrong_answers;
    Summary {
        submitted: recorder.submitted,
        wrong_answers: recorder.wrong_answers,
        throughput_per_s: if elapsed > 0.0 { right as f64 / elapsed } else { 0.0 },
        offered_per_s: match plan.arrivals {
            Arrivals::Closed { .. } => None,
            Arrivals::Open { rate_per_s, .. } => Some(rate_per_s),
        },
        elapsed_s: elapsed,
        outcomes: recorder.outcomes,
        failures: recorder.failures(),
        response_us: recorder.response.percentiles(),
        service_us: recorder.service.percentiles(),
        response_histogram: recorder.response.encode(),
        service_histogram: recorder.service.encode(),
        pacer_lateness_us: paced.map(|paced| paced.lateness.percentiles()),
        panics: after.panics - before.panics,
        restarts: after.restarts - before.restarts,
        retries: recorder.retries,
        lost_workers: after.lost_workers - before.lost_workers,
        recycled: after.recycled - before.recycled,
        rss_bytes: memory,
        cpu_s: cpu,
        queue_depth: queue,
        tokio_blocking: blocking,
        intervals: recorder.intervals,
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
