//! `jsarena capacity`: the highest rate that holds an objective, for each engine, workload, isolation, reuse and number
//! of workers. Every rate is tried in a process of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use super::matrix::{Cell, kinds};
use super::output::{Recording, print_record, print_terminal, write_reports};
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
    let mut searched = 0;
    for pool in &pools {
        if !pool.search(&asked, &mut recording, &early_stop, &progress)? {
            break;
        }
        searched += 1;
        progress.end();
    }
    progress.clear();
    let record = recording.finish()?;
    let pages = write_reports(&record, &folder)?;
    if settings.json {
        print_record(&record)?;
    } else {
        print_terminal(&record)?;
        pages.iter().for_each(|page| println!("{}", page.display()));
    }
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

    /// Searches its capacity and keeps whatever is known of it. Gives whether the search came to an end, which it
    /// does not when an early stop is wanted.
    fn search(
        &self,
        asked: &CapacitySettings,
        recording: &mut Recording,
        early_stop: &EarlyStop,
        progress: &Progress,
    ) -> anyhow::Result<bool> {
        let mut row = self.row(asked);
        if let Err(not_built) = self.cell.engine.is_there() {
            recording.put_capacity(row.without(not_built.to_string()))?;
            return Ok(true);
        }
        let measure = |recording: &Recording, what: &str, plan| {
            self.run(recording, &format!("{} · {what}", self.title()), plan, early_stop, progress)
        };
        let closed = measure(recording, "closed loop", self.closed_loop(asked))?;
        if early_stop.is_requested() {
            recording.put_capacity(row.without("stopped early by a signal"))?;
            return Ok(false);
        }
        let guess = match closed.and_then(|summary| guess(&summary)) {
            Ok(per_s) => per_s,
            Err(why) => {
                recording.put_capacity(row.without(format!("in a closed loop: {why}")))?;
                return Ok(true);
            }
        };
        row.closed_loop_per_s = Some(guess);
        let slowest = capacity::slowest(&asked.slo, asked.duration);
        let mut search = Search::new(guess, slowest, asked.precision, asked.confirm);
        let end = loop {
            let probe = match search.probe() {
                Ok(probe) => probe,
                Err(end) => break end,
            };
            let time = asked.probe_time(probe.rate_per_s);
            let plan = self.plan(probe, time, row.curve.len() as u64 + 1);
            let what = format!("{} {}", probe.purpose.as_str(), Quantity::Rate(probe.rate_per_s));
            let summary = measure(recording, &what, plan)?;
            if early_stop.is_requested() {
                let probes = row.curve.len();
                recording
                    .put_capacity(row.without(format!("stopped early by a signal after {probes} probes")))?;
                return Ok(false);
            }
            let run = (time.as_secs_f64(), plan.seed);
            let is_broken_alone = summary.as_ref().is_ok_and(|summary| asked.slo.is_broken_alone(summary));
            let point = match summary {
                Ok(summary) => CurvePoint::measured(probe, run, &summary, &asked.slo.judge(&summary, time)),
                Err(how) => CurvePoint::died(probe, run, how),
            };
            search.tell(match (point.held, is_broken_alone) {
                (true, _) => Outcome::Held,
                (false, false) => Outcome::Broken,
                (false, true) => Outcome::BrokenAlone,
            });
            row.curve.push(point);
            recording.put_capacity(row.clone().without("the search did not come to its end"))?;
        };
        recording.put_capacity(match end {
            End::Found(found) => row.found(found),
            End::NotFound(why) => {
                let last = row.curve.last().map_or(String::new(), |point| point.broken_by.join(", "));
                let there = if last.is_empty() { last } else { format!("; in the last probe, {last}") };
                row.without(format!("{why}{there}"))
            }
        })?;
        Ok(true)
    }

    /// What a run came to, or why it came to nothing.
    fn run(
        &self,
        recording: &Recording,
        title: &str,
        plan: Plan,
        early_stop: &EarlyStop,
        progress: &Progress,
    ) -> anyhow::Result<Result<Summary, String>> {
        let mut settings = self.settings.clone();
        settings.plan = plan;
        progress.begin(title);
        let row =
            recording.measure(&settings, &self.cell, early_stop, |event| progress.event(title, event))?;
        Ok(row.summary.ok_or_else(|| row.error.unwrap_or_default()))
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

/// Where to begin: the throughput of a closed loop, unless it has none.
fn guess(closed: &Summary) -> Result<f64, String> {
    if closed.throughput_per_s > 0.0 {
        return Ok(closed.throughput_per_s);
    }
    let failures = closed.failures.join("; ");
    Err(format!("no job had a right answer{}{failures}", if failures.is_empty() { "" } else { ": " }))
}
