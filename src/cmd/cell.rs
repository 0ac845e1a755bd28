//! One cell of a matrix, in a process of its own: specification in, events out.
//!
//! A cell has its own process so that V8's process-wide state, the allocator's history and a crash stay out of
//! every other measurement.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::hostile::HostileSpec;
use super::pool_spec::PoolSpec;
use super::{Failure, Verdict, open_files, signals};
use crate::engine::Deadlines;
use crate::executor::http::Target;
use crate::executor::{Job, Outcome, PolicyChoice};
use crate::load::{self, EarlyStop, Live, Load, Plan};
use crate::stats::Summary;
use crate::workload::{Workload, select};

/// What a cell is to do. Read by a child of the very program that wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellSpec {
    pub workload: String,
    pub workload_hash: String,
    /// How the parent found the workload.
    pub asked_workloads: Vec<String>,
    pub pool: PoolSpec,
    pub plan: Plan,
    pub deadlines: Deadlines,
    pub blocking_threads: Option<u32>,
    pub policies: PolicyChoice,
    pub hostile: Option<HostileSpec>,
    /// Whether to watch the process.
    pub soak: bool,
    /// Whether it is a step of an ablation, and may well die.
    pub ablation: bool,
    pub task: CellTask,
}

/// What to do with the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellTask {
    /// Run the plan.
    Load,
    /// Run one job and explain what is wrong with it, if anything is.
    Verify,
}

/// What a cell says, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CellEvent {
    /// From now on a signal stops the load instead of the process.
    Listening,
    /// How the load goes so far.
    Progress { elapsed_s: f64, finished: u64, errors: u64, throughput_per_s: f64, p50_us: f64, p99_us: f64 },
    /// It has run.
    Measured(Box<Summary>),
    /// One job has; what is wrong with it.
    Verified(Option<String>),
    /// It could not.
    Failed(String),
}

/// Time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// The same in an ablation: what a cell has not said when it dies is not known of it.
const PROGRESS_EVERY_OF_ABLATION: Duration = Duration::from_millis(50);

/// Time between two looks whether the clock has started, which is said at once.
const LOOK_FOR_CLOCK_EVERY: Duration = Duration::from_millis(2);

/// Does what standard input says. Guests that print get standard error: standard output is for events.
pub fn serve() -> Result<Verdict, Failure> {
    die_with_parent();
    let mut events = take_stdout()?;
    let early_stop = signals::drain_on_signal()?;
    say(&mut events, &CellEvent::Listening)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let spec: CellSpec = serde_json::from_str(&line).context("a cell's specification")?;
    let last = match spec.task {
        CellTask::Load => {
            measure(&spec, early_stop, &mut events).map(|summary| CellEvent::Measured(Box::new(summary)))
        }
        CellTask::Verify => verify(&spec).map(CellEvent::Verified),
    };
    say(&mut events, &last.unwrap_or_else(|error| CellEvent::Failed(format!("{error:#}"))))?;
    // A lost worker may still hold an isolate: nothing is torn down that the exit does not tear down anyway.
    std::process::exit(0);
}

fn measure(spec: &CellSpec, early_stop: EarlyStop, events: &mut File) -> anyhow::Result<Summary> {
    let workload = spec.workload()?;
    let checker = workload.checker();
    let load = Load {
        plan: spec.plan,
        script: Arc::clone(&workload.script),
        input: Arc::clone(&workload.input),
        deadlines: spec.deadlines,
        check: Arc::new(move |answer| checker.accepts(answer)),
        hostile: spec
            .hostile
            .as_ref()
            .map_or(Ok(Vec::new()), |hostile| hostile.ingredients(spec.plan.hostile))?,
        soak: spec.soak,
        early_stop,
        blocking_threads: spec.blocking_threads.map(|threads| threads as usize),
        sockets: spec.pool.target.is_some(),
    };
    if spec.ablation {
        load::keep_below_roof(|held| eprintln!("the host held {}", bytesize::ByteSize::b(held)))?;
    }
    if spec.pool.target.is_some() {
        // An open loop has a connection for each job under way.
        open_files::raise();
    }
    let every = if spec.ablation { PROGRESS_EVERY_OF_ABLATION } else { PROGRESS_EVERY };
    let executor = spec.policies.policies().around(spec.pool.executor(spec.pool.workers)?);
    let live = Live::default();
    let mut progress = events.try_clone()?;
    let watched = live.clone();
    thread::Builder::new().name("jsarena-progress".to_owned()).spawn(move || {
        loop {
            let Some(now) = watched.snapshot() else {
                thread::sleep(LOOK_FOR_CLOCK_EVERY);
                continue;
            };
            let event = CellEvent::Progress {
                elapsed_s: now.elapsed.as_secs_f64(),
                finished: now.finished,
                errors: now.errors,
                throughput_per_s: now.throughput_per_s,
                p50_us: now.p50.as_secs_f64() * 1e6,
                p99_us: now.p99.as_secs_f64() * 1e6,
            };
            // Without a reader there is nobody to show progress to.
            if say(&mut progress, &event).is_err() {
                return;
            }
            thread::sleep(every);
        }
    })?;
    Ok(load::run(&executor, &load, &live)?)
}

fn verify(spec: &CellSpec) -> anyhow::Result<Option<String>> {
    let workload = spec.workload()?;
    let executor = spec.pool.executor(spec.pool.workers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let completion = runtime.block_on(async {
        executor.ready().await?;
        let (script, input) = (Arc::clone(&workload.script), Arc::clone(&workload.input));
        anyhow::Ok(executor.submit(Job { script, input, deadlines: spec.deadlines }).await)
    })?;
    runtime.shutdown_background();
    Ok(match completion.outcome {
        Outcome::Ok(answer) => workload.expected.explain(&answer).map(|why| format!("wrong answer: {why}")),
        failed => Some(failed.to_string()),
    })
}

impl CellSpec {
    fn workload(&self) -> anyhow::Result<Workload> {
        if let Some((name, body)) = self.pool.target.as_ref().and_then(Target::as_it_is) {
            return Ok(Workload::request(name, body));
        }
        the_same_workload(&self.asked_workloads, &self.workload, &self.workload_hash)
    }
}

/// The workload that a parent means, read again.
pub fn the_same_workload(asked: &[String], name: &str, hash: &str) -> anyhow::Result<Workload> {
    let workload = select(asked)?
        .into_iter()
        .find(|workload| workload.name == name)
        .with_context(|| format!("the workload {name} is gone"))?;
    if workload.hash == hash { Ok(workload) } else { Err(anyhow!("{name}: changed since the run began")) }
}

/// Says something to the parent.
pub fn say(events: &mut File, event: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    events.write_all(&line)
}

/// Takes standard output away from whatever guests print: what they write goes to standard error instead.
pub fn take_stdout() -> io::Result<File> {
    let own = nix::unistd::dup(io::stdout())?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(File::from(own))
}

pub fn die_with_parent() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        tracing::warn!(%error, "a killed parent will leave this cell behind");
    }
    // A cell has a process group of its own, so what ends its parent does not reach it.
    #[cfg(not(target_os = "linux"))]
    thread::spawn(|| {
        let parent = nix::unistd::getppid();
        while nix::unistd::getppid() == parent {
            thread::sleep(PROGRESS_EVERY);
        }
        std::process::exit(1);
    });
}
