//! `jsarena capacity`: the highest rate that holds an objective, for each engine, workload, isolation, reuse and number
//! of workers. Every rate is tried in a process of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use super::matrix::{Cell, kinds};
use super::output::{Recording, hand_over};
use super::progress::Progress;
use super::{Failure, Verdict, signals};
use crate::capacity::{self, End, Outcome, Probe, Search};
use crate::cli::{CapacityArgs, CapacitySettings, Settings};
use crate::executor::Isolation;
use crate::load::{Arrivals, EarlyStop, Plan, Stop};
use crate::record::{Capacity, CurvePoint, RunRecord};
use crate::report::Quantity;
use crate::stats::Summary;

/// Searches row after row. The record is on disk after every probe.
pub fn capacity(args: &CapacityArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let asked = CapacitySettings::gather(args, config)?;
    let settings = &asked.settings;
    let mut recording = Recording::start(settings);
    let folder = settings.out.clone().unwrap_or_else(|| recording.default_folder(Path::new("reports")));
    recording.save_to(folder.join("record.json"))?;
    let pools = pools(settings);
    let early_stop = signals::drain_on_first_signal()?;
    let progress = Progress::new(pools.len());
    let mut searcher =
        Searcher { asked: &asked, recording: &mut recording, early_stop: &early_stop, progress: &progress };
    let mut searched = 0;
    for pool in &pools {
        if !searcher.search(pool)? {
            break;
        }
        searched += 1;
        progress.end();
    }
    progress.clear();
    let record = recording.finish()?;
    hand_over(&record, Some(&folder), settings.json)?;
    if searched < pools.len() {
        let of = pools.len();
        return Err(Failure::Run(anyhow!(
            "stopped early by a signal: {searched} of {of} searches came to an end; what was measured is in {}",
            folder.display()
        )));
    }
    verdict(&record)
}

/// Well, if there is a rate for every row. Engines that are not built in are no failure: they are shown as such.
fn verdict(record: &RunRecord) -> Result<Verdict, Failure> {
    let is_there =
        |row: &&Capacity| record.engines.iter().any(|entry| entry.id == row.engine && entry.info.is_some());
    let mut rows = record.capacity.iter().filter(is_there).peekable();
    if rows.peek().is_none() {
        return Err(Failure::Run(anyhow!("none of the engines asked for is built in")));
    }
    Ok(Verdict::of(rows.all(|row| row.rate_per_s.is_some())))
}

/// What has a capacity: a cell with a number of workers.
struct Pool {
    cell: Cell,
    /// Those of all its runs, but for the plan.
    settings: Settings,
}

/// All of them, those that differ in nothing but their workers together.
fn pools(settings: &Settings) -> Vec<Pool> {
    let mut pools = Vec::new();
    for workload in &settings.selection.workloads {
        for (isolation, reuse) in kinds(settings) {
            for engine in settings.selection.engines.iter().filter(|engine| engine.runs_under(isolation)) {
                let cell = Cell::plain(settings, (engine, workload), (isolation, reuse), 0);
                pools.extend(settings.sweep.iter().map(|&workers| Pool::new(&cell, settings, workers)));
            }
        }
    }
    pools
}

impl Pool {
    fn new(cell: &Cell, settings: &Settings, workers: u32) -> Self {
        let mut settings = settings.clone();
        settings.workers = workers;
        if cell.isolation == Isolation::Task {
            // The baseline has no workers but the runtime's own threads.
            settings.blocking_threads = settings.blocking_threads.or(Some(workers));
        }
        Self { cell: cell.clone(), settings }
    }

    /// As many clients as workers: what the pool can do when nobody waits.
    fn closed_loop(&self, asked: &CapacitySettings) -> Plan {
        let concurrency = self.settings.workers;
        Plan {
            arrivals: Arrivals::Closed { concurrency },
            stop: Stop::After(asked.duration),
            ..self.settings.plan
        }
    }

    /// Every probe has due times of its own.
    fn plan(&self, Probe { rate_per_s, .. }: Probe, time: Duration, number: u64) -> Plan {
        Plan {
            arrivals: Arrivals::Open { rate_per_s, spacing: self.settings.spacing },
            stop: Stop::After(time),
            seed: self.settings.plan.seed.wrapping_add(number),
            ..self.settings.plan
        }
    }

    /// The row before anything is known.
    fn row(&self, asked: &CapacitySettings) -> Capacity {
        let Self { cell, settings } = self;
        Capacity {
            engine: cell.engine.id().to_owned(),
            workload: cell.workload.name.clone(),
            isolation: cell.isolation,
            reuse: cell.reuse,
            workers: settings.workers,
            policies: Some(cell.policies).filter(|policies| !policies.is_none()),
            slo: asked.slo.to_string(),
            spacing: settings.spacing,
            warmup_s: settings.plan.warmup.as_secs_f64(),
            duration_s: asked.duration.as_secs_f64(),
            precision: asked.precision,
            closed_loop_per_s: None,
            rate_per_s: None,
            interval: None,
            confirmed: None,
            why: None,
            curve: Vec::new(),
        }
    }

    fn title(&self) -> String {
        let workers = self.settings.workers;
        format!("{} · {workers} worker{}", self.cell.title(), if workers == 1 { "" } else { "s" })
    }
}

/// What all searches need.
struct Searcher<'a> {
    asked: &'a CapacitySettings,
    recording: &'a mut Recording,
    early_stop: &'a EarlyStop,
    progress: &'a Progress,
}

/// What a run came to, or why it came to nothing.
type Ran = Result<Summary, String>;

impl Searcher<'_> {
    /// Searches a pool's capacity and keeps whatever is known of it. Gives whether the search came to an end, which it
    /// does not when an early stop is wanted.
    fn search(&mut self, pool: &Pool) -> anyhow::Result<bool> {
        let mut row = pool.row(self.asked);
        if let Err(not_built) = pool.cell.engine.is_there() {
            return self.keep(row.without(not_built.to_string())).map(|()| true);
        }
        let Some(closed) = self.measure(pool, "closed loop", pool.closed_loop(self.asked))? else {
            return self.keep(row.without("stopped early by a signal")).map(|()| false);
        };
        let guess = match closed.and_then(|summary| guess(&summary)) {
            Ok(per_s) => per_s,
            Err(why) => return self.keep(row.without(format!("in a closed loop: {why}"))).map(|()| true),
        };
        row.closed_loop_per_s = Some(guess);
        let CapacitySettings { slo, duration, precision, confirm, .. } = self.asked;
        let mut search = Search::new(guess, capacity::slowest(slo, *duration), *precision, *confirm);
        let end = loop {
            let probe = match search.probe() {
                Ok(probe) => probe,
                Err(end) => break end,
            };
            let Some((point, outcome)) = self.probe(pool, probe, row.curve.len() as u64 + 1)? else {
                let probes = row.curve.len();
                let why = format!("stopped early by a signal after {probes} probes");
                return self.keep(row.without(why)).map(|()| false);
            };
            search.tell(outcome);
            row.curve.push(point);
            self.keep(row.clone().without("the search did not come to its end"))?;
        };
        let row = match end {
            End::Found(found) => row.found(found),
            End::NotFound(why) => {
                let last = row.curve.last().map_or(String::new(), |point| point.broken_by.join(", "));
                let there = if last.is_empty() { last } else { format!("; in the last probe, {last}") };
                row.without(format!("{why}{there}"))
            }
        };
        self.keep(row).map(|()| true)
    }

    /// Tries a rate; nothing when an early stop is wanted.
    fn probe(&self, pool: &Pool, probe: Probe, number: u64) -> anyhow::Result<Option<(CurvePoint, Outcome)>> {
        let slo = &self.asked.slo;
        let time = self.asked.probe_time(probe.rate_per_s);
        let plan = pool.plan(probe, time, number);
        let what = format!("{} {}", probe.purpose.as_str(), Quantity::Rate(probe.rate_per_s));
        let Some(ran) = self.measure(pool, &what, plan)? else { return Ok(None) };
        let run = (time.as_secs_f64(), plan.seed);
        Ok(Some(match ran {
            Ok(summary) => {
                let point = CurvePoint::measured(probe, run, &summary, &slo.judge(&summary, time));
                let outcome = match point.held {
                    true => Outcome::Held,
                    false if slo.is_broken_alone(&summary) => Outcome::BrokenAlone,
                    false => Outcome::Broken,
                };
                (point, outcome)
            }
            Err(how) => (CurvePoint::died(probe, run, how), Outcome::Broken),
        }))
    }

    /// Runs a plan in a process of its own; nothing when an early stop is wanted: what it cuts short is no measurement.
    fn measure(&self, pool: &Pool, what: &str, plan: Plan) -> anyhow::Result<Option<Ran>> {
        let title = format!("{} · {what}", pool.title());
        let mut settings = pool.settings.clone();
        settings.plan = plan;
        self.progress.begin(&title);
        let row = self
            .recording
            .measure(&settings, &pool.cell, self.early_stop, |event| self.progress.event(&title, event))?;
        let ran = row.summary.ok_or_else(|| row.error.unwrap_or_default());
        Ok((!self.early_stop.is_requested()).then_some(ran))
    }

    fn keep(&mut self, row: Capacity) -> anyhow::Result<()> {
        self.recording.put_capacity(row)
    }
}

/// Where to begin: the throughput of a closed loop, unless it has none.
fn guess(closed: &Summary) -> Result<f64, String> {
    if closed.throughput_per_s > 0.0 {
        return Ok(closed.throughput_per_s);
    }
    let failures = closed.failures.join("; ");
    Err(format!("no job had a right answer{}{failures}", if failures.is_empty() { "" } else { ": " }))
}
