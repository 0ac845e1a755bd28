//! The view: what the pages show, computed once. All arithmetic ends here; exporters only write.

mod ablation;
mod calibration;
mod capacity;
mod cell;
mod comparisons;
mod conditions;
mod containment;
mod footprint;
mod gain;
mod noise;
mod other_tools;
mod policies;
mod ranking;
mod soak;
mod startup;
#[cfg(test)]
mod tests;
mod text;
mod verdict;
mod verdict_rates;
mod warnings;

pub(super) use ablation::{Ablation, Rung};
pub(super) use calibration::{Calibrated, CalibratedCase};
pub(super) use capacity::{Point, SizedPool, Sweep};
pub(super) use cell::{Cell, Figures, Latency};
pub(super) use comparisons::{Comparisons, Pair};
pub(super) use containment::{Class, Column, Counts, Fate, Group, Recovery, Scorecard, letter, word};
pub(super) use footprint::Taken;
pub(super) use gain::Gain;
pub(super) use other_tools::Told;
pub(super) use ranking::{RankedBy, Ranking};
pub(super) use soak::{Soaked, amount, change, name as resource_name};
pub(super) use startup::Started;
pub(super) use text::{clean, list, load_text, plural, shortened, some_of};
pub(super) use verdict_rates::VerdictRates;
pub use warnings::Warning;

use crate::executor::{Isolation, PolicyChoice, Reuse};
use crate::load::{Arrivals, Plan};
use crate::record::{Measurement, NoiseFloor, RunRecord, Step};

use super::ReportError;

/// A view of one record: cells merged over their rounds, ranked, and judged.
#[derive(Debug)]
pub struct Report<'a> {
    record: &'a RunRecord,
    pub(super) engines: Vec<Engine>,
    pub(super) workloads: Vec<Workload>,
    pub(super) settings: Vec<Setting>,
    pub(super) gains: Vec<Gain>,
    pub(super) ablations: Vec<Ablation>,
    /// How far apart the shares of good jobs of one and the same step measured twice were; nothing without such a
    /// pair.
    pub(super) ablation_floor: Option<f64>,
    /// Nothing without containment rows.
    pub(super) scorecard: Option<Scorecard>,
    /// Nothing without calibration rows.
    pub(super) calibrated: Option<Calibrated>,
    /// By workload; nothing without startup rows.
    pub(super) started: Vec<Started>,
    /// By workload; nothing without footprint rows.
    pub(super) taken: Vec<Taken>,
    /// Nothing where no verdicts were counted.
    pub(super) verdict_rates: Option<VerdictRates>,
    /// Nothing without capacity rows.
    pub(super) sweeps: Vec<Sweep>,
    /// What other load tools told, and our own figures of servers; nothing without results of other tools.
    pub(super) other_tools: Vec<Told>,
    warnings: Vec<Warning>,
    verdict: Vec<String>,
}

/// An engine as reports name it. Its place in the list is its place in every table.
#[derive(Debug)]
pub(super) struct Engine {
    id: String,
    pub name: String,
    pub version: Option<String>,
    /// Why it is not there.
    pub missing: Option<String>,
    /// Where it answers, if it is a server behind a URL.
    pub url: Option<String>,
}

/// A workload as reports name it.
#[derive(Debug)]
pub(super) struct Workload {
    id: String,
    pub name: String,
    pub kind: String,
    pub why: String,
}

/// An isolation, a reuse and policies, with every row measured under them: what a ranking is about.
#[derive(Debug)]
pub(super) struct Setting {
    pub isolation: Isolation,
    pub reuse: Reuse,
    pub policies: PolicyChoice,
    /// Set on what is a step of an ablation: its rows are there to be held against one another, not to be ranked.
    pub step: Option<Step>,
    /// As tables name it: `thread/keep +retry`.
    pub name: String,
    pub rows: Vec<Row>,
    pub ranking: Ranking,
}

/// What tells settings apart: isolation, reuse, policies, and the step of an ablation.
pub(super) type SettingKey = (Isolation, Reuse, PolicyChoice, Option<Step>);

/// A workload under one load: cells of one row differ in nothing but the engine.
#[derive(Debug)]
pub(super) struct Row {
    pub workload: usize,
    pub workers: u32,
    pub plan: Plan,
    /// The workload's name, with the load when the same workload was measured under several.
    pub label: String,
    /// One for each engine.
    pub cells: Vec<Cell>,
}

impl<'a> Report<'a> {
    /// The view of a record.
    ///
    /// # Errors
    /// [`ReportError::Histogram`] or [`ReportError::Neighbours`], naming the measurement or the containment row
    /// whose histogram cannot be read.
    pub fn new(record: &'a RunRecord) -> Result<Self, ReportError> {
        let engines = engines(record);
        let workloads = workloads(record);
        let floor = record.noise_floor.as_ref();
        let settings = settings(record, &engines, &workloads, floor)?;
        let (ablations, ablation_floor) = ablation::ablations(record, &engines, &workloads)?;
        let mut report = Self {
            record,
            gains: gain::gains(&settings),
            ablations,
            ablation_floor,
            scorecard: containment::scorecard(record, &engines)?,
            calibrated: calibration::calibrated(record),
            started: startup::started(record, &engines, &workloads),
            taken: footprint::taken(record, &engines, &workloads),
            verdict_rates: verdict_rates::verdict_rates(record),
            sweeps: capacity::sweeps(record, &engines, &workloads),
            other_tools: other_tools::told(record, &engines, &workloads, &settings),
            engines,
            workloads,
            settings,
            warnings: Vec::new(),
            verdict: Vec::new(),
        };
        report.warnings = warnings::warnings(&report);
        report.verdict = verdict::verdict(&report);
        Ok(report)
    }

    /// The record it shows.
    pub fn record(&self) -> &'a RunRecord {
        self.record
    }

    /// What a reader should know before trusting the figures, gravest first.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The result in plain sentences: what was contained, who was fastest by how much over what, and what failed.
    pub fn verdict(&self) -> &[String] {
        &self.verdict
    }

    pub(super) fn comparisons(&self) -> Comparisons<'a> {
        Comparisons::of(self.record)
    }

    pub(super) fn floor(&self) -> Option<&'a NoiseFloor> {
        self.record.noise_floor.as_ref()
    }

    /// Whether it is of the instrument itself and of nothing that was measured with it.
    pub(super) fn is_of_instrument(&self) -> bool {
        (self.calibrated.is_some() || self.verdict_rates.is_some()) && self.settings.is_empty()
    }

    /// The settings that are ranked: all but the steps of an ablation.
    pub(super) fn ranked(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter().filter(|setting| setting.step.is_none())
    }

    /// Every cell with its place, in the order of the tables.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Setting, &Row, &Engine, &Cell)> {
        self.settings.iter().flat_map(move |setting| {
            setting.rows.iter().flat_map(move |row| {
                self.engines.iter().zip(&row.cells).map(move |(engine, cell)| (setting, row, engine, cell))
            })
        })
    }

    /// Where a cell is, in words.
    pub(super) fn place(setting: &Setting, row: &Row, engine: &Engine) -> String {
        format!("{} on {} under {}", engine.name, row.label, setting.name)
    }
}

impl Setting {
    /// What tells it from the others.
    pub fn key(&self) -> SettingKey {
        (self.isolation, self.reuse, self.policies, self.step)
    }

    /// The load, when it is the same for every row.
    pub fn load(&self) -> Option<String> {
        let mut texts = self.rows.iter().map(|row| load_text(row.workers, &row.plan));
        let first = texts.next()?;
        texts.all(|text| text == first).then_some(first)
    }
}

impl Row {
    pub fn is_open(&self) -> bool {
        matches!(self.plan.arrivals, Arrivals::Open { .. })
    }
}

/// Whether a difference is too small to be one; without a floor only equality is.
pub(super) fn within_floor(relative_difference: f64, floor: Option<f64>) -> bool {
    relative_difference == 0.0 || floor.is_some_and(|floor| relative_difference < floor)
}

/// The engines of the record in its order, then those that only measurements name.
fn engines(record: &RunRecord) -> Vec<Engine> {
    let mut engines: Vec<Engine> = Vec::new();
    for entry in &record.engines {
        if engines.iter().all(|engine| engine.id != entry.id) {
            engines.push(Engine {
                id: entry.id.clone(),
                name: clean(&entry.id),
                version: entry.info.as_ref().map(|info| clean(&info.engine_version)),
                missing: entry.missing.as_deref().map(clean),
                url: entry.url.as_deref().map(clean),
            });
        }
    }
    let mentioned = record.measurements.iter().map(|m| &m.engine);
    let mentioned = mentioned.chain(record.containment.iter().map(|row| &row.engine));
    let mentioned = mentioned.chain(record.capacity.iter().map(|row| &row.engine));
    let mentioned = mentioned.chain(record.startup.iter().map(|row| &row.engine));
    let mentioned = mentioned.chain(record.footprint.iter().map(|row| &row.engine));
    for id in unnamed(mentioned, |id| engines.iter().any(|engine| engine.id == id)) {
        engines.push(Engine { name: clean(&id), id, version: None, missing: None, url: None });
    }
    engines
}

fn workloads(record: &RunRecord) -> Vec<Workload> {
    let mut workloads: Vec<Workload> = Vec::new();
    for entry in &record.workloads {
        if workloads.iter().all(|workload| workload.id != entry.name) {
            workloads.push(Workload {
                id: entry.name.clone(),
                name: clean(&entry.name),
                kind: clean(&entry.kind),
                why: clean(&entry.why),
            });
        }
    }
    let mentioned = record.measurements.iter().map(|m| &m.workload);
    let mentioned = mentioned.chain(record.capacity.iter().map(|row| &row.workload));
    let mentioned = mentioned.chain(record.startup.iter().map(|row| &row.workload));
    let mentioned = mentioned.chain(record.footprint.iter().map(|row| &row.workload));
    for id in unnamed(mentioned, |id| workloads.iter().any(|workload| workload.id == id)) {
        workloads.push(Workload { name: clean(&id), id, kind: String::new(), why: String::new() });
    }
    workloads
}

/// Names that rows mention and the record's lists do not have, in alphabetical order.
fn unnamed<'a>(mentioned: impl Iterator<Item = &'a String>, known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = mentioned.filter(|name| !known(name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn settings(
    record: &RunRecord,
    engines: &[Engine],
    workloads: &[Workload],
    floor: Option<&NoiseFloor>,
) -> Result<Vec<Setting>, ReportError> {
    let comparisons = Comparisons::of(record);
    // The second half of an A/A pair is not one more sample of its cell: the engine measured twice would get
    // more of them than the others.
    let measurements: Vec<&Measurement> = record.measurements.iter().filter(|m| m.label.is_none()).collect();
    let key =
        |m: &Measurement| -> SettingKey { (m.isolation, m.reuse, m.policies.unwrap_or_default(), m.step) };
    let mut keys: Vec<_> = measurements.iter().map(|m| key(m)).collect();
    // The baseline comes last: it is what the others are held against, not what anyone should choose. An ablation
    // climbs from it.
    keys.sort_by_key(|&(isolation, reuse, policies, step)| {
        let last = isolation == Isolation::Task && step.is_none();
        let numbers = (policies.retries, policies.breaker, policies.in_flight);
        (step.is_some(), last, isolation, reuse, step, numbers)
    });
    keys.dedup();
    let all: Vec<PolicyChoice> = keys.iter().map(|(_, _, policies, _)| *policies).collect();
    let mut settings = Vec::new();
    for (isolation, reuse, policies, step) in keys {
        let here: Vec<&Measurement> =
            measurements.iter().copied().filter(|m| key(m) == (isolation, reuse, policies, step)).collect();
        let rows = rows(&here, engines, workloads)?;
        let key = (isolation, reuse, policies, step);
        let is_same = |by: RankedBy, first: usize, other: usize, difference: f64| {
            let [first, other] = [first, other].map(|engine: usize| &*engines[engine].id);
            let workload = (rows.len() == 1).then(|| &*workloads[rows[0].workload].id);
            let found = comparisons.find(&key, &rows[0], workload, [first, other], by.metric());
            Comparisons::is_same(found, difference, floor, by.metric())
        };
        let ranking = ranking::rank(&rows, engines, is_same);
        let name = format!("{isolation}/{reuse}{}", policies::suffix(policies, &all));
        settings.push(Setting { isolation, reuse, policies, step, name, rows, ranking });
    }
    Ok(settings)
}

fn rows(here: &[&Measurement], engines: &[Engine], workloads: &[Workload]) -> Result<Vec<Row>, ReportError> {
    let mut loads: Vec<(usize, u32, Plan)> = Vec::new();
    let load_of = |m: &Measurement| {
        let workload = workloads.iter().position(|workload| workload.id == m.workload);
        // The seed of a plan may differ by round; it is no difference of load.
        (workload.expect("every workload of a measurement was listed"), m.workers, Plan { seed: 0, ..m.plan })
    };
    for measurement in here {
        let load = load_of(measurement);
        if !loads.contains(&load) {
            loads.push(load);
        }
    }
    loads.sort_by(|a, b| {
        let order = |(workload, workers, _): &(usize, u32, Plan)| (*workload, *workers);
        let size = |plan: &Plan| match plan.arrivals {
            Arrivals::Closed { concurrency } => (false, f64::from(concurrency)),
            Arrivals::Open { rate_per_s, .. } => (true, rate_per_s),
        };
        let (size_a, size_b) = (size(&a.2), size(&b.2));
        order(a)
            .cmp(&order(b))
            .then(size_a.0.cmp(&size_b.0))
            .then(size_a.1.total_cmp(&size_b.1))
            .then_with(|| load_text(a.1, &a.2).cmp(&load_text(b.1, &b.2)))
    });
    let mut rows = Vec::new();
    for load @ (workload, workers, plan) in &loads {
        let mut cells = Vec::new();
        for engine in engines {
            let rounds: Vec<&Measurement> =
                here.iter().copied().filter(|m| m.engine == engine.id && load_of(m) == *load).collect();
            cells.push(Cell::merge(engine, rounds)?);
        }
        let name = &workloads[*workload].name;
        let alone = loads.iter().filter(|other| other.0 == *workload).count() == 1;
        let label = if alone { name.clone() } else { format!("{name} ({})", load_text(*workers, plan)) };
        rows.push(Row { workload: *workload, workers: *workers, plan: *plan, label, cells });
    }
    Ok(rows)
}
