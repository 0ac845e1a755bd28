//! `jsarena compare --footprint`: what engines take of memory, each measurement in a fresh process.

use std::time::Duration;

use super::cost::{self, CostEvent, CostTask, Pair, unfitting};
use super::output::Recording;
use super::progress::Progress;
use crate::cli::Settings;
use crate::cost::{GrowthPlan, Isolates, Probe, Search};
use crate::executor::Candidate;
use crate::load::EarlyStop;
use crate::record::{Footprint, MemoryFigures, SmallestHeap};

/// Most isolates alive at once.
const ISOLATES: u32 = 32;
const QUICK_ISOLATES: u32 = 12;

const GROWTH: GrowthPlan = GrowthPlan { samples: 50, every: 100, within: Duration::from_secs(20) };
const QUICK_GROWTH: GrowthPlan = GrowthPlan { samples: 20, every: 50, within: Duration::from_secs(2) };

/// Time before a measurement is taken for stuck, and a probe of the heap for one that does not pass: near its limit an
/// engine may do nothing but collect garbage.
const LIMIT: Duration = Duration::from_secs(300);
const PROBE_LIMIT: Duration = Duration::from_secs(30);

/// Measures every pair, and tells whether all that can be measured were. An early stop leaves out those not yet come
/// to.
pub fn measure(
    settings: &Settings,
    pairs: &[Pair],
    recording: &mut Recording,
    early_stop: &EarlyStop,
) -> anyhow::Result<bool> {
    let mut all_well = true;
    let progress = Progress::new(pairs.len());
    for pair in pairs {
        let (engine, workload) = pair;
        progress.say(&format!("memory of {} with {}", engine.id(), workload.name));
        let can_measure = cost::can_measure(engine);
        let figures = match &can_measure {
            Ok(()) => figures(settings, pair, early_stop),
            Err(why) => Ok(Err(why.clone())),
        };
        if early_stop.is_requested() {
            break;
        }
        let (memory, error) = match figures? {
            Ok(figures) => (Some(figures), None),
            Err(why) => (None, Some(why)),
        };
        all_well &= can_measure.is_err() || error.is_none();
        let (engine, workload) = (engine.id().to_owned(), workload.name.clone());
        recording.push_footprint(Footprint { engine, workload, memory, error })?;
        progress.end();
    }
    progress.clear();
    Ok(all_well)
}

/// The figures of a pair, or why there are none: then not even isolates could be made.
fn figures(
    settings: &Settings,
    pair: &Pair,
    early_stop: &EarlyStop,
) -> anyhow::Result<Result<MemoryFigures, String>> {
    let run = |task| anyhow::Ok(cost::run(settings, pair, task, LIMIT)?.last);
    let most = if settings.quick { QUICK_ISOLATES } else { ISOLATES };
    let Isolates { base_bytes, points, slope } = match run(CostTask::Isolates(most))? {
        CostEvent::Isolates(isolates) => isolates,
        other => return Ok(Err(unfitting(other))),
    };
    let worker = match run(CostTask::WorkerProcess)? {
        CostEvent::WorkerProcess(bytes) => Ok(bytes),
        other => Err(unfitting(other)),
    };
    let growth = match run(CostTask::Growth(if settings.quick { QUICK_GROWTH } else { GROWTH }))? {
        CostEvent::Growth(growth) => Ok(growth),
        other => Err(unfitting(other)),
    };
    let smallest = smallest_heap(settings, pair, early_stop)?;
    Ok(Ok(MemoryFigures {
        base_bytes,
        isolates: points,
        per_isolate_bytes: slope,
        no_worker_process: worker.as_ref().err().cloned(),
        worker_process_pss_bytes: worker.ok(),
        no_growth: growth.as_ref().err().cloned(),
        growth: growth.ok(),
        no_smallest_heap: smallest.as_ref().err().cloned(),
        smallest_heap: smallest.ok(),
    }))
}

fn smallest_heap(
    settings: &Settings,
    pair: &Pair,
    early_stop: &EarlyStop,
) -> anyhow::Result<Result<SmallestHeap, String>> {
    let has_limit = match &pair.0 {
        Candidate::Known(entry) => entry.engine()?.info().capabilities.heap_limit,
        Candidate::Foreign(_) | Candidate::Remote(_) => false,
    };
    if !has_limit {
        return Ok(Err("the engine has no heap limit".to_owned()));
    }
    let search = Search::USUAL;
    search.run(|bytes| {
        if early_stop.is_requested() {
            anyhow::bail!("stopped early by a signal");
        }
        let task = CostTask::Heap { bytes, calls: search.calls };
        Ok(match cost::run(settings, pair, task, PROBE_LIMIT)?.last {
            CostEvent::Passed => Probe::Passed,
            other => Probe::Failed(unfitting(other)),
        })
    })
}
