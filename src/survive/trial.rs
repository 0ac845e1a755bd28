//! One trial, in the host process that it is made for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::innocents::{Beat, Innocent, Innocents};
use super::leftovers;
use super::watch::Watch;
use crate::engine::{Deadlines, JsError, Script};
use crate::executor::{Completion, Executor, Isolation, Job, Outcome, OutcomeKind, TimeoutKind};
use crate::load::process;
use crate::record::{Leaked, Neighbours};
use crate::stats::{EncodedHistogram, LatencyHistogram};

/// One hostile script, and what goes on beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trial {
    /// The script.
    pub script: Script,
    /// Its deadlines.
    pub deadlines: Deadlines,
    /// Under which isolation.
    pub isolation: Isolation,
    /// Workers of the pool that it shares with innocent jobs.
    pub workers: u32,
    /// The innocent jobs.
    pub beat: Beat,
}

/// What has been seen of a trial so far. Told again with every step, so that the last one heard is what is known
/// of a host that died.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Whether the trial went on to its end.
    pub complete: bool,
    /// How the script's job ended.
    pub outcome: Option<OutcomeKind>,
    /// The same in words.
    pub detail: Option<String>,
    /// From the script's start to its outcome, milliseconds.
    pub ran_ms: Option<f64>,
    /// How long it really ran past its inner deadline, milliseconds.
    pub overrun_ms: Option<f64>,
    /// From its outcome until the same single worker, or its successor, had answered a good job, milliseconds.
    pub recovery_ms: Option<f64>,
    /// Whether it was a successor, or had a new isolate or process: the script cost the old one.
    pub replaced: bool,
    /// What that worker's next job found of it.
    pub leftovers: Vec<String>,
    /// What was still there at the end.
    pub leaked: Leaked,
    /// The threads among it, by name.
    pub leaked_threads: Vec<String>,
    /// Workers started again.
    pub restarts: u64,
    /// Most memory of host and children together, bytes.
    pub peak_rss_bytes: u64,
    /// The innocent jobs.
    pub neighbours: Neighbours,
    /// How the first of them that were lost ended.
    pub losses: Vec<String>,
}

/// How long innocent jobs are alone before the script comes.
const QUIET: Duration = Duration::from_millis(200);

/// How long they are watched after its outcome.
const AFTERMATH: Duration = Duration::from_millis(100);

/// How long an abandoned worker may go on before its end is no longer waited for.
const LINGER: Duration = Duration::from_secs(3);

/// How long the pool may take to answer a good job again.
const RECOVERY: Duration = Duration::from_secs(5);

/// Makes an executor of so many workers.
pub type MakeExecutor<'a> = &'a dyn Fn(u32) -> Result<Arc<dyn Executor>, JsError>;

/// Undergoes a trial: first on a pool full of innocent jobs, then on a single worker whose next job shows how
/// soon and how clean it is back. `say` hears every step.
///
/// # Errors
/// [`JsError`] when an executor cannot be made: then nothing has been tried.
pub fn undergo(trial: &Trial, make: MakeExecutor<'_>, say: impl Fn(&Sighting)) -> Result<(), JsError> {
    let runtime = runtime()?;
    process::forget_peak();
    let watch = Watch::start().map_err(no_thread)?;
    let mut seen = Sighting::default();
    runtime.block_on(async {
        amid_innocents(trial, make, &mut seen, &say).await?;
        on_its_own(trial, make, &mut seen, &say).await
    })?;
    seen.peak_rss_bytes = watch.peak();
    seen.complete = true;
    say(&seen);
    // Tasks of the baseline may hang in it for ever.
    runtime.shutdown_background();
    Ok(())
}

/// How long an idle blocking thread of the host's runtime stays.
const KEEP_ALIVE: Duration = Duration::from_millis(50);

/// The host as a server would be: a runtime whose blocking threads end when they are idle, so that those that
/// do not can be counted.
fn runtime() -> Result<tokio::runtime::Runtime, JsError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_keep_alive(KEEP_ALIVE)
        .enable_time()
        .build()
        .map_err(no_thread)
}

fn no_thread(error: std::io::Error) -> JsError {
    JsError::Engine(format!("no thread for the host: {error}"))
}

async fn amid_innocents(
    trial: &Trial,
    make: MakeExecutor<'_>,
    seen: &mut Sighting,
    say: impl Fn(&Sighting),
) -> Result<(), JsError> {
    let executor = make(trial.workers)?;
    executor.ready().await?;
    warm(&executor, trial).await;
    await_spare(trial, trial.workers).await;
    if trial.isolation == Isolation::Task {
        // Idle threads of the runtime would hide one that is lost.
        tokio::time::sleep(KEEP_ALIVE * 3).await;
    }
    let before = Holdings::take();
    let runtime = tokio::runtime::Handle::current();
    let innocents = Innocents::start(&executor, trial.beat, &runtime).map_err(no_thread)?;
    tokio::time::sleep(QUIET).await;
    innocents.beside();
    say(seen);
    let ended = attack(&executor, trial).await;
    seen.outcome = ended.as_ref().map(|ended| ended.outcome.kind());
    seen.detail = Some(ended.as_ref().map_or("no outcome".to_owned(), |ended| brief(&ended.outcome)));
    seen.ran_ms = ended.as_ref().and_then(Completion::service_time).map(millis);
    say(seen);
    if let Some(ended) = &ended {
        seen.overrun_ms = overrun(trial, ended, &executor).await.map(millis);
    }
    tokio::time::sleep(AFTERMATH).await;
    let (quiet, beside) = innocents.end().await;
    seen.neighbours = neighbours(&quiet.latency, &beside.latency);
    seen.neighbours.submitted = beside.submitted;
    seen.neighbours.lost = beside.lost;
    seen.losses = beside.losses;
    (seen.leaked, seen.leaked_threads) = before.leaks().await;
    seen.restarts = executor.gauges().restarts;
    say(seen);
    // One that waits for a lost worker waits for ever.
    let _ = tokio::time::timeout(LINGER, executor.shutdown()).await;
    Ok(())
}

async fn on_its_own(
    trial: &Trial,
    make: MakeExecutor<'_>,
    seen: &mut Sighting,
    say: impl Fn(&Sighting),
) -> Result<(), JsError> {
    let executor = make(1)?;
    executor.ready().await?;
    let probe =
        Job { script: leftovers::probe(), input: "null".into(), deadlines: Innocent::new(0).job().deadlines };
    let mut pristine = Vec::new();
    for _ in 0..2 {
        pristine.push(executor.submit(probe.clone()).await.outcome);
    }
    let innocent = Innocent::new(trial.beat.turns);
    executor.submit(innocent.job()).await;
    await_spare(trial, 1).await;
    let replacements = || {
        let gauges = executor.gauges();
        gauges.restarts + gauges.recycled
    };
    let before = replacements();
    if attack(&executor, trial).await.is_some() {
        let outcome = Instant::now();
        while outcome.elapsed() < RECOVERY {
            seen.neighbours.submitted += 1;
            let next = executor.submit(innocent.job()).await;
            if innocent.is_right(&next) {
                seen.recovery_ms = Some(millis(next.finished.saturating_duration_since(outcome)));
                seen.replaced = replacements() > before;
                break;
            }
            seen.neighbours.lost += 1;
            seen.losses.push(format!("after it: {}", brief(&next.outcome)));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    say(seen);
    if seen.recovery_ms.is_some() {
        let after = executor.submit(probe).await.outcome;
        seen.leftovers = match (answers(pristine), after) {
            (Ok(pristine), Outcome::Ok(after)) => leftovers::between(&pristine, &after),
            (Err(failed), _) | (_, failed) => vec![format!("no look at what was left: {}", brief(&failed))],
        };
    }
    say(seen);
    let _ = tokio::time::timeout(LINGER, executor.shutdown()).await;
    Ok(())
}

fn answers(outcomes: Vec<Outcome>) -> Result<Vec<String>, Outcome> {
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Ok(answer) => Ok(answer),
            failed => Err(failed),
        })
        .collect()
}

/// In a pool of processes that has served for a while, the spare is there. Waits for it, and until nothing more
/// is being started.
async fn await_spare(trial: &Trial, workers: u32) {
    const PATIENCE: Duration = Duration::from_secs(3);
    const STEADY_LOOKS: u32 = 8;
    if trial.isolation != Isolation::Process {
        return;
    }
    let began = Instant::now();
    let (mut last, mut steady) = (Holdings::take(), 0);
    while steady < STEADY_LOOKS && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let now = Holdings::take();
        let same = (now.children, now.threads.len()) == (last.children, last.threads.len());
        steady = if same && now.children > workers as usize { steady + 1 } else { 0 };
        last = now;
    }
}

/// Runs the script; `None` if its job has no outcome long after it should.
async fn attack(executor: &Arc<dyn Executor>, trial: &Trial) -> Option<Completion> {
    let job =
        Job { script: Arc::new(trial.script.clone()), input: "null".into(), deadlines: trial.deadlines };
    tokio::time::timeout(trial.deadlines.outer + RECOVERY, executor.submit(job)).await.ok()
}

/// How long the script ran past its inner deadline. Of one that was given up, until its worker is seen to have
/// come to its end; `None` if that is not seen.
async fn overrun(trial: &Trial, ended: &Completion, executor: &Arc<dyn Executor>) -> Option<Duration> {
    let started = ended.started?;
    let end = match ended.outcome {
        Outcome::Timeout { kind: TimeoutKind::Outer, .. } => {
            let patience = Instant::now() + LINGER;
            while executor.gauges().lost_now > 0 {
                if Instant::now() > patience {
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Instant::now()
        }
        Outcome::Timeout { kind: TimeoutKind::Inner, ran } => started + ran,
        _ => ended.finished,
    };
    Some(end.saturating_duration_since(started).saturating_sub(trial.deadlines.inner))
}

/// So that every worker has compiled what the innocent jobs run.
async fn warm(executor: &Arc<dyn Executor>, trial: &Trial) {
    let innocent = Innocent::new(trial.beat.turns);
    for _ in 0..3 {
        let all: Vec<_> = (0..trial.workers).map(|_| executor.submit(innocent.job())).collect();
        for one in all {
            one.await;
        }
    }
}

fn neighbours(quiet: &LatencyHistogram, beside: &LatencyHistogram) -> Neighbours {
    let (at_rest, pressed) = (quiet.percentiles(), beside.percentiles());
    let encode = |histogram: &LatencyHistogram| -> Option<EncodedHistogram> {
        (!histogram.is_empty()).then(|| histogram.encode())
    };
    Neighbours {
        p50_us: pressed.p50,
        p99_us: pressed.p99,
        quiet_p50_us: at_rest.p50,
        quiet_p99_us: at_rest.p99,
        latency: encode(beside),
        quiet_latency: encode(quiet),
        ..Neighbours::default()
    }
}

/// An outcome in a line. Guests choose their messages: one of the corpus is nine million characters long.
pub(super) fn brief(outcome: &Outcome) -> String {
    const MOST: usize = 240;
    let text = outcome.to_string();
    let mut line: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Threads and children of this process at an instant.
struct Holdings {
    threads: Vec<String>,
    children: usize,
}

impl Holdings {
    fn take() -> Self {
        Self { threads: process::threads(), children: process::child_ids().unwrap_or_default().len() }
    }

    /// What there is more of than then, once what is about to end has ended; threads by name too.
    async fn leaks(&self) -> (Leaked, Vec<String>) {
        let patience = Instant::now() + Duration::from_secs(1);
        loop {
            let mut now = Self::take();
            let leaked = Leaked {
                threads: now.threads.len().saturating_sub(self.threads.len()) as u64,
                children: now.children.saturating_sub(self.children) as u64,
            };
            if leaked.total() == 0 || Instant::now() > patience {
                for name in &self.threads {
                    let same = now.threads.iter().position(|other| other == name);
                    same.map(|at| now.threads.swap_remove(at));
                }
                return (leaked, if leaked.threads > 0 { now.threads } else { Vec::new() });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Service time that an innocent job is made to have, where the isolation itself does not cost more.
const SERVICE: Duration = Duration::from_millis(1);

/// How the rate of innocent jobs came to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stopwatch {
    /// Jobs a second that the pool answers when it is never idle.
    pub capacity_per_s: f64,
    /// The innocent jobs at half of it.
    pub beat: Beat,
}

/// Finds how heavy innocent jobs must be for about a millisecond of service, and how many a second are half of
/// what a pool of so many workers can do.
///
/// # Errors
/// [`JsError`] when the executor cannot be made or does not answer rightly.
pub fn tune(workers: u32, make: MakeExecutor<'_>) -> Result<Stopwatch, JsError> {
    const WARM: u32 = 20;
    const MEASURED: Duration = Duration::from_millis(500);
    let runtime = runtime()?;
    let tuned = runtime.block_on(async {
        let executor = make(workers)?;
        executor.ready().await?;
        let mut turns = 500;
        loop {
            let innocent = Innocent::new(turns);
            let mut times = Vec::new();
            for _ in 0..WARM {
                let completion = executor.submit(innocent.job()).await;
                if !innocent.is_right(&completion) {
                    return Err(JsError::Engine(format!("an innocent job: {}", completion.outcome)));
                }
                times.extend(completion.service_time());
            }
            times.sort_unstable();
            if times.get(times.len() / 2).is_none_or(|median| *median >= SERVICE) {
                break;
            }
            turns *= 2;
        }
        let innocent = Arc::new(Innocent::new(turns));
        let began = Instant::now();
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..workers {
            let (executor, innocent) = (Arc::clone(&executor), Arc::clone(&innocent));
            clients.spawn(async move {
                let mut done = 0u32;
                while began.elapsed() < MEASURED {
                    executor.submit(innocent.job()).await;
                    done += 1;
                }
                done
            });
        }
        let done: u32 = clients.join_all().await.into_iter().sum();
        let capacity_per_s = f64::from(done) / began.elapsed().as_secs_f64();
        Ok(Stopwatch { capacity_per_s, beat: Beat { turns, rate_per_s: capacity_per_s / 2.0 } })
    });
    runtime.shutdown_background();
    tuned
}
