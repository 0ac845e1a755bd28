//! What an engine costs, each measurement in a process of its own: specification in, events out.

use std::io::{self, BufRead};
use std::time::Duration;

use anyhow::{Context, bail};
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::cell::{die_with_parent, say, take_stdout, the_same_workload};
use super::child::{ChildEnd, run_child};
use super::{Failure, Verdict, shard};
use crate::cli::{Settings, Shard};
use crate::cost::{self, GrowthPlan, Isolates, Phases, Subject};
use crate::engine::{Limits, Received, registry};
use crate::executor::{Candidate, Isolation};
use crate::record::Growth;
use crate::workload::Workload;

/// What a child is to measure. Read by a child of the very program that wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CostSpec {
    engine: String,
    workload: String,
    workload_hash: String,
    /// How the parent found the workload.
    asked_workloads: Vec<String>,
    heap_bytes: Option<u64>,
    /// Time for each load and each call.
    allowed: Duration,
    task: CostTask,
}

/// What to measure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CostTask {
    /// Nothing: prepare the script for others.
    Prepare,
    /// Nothing: take the snapshot of a heap with the script loaded.
    Snapshot,
    /// A start, with what was prepared if there is something.
    Start(Option<Received>),
    /// Memory for up to so many isolates.
    Isolates(u32),
    /// Memory of a worker's process.
    WorkerProcess,
    /// What jobs leave behind.
    Growth(GrowthPlan),
    /// Whether so many calls pass under a heap limit.
    Heap { bytes: u64, calls: u32 },
}

/// What a child says, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CostEvent {
    /// The process is there.
    Listening,
    Prepared(Option<Received>),
    Started(Phases),
    Isolates(Isolates),
    WorkerProcess(u64),
    Growth(Growth),
    Passed,
    /// It could not be measured, or did not pass.
    Failed(String),
}

/// An engine and a workload whose costs are wanted.
pub type Pair = (Candidate, Workload);

/// Every pair of engine and workload; of a shard, those of the workloads that fall to it.
pub fn pairs(settings: &Settings, shard: Option<Shard>) -> Vec<Pair> {
    let workloads = settings.selection.workloads.iter();
    let pair = |workload: &Workload| {
        let engines = settings.selection.engines.iter().cloned();
        engines.map(|engine| (engine, workload.clone())).collect::<Vec<Pair>>()
    };
    let all = workloads.flat_map(pair).collect();
    shard::part_of(all, |(_, workload): &Pair| workload.name.clone(), shard, settings.plan.seed)
}

/// Whether a child could measure an engine.
///
/// # Errors
/// Why it could not, in the words of a row.
pub fn can_measure(engine: &Candidate) -> Result<(), String> {
    match engine {
        Candidate::Foreign(_) => {
            Err("a program of its own, whose start and memory jsarena cannot see into".to_owned())
        }
        Candidate::Remote(_) => Err("a server, whose start and memory jsarena cannot see into".to_owned()),
        Candidate::Known(_) => engine.is_there().map_err(|not_built| not_built.to_string()),
    }
}

/// How a child ended.
pub struct CostEnd {
    /// What it said last, or what there is to say of it.
    pub last: CostEvent,
    /// From starting its process until it said that it is there.
    pub process: Duration,
}

/// Measures in a fresh process. One that takes longer than `limit` is killed.
///
/// # Errors
/// When no process can be started at all. One that dies is an event: [`CostEvent::Failed`].
pub fn run(
    settings: &Settings,
    (engine, workload): &Pair,
    task: CostTask,
    limit: Duration,
) -> anyhow::Result<CostEnd> {
    let spec = CostSpec {
        engine: engine.id().to_owned(),
        workload: workload.name.clone(),
        workload_hash: workload.hash.clone(),
        asked_workloads: settings.selection.asked_workloads.clone(),
        heap_bytes: settings.limits.heap.map(|heap| heap.as_u64()),
        allowed: settings.deadlines(workload).inner,
        task,
    };
    let (mut process, mut last) = (Duration::ZERO, None);
    let end = run_child("cost", &spec, Some(limit), |_, event: Option<CostEvent>, after| match event {
        None => {}
        Some(CostEvent::Listening) => process = after,
        Some(event) => last = Some(event),
    })?;
    let last = match (end, last) {
        (ChildEnd::Exited, Some(event)) => event,
        (ChildEnd::Exited, None) => CostEvent::Failed("ended without a result".to_owned()),
        (ChildEnd::Died(how), _) => CostEvent::Failed(how),
    };
    Ok(CostEnd { last, process })
}

/// What is said of an event that does not fit what was asked.
pub fn unfitting(event: CostEvent) -> String {
    match event {
        CostEvent::Failed(why) => why,
        _ => "the child measured something else".to_owned(),
    }
}

/// Does what standard input says. Guests that print get standard error: standard output is for events.
pub fn serve() -> Result<Verdict, Failure> {
    die_with_parent();
    let mut events = take_stdout()?;
    say(&mut events, &CostEvent::Listening)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let spec: CostSpec = serde_json::from_str(&line).context("what to measure")?;
    let last = measure(spec).unwrap_or_else(|error| CostEvent::Failed(format!("{error:#}")));
    say(&mut events, &last)?;
    // Nothing is torn down that the exit does not tear down anyway.
    std::process::exit(0);
}

fn measure(spec: CostSpec) -> anyhow::Result<CostEvent> {
    let heap = match spec.task {
        CostTask::Heap { bytes, .. } => Some(bytes),
        _ => spec.heap_bytes,
    };
    let isolation = match spec.task {
        CostTask::WorkerProcess => Isolation::Process,
        _ => Isolation::Thread,
    };
    let Some(entry) = registry::find(&spec.engine) else { bail!("unknown engine {}", spec.engine) };
    let subject = Subject {
        engine: Candidate::Known(entry).engine(isolation, &std::env::current_exe()?)?,
        workload: the_same_workload(&spec.asked_workloads, &spec.workload, &spec.workload_hash)?,
        limits: Limits { heap: heap.map(ByteSize::b), ..Limits::default() },
        allowed: spec.allowed,
    };
    Ok(match spec.task {
        CostTask::Prepare => CostEvent::Prepared(cost::prepare(&subject)?.map(Received::from)),
        CostTask::Snapshot => CostEvent::Prepared(cost::snapshot(&subject)?.map(Received::from)),
        CostTask::Start(received) => {
            // SAFETY: the parent had it from a child of its own that is this very program, and gave it to this one.
            let prepared = received.map(|received| unsafe { received.trust() });
            CostEvent::Started(cost::start(&subject, prepared.as_ref())?)
        }
        CostTask::Isolates(most) => CostEvent::Isolates(cost::isolates(&subject, most)?),
        CostTask::WorkerProcess => CostEvent::WorkerProcess(cost::worker_process_bytes(&subject)?),
        CostTask::Growth(plan) => CostEvent::Growth(cost::growth(&subject, plan)?),
        CostTask::Heap { calls, .. } => {
            cost::passes(&subject, calls)?;
            CostEvent::Passed
        }
    })
}
