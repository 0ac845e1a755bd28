//! `jsarena compare --startup`: engines from nothing to an answer, each time in a fresh process.

use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use super::cost::{self, CostEnd, CostEvent, CostTask, Pair, unfitting};
use super::output::Recording;
use super::progress::Progress;
use crate::cli::Settings;
use crate::cost::{Phases, times};
use crate::engine::{Aid, Received};
use crate::load::EarlyStop;
use crate::record::Startup;

/// Processes for a row.
const REPETITIONS: u32 = 10;
const QUICK_REPETITIONS: u32 = 3;

/// Time beside loads and calls before a start is taken for stuck.
const GRACE: Duration = Duration::from_secs(60);

/// A row in the making.
struct Start<'a> {
    pair: &'a Pair,
    aid: Aid,
    prepared: Option<Received>,
    done: Vec<(f64, Phases)>,
    error: Option<String>,
}

/// Measures every pair, without an aid and with each that its engine offers. Repetitions follow each other, each in
/// an order of its own drawn from the seed, so that a slow drift of the machine falls on all rows alike. An early stop
/// leaves the repetitions so far. Tells whether all that can be measured were.
pub fn measure(
    settings: &Settings,
    pairs: &[Pair],
    recording: &mut Recording,
    early_stop: &EarlyStop,
) -> anyhow::Result<bool> {
    let repetitions = if settings.quick { QUICK_REPETITIONS } else { REPETITIONS };
    let mut starts = Vec::new();
    for pair in pairs {
        if early_stop.is_requested() {
            break;
        }
        starts.extend(starts_of(settings, pair)?);
    }
    let progress = Progress::new(starts.len() * repetitions as usize);
    let mut random = Pcg64Mcg::seed_from_u64(settings.plan.seed);
    for _ in 0..repetitions {
        let mut order: Vec<usize> = (0..starts.len()).collect();
        order.shuffle(&mut random);
        for place in order {
            let start = &mut starts[place];
            if start.error.is_none() && !early_stop.is_requested() {
                progress.say(&format!("start of {} on {}", start.pair.0.id(), start.pair.1.name));
                start.repeat(settings)?;
            }
            progress.end();
        }
    }
    progress.clear();
    let all_well =
        starts.iter().all(|start| start.error.is_none() || cost::can_measure(&start.pair.0).is_err());
    recording.push_startup(starts.into_iter().filter_map(Start::row).collect())?;
    Ok(all_well)
}

/// One without an aid, one with what the engine makes of the script, and one with a snapshot, as far as it offers them.
fn starts_of<'a>(settings: &Settings, pair: &'a Pair) -> anyhow::Result<Vec<Start<'a>>> {
    let start = |aid, prepared, error| Start { pair, aid, prepared, done: Vec::new(), error };
    if let Err(why) = cost::can_measure(&pair.0) {
        return Ok(vec![start(Aid::None, None, Some(why))]);
    }
    let mut starts = vec![start(Aid::None, None, None)];
    match cost::run(settings, pair, CostTask::Prepare, limit(settings, pair))?.last {
        CostEvent::Prepared(prepared) => {
            starts.extend(prepared.map(|prepared| start(prepared.aid(), Some(prepared), None)));
        }
        other => {
            // A row of an aid would need to know which. What is wrong with the script itself, a start without one tells.
            tracing::warn!(
                engine = pair.0.id(),
                workload = pair.1.name,
                "nothing prepared: {}",
                unfitting(other)
            );
        }
    }
    match cost::run(settings, pair, CostTask::Snapshot, limit(settings, pair))?.last {
        CostEvent::Prepared(snapshot) => {
            starts.extend(snapshot.map(|snapshot| start(Aid::Snapshot, Some(snapshot), None)));
        }
        // Not every heap can be written, and V8 ends the process over one that cannot: the row says why it is empty.
        other => starts.push(start(Aid::Snapshot, None, Some(unfitting(other)))),
    }
    Ok(starts)
}

fn limit(settings: &Settings, (_, workload): &Pair) -> Duration {
    GRACE.saturating_add(settings.deadlines(workload).outer.saturating_mul(4))
}

impl Start<'_> {
    fn repeat(&mut self, settings: &Settings) -> anyhow::Result<()> {
        let task = CostTask::Start(self.prepared.clone());
        match cost::run(settings, self.pair, task, limit(settings, self.pair))? {
            CostEnd { last: CostEvent::Started(phases), process } => {
                self.done.push((process.as_secs_f64() * 1e6, phases));
            }
            CostEnd { last, .. } => self.error = Some(unfitting(last)),
        }
        Ok(())
    }

    /// `None` if it was not come to.
    fn row(self) -> Option<Startup> {
        let (engine, workload) = self.pair;
        let times = times(&self.done).filter(|_| self.error.is_none());
        (times.is_some() || self.error.is_some()).then(|| Startup {
            engine: engine.id().to_owned(),
            workload: workload.name.clone(),
            aid: self.aid,
            aid_bytes: self.prepared.as_ref().map(Received::bytes),
            repetitions: u32::try_from(self.done.len()).unwrap_or(u32::MAX),
            times,
            error: self.error,
        })
    }
}
