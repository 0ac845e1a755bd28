//! The load driver: runs a plan against an executor and gives the summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::machine;
use super::mix::{self, Ingredient, Part};
use super::pacer::{self, Paced};
use super::process;
use super::recorder::{Live, Sample};
use super::sampler::{BlockingThreads, Sampler};
use super::series::Series;
use super::soak::Watch;
use super::{Arrivals, EarlyStop, Plan, Stop};
use crate::engine::{Deadlines, JsError, Script};
use crate::executor::{Completion, Executor, Gauges, Job, Outcome};
use crate::stats::{CpuTime, HostilePart, Soak, SoakPoint, Summary};

/// What to send, and how to tell a right answer.
#[derive(Clone)]
pub struct Load {
    /// When to send how much.
    pub plan: Plan,
    /// The script of every good job.
    pub script: Arc<Script>,
    /// The input of every good job, JSON text.
    pub input: Arc<str>,
    /// The deadlines of every good job.
    pub deadlines: Deadlines,
    /// Whether a good job's answer is right. Called after the clock has been read.
    pub check: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// What is mixed in among the good jobs, once the clock runs: warm-up is good alone.
    pub hostile: Vec<Ingredient>,
    /// Whether the process is watched, for a [`Soak`].
    pub soak: bool,
    /// Ends the load before its plan does.
    pub early_stop: EarlyStop,
    /// Most threads of the tokio runtime for blocking tasks; tokio's own default is 512.
    pub blocking_threads: Option<usize>,
    /// Whether the executor waits on sockets of the caller's runtime. One that does not is spared the driver for them,
    /// whose wake-ups cost a system call more.
    pub sockets: bool,
}

impl Load {
    /// The job of that number, counted from 0.
    fn job(&self, number: u64) -> Accepted {
        match mix::choose(&self.hostile, self.plan.seed, number) {
            Some(ingredient) => Accepted { job: ingredient.job(), part: Part::Hostile },
            None => {
                let (script, input) = (Arc::clone(&self.script), Arc::clone(&self.input));
                Accepted { job: Job { script, input, deadlines: self.deadlines }, part: Part::Good }
            }
        }
    }
}

/// A job that a phase has counted.
pub(super) struct Accepted {
    pub job: Job,
    pub part: Part,
}

/// Why a load could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The executor's workers could not be made, or there is no connection to its server.
    #[error("could not start: {0}")]
    NotReady(#[from] JsError),
    /// No runtime or thread for the generator.
    #[error("no runtime or thread for the load generator: {0}")]
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
    if load.sockets {
        builder.enable_io();
    }
    if let Some(most) = load.blocking_threads {
        builder.max_blocking_threads(most);
    }
    threads.watch(&mut builder);
    let runtime = builder.build()?;
    let summary = runtime.block_on(run_in_runtime(executor, &Arc::new(load.clone()), live, threads));
    // A baseline task that hangs would hold up an ordinary drop for ever.
    runtime.shutdown_background();
    summary
}

async fn run_in_runtime(
    executor: &Arc<dyn Executor>,
    load: &Arc<Load>,
    live: &Live,
    threads: BlockingThreads,
) -> Result<Summary, LoadError> {
    executor.ready().await?;
    let series = Series::begin(&load.plan);
    if !load.plan.warmup.is_zero() {
        let warmup = Phase::new(Stop::After(load.plan.warmup), series.clone(), None);
        let good = Arc::new(Load { hostile: Vec::new(), ..Load::clone(load) });
        generate(executor, &good, &warmup).await;
    }

    let machine = machine::Watch::start();
    let before = executor.gauges();
    let mut sampler = Sampler::start(Arc::clone(executor), threads);
    let (cpu_process, cpu_thread) = (process::cpu_of_family(), process::cpu_of_thread());
    let phase = Phase::new(load.plan.stop, series, Some(live.clone()));
    live.start(phase.started, load.plan.stop);
    let watch =
        load.soak.then(|| Watch::start(&load.plan, Arc::clone(executor), phase.started)).transpose()?;
    let paced = tokio::select! {
        paced = generate(executor, load, &phase) => paced,
        () = sampler.look() => None,
    };
    let generator = process::cpu_of_thread().saturating_sub(cpu_thread)
        + paced.as_ref().map_or(Duration::ZERO, |paced| paced.cpu);
    let whole = process::cpu_of_family().saturating_sub(cpu_process);
    let cpu = CpuTime {
        workers: whole.saturating_sub(generator).as_secs_f64(),
        generator: generator.as_secs_f64(),
    };
    let machine = machine.finish();
    let watched = watch.map(Watch::finish);
    let summary = summarise(live, load, &phase, sampler, cpu, paced, (before, executor.gauges()));
    let summary = Summary { machine: Some(machine), ..summary };
    Ok(match watched {
        Some((series, every)) => judged(summary, &series, every),
        None => summary,
    })
}

/// Warm-up or measurement.
#[derive(Clone)]
pub(super) struct Phase {
    pub started: Instant,
    stop: Stop,
    /// Of good jobs and of hostile ones, counted when they are submitted: whatever has no outcome in the end
    /// was lost.
    submitted: Arc<Submitted>,
    /// Where service times go, those of warm-up too.
    series: Series,
    /// Where samples go; nowhere during warm-up.
    live: Option<Live>,
}

#[derive(Default)]
struct Submitted {
    /// The number of the next job.
    next: AtomicU64,
    good: AtomicU64,
    hostile: AtomicU64,
}

impl Phase {
    fn new(stop: Stop, series: Series, live: Option<Live>) -> Self {
        Self { started: Instant::now(), stop, submitted: Arc::default(), series, live }
    }

    /// Whether a job that is due `after` the start still belongs to the phase.
    pub fn wants(&self, after: Duration) -> bool {
        match self.stop {
            Stop::After(time) => after < time,
            Stop::Count(jobs) => self.submitted.next.load(Ordering::Relaxed) < jobs,
        }
    }

    /// The next job, counted, if one that is due `after` the start still belongs to the phase and nobody wants
    /// it to end. The caller submits it.
    pub fn take(&self, load: &Load, after: Duration) -> Option<Accepted> {
        if load.early_stop.is_requested() || !self.wants(after) {
            return None;
        }
        let number = self.submitted.next.fetch_add(1, Ordering::Relaxed);
        // Others count as well: what was free a moment ago may be taken.
        if matches!(self.stop, Stop::Count(jobs) if number >= jobs) {
            return None;
        }
        let accepted = load.job(number);
        let count = match accepted.part {
            Part::Good => &self.submitted.good,
            Part::Hostile => &self.submitted.hostile,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Some(accepted)
    }

    /// Takes down what came of a job.
    pub fn record(&self, load: &Load, (due, part): (Instant, Part), completion: &Completion) {
        let answered = Instant::now();
        if let (Part::Good, Some(service)) = (part, completion.service_time()) {
            self.series.record(answered, service);
        }
        if let Some(live) = &self.live {
            let wrong = part == Part::Good
                && matches!(&completion.outcome, Outcome::Ok(answer) if !(load.check)(answer));
            live.record(&Sample { due, completion, answered, wrong, part });
        }
    }
}

async fn generate(executor: &Arc<dyn Executor>, load: &Arc<Load>, phase: &Phase) -> Option<Paced> {
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

async fn closed(executor: &Arc<dyn Executor>, load: &Arc<Load>, phase: &Phase, concurrency: u32) {
    let mut clients = JoinSet::new();
    for _ in 0..concurrency.max(1) {
        let (executor, load, phase) = (Arc::clone(executor), Arc::clone(load), phase.clone());
        clients.spawn(async move {
            loop {
                let due = Instant::now();
                let Some(Accepted { job, part }) = phase.take(&load, due - phase.started) else { return };
                let completion = executor.submit(job).await;
                phase.record(&load, (due, part), &completion);
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
    load: &Load,
    phase: &Phase,
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
    let (hostile_outcomes, hostile_retries) = recorder.hostile;
    Summary {
        submitted: phase.submitted.good.load(Ordering::Relaxed),
        wrong_answers: recorder.wrong_answers,
        throughput_per_s: if elapsed > 0.0 { right as f64 / elapsed } else { 0.0 },
        offered_per_s: match load.plan.arrivals {
            Arrivals::Closed { .. } => None,
            Arrivals::Open { rate_per_s, .. } => Some(rate_per_s * (1.0 - load.plan.hostile)),
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
        steady: phase.series.finish(phase.started),
        machine: None,
        stopped_early: load.early_stop.is_requested(),
        hostile: (!load.hostile.is_empty()).then(|| HostilePart {
            scripts: load.hostile.len() as u64,
            submitted: phase.submitted.hostile.load(Ordering::Relaxed),
            outcomes: hostile_outcomes,
            retries: hostile_retries,
        }),
        soak: None,
    }
}

/// The summary of a run that was watched, with the judgement.
fn judged(summary: Summary, series: &[SoakPoint], every: Duration) -> Summary {
    let soak = Soak::judge(series, every.as_secs_f64(), summary.lost(), summary.failed());
    Summary { soak: Some(soak), ..summary }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
