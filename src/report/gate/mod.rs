//! The gate: whether a new record is worse than an old one of the same cells, significantly and by enough to matter.

mod apart;
mod junit;
mod page;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::executor::{Isolation, Reuse};
use crate::load::Plan;
use crate::record::{MINIMAL_EFFECT, Measurement, RunRecord, side};
use crate::stats::compare::{
    ComparisonVerdict, Estimate, FEWEST_ROUNDS, Metric, Resamples, Side, adjusted, judge,
};

pub use apart::Allowed;

use super::view::{clean, load_text};

/// What a gate holds records against.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRules {
    /// Figures that count.
    pub metrics: Vec<Metric>,
    /// The smallest relative difference that counts; without it, that of the records.
    pub minimal_effect: Option<f64>,
    /// The same of single metrics.
    pub thresholds: BTreeMap<Metric, f64>,
    /// What may differ between the records nevertheless.
    pub allowed: Allowed,
}

impl Default for GateRules {
    fn default() -> Self {
        Self {
            metrics: Metric::ALL.to_vec(),
            minimal_effect: None,
            thresholds: BTreeMap::new(),
            allowed: Allowed::default(),
        }
    }
}

/// Two records held against each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// Whether nothing got worse.
    pub passed: bool,
    /// In one sentence.
    pub headline: String,
    /// When the old record was made.
    pub base: String,
    /// When the new one was.
    pub new: String,
    /// A row for each cell of both and each metric.
    pub rows: Vec<GateRow>,
    /// Cells that were well and are not.
    pub broken: Vec<BrokenCell>,
    /// What a reader should know: what differs and was allowed to, what is in one record only.
    pub notes: Vec<String>,
}

/// A cell of both records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateCell {
    /// Engine.
    pub engine: String,
    /// Workload, as suite/name.
    pub workload: String,
    /// Isolation.
    pub isolation: Isolation,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// The load, in words.
    pub load: String,
}

/// One figure of a cell, then and now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateRow {
    /// Where.
    #[serde(flatten)]
    pub cell: GateCell,
    /// What.
    pub metric: Metric,
    /// The old figure: answers a second, or microseconds. Absent where there are too few jobs.
    pub base: Option<f64>,
    /// The new one.
    pub new: Option<f64>,
    /// The new one divided by the old one; absent where there are too few jobs or rounds.
    pub ratio: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// Chance of such a ratio without a change, corrected for the number of rows (Benjamini and Hochberg).
    pub p: Option<f64>,
    /// The smallest relative change that counts here.
    pub threshold: f64,
    /// What is said of the new record.
    pub verdict: ComparisonVerdict,
}

/// A cell that was well in the old record and is not in the new one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BrokenCell {
    /// Where.
    #[serde(flatten)]
    pub cell: GateCell,
    /// What became of it.
    pub reason: String,
}

/// Why two records cannot be held against each other: a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the records cannot be compared: {}", .0.join("; "))]
pub struct NotComparable(pub Vec<String>);

impl Gate {
    /// Holds a new record against an old one.
    ///
    /// # Errors
    /// [`NotComparable`] when they are of other hosts, builds or workloads and that is not allowed, when they have no
    /// cell in common, or when there are too few rounds to judge any.
    pub fn judge(base: &RunRecord, new: &RunRecord, rules: &GateRules) -> Result<Self, NotComparable> {
        let mut notes = apart::examine(base, new, rules.allowed)?;
        let (cells, only) = cells(base, new);
        if cells.is_empty() {
            return Err(NotComparable(vec![
                "no cell is in both: same engine, workload, isolation and load".into(),
            ]));
        }
        notes.extend(only);
        let mut broken = Vec::new();
        let mut found: Vec<(GateRow, Option<Estimate>)> = Vec::new();
        for Pair { cell, base: before, new: after } in cells {
            match (side(before.iter().copied()), side(after.iter().copied())) {
                (Some(before), Some(after)) => {
                    for &metric in &rules.metrics {
                        let threshold = threshold(base, new, rules, metric);
                        found.push(row(
                            cell.clone(),
                            metric,
                            threshold,
                            [(&before, base.seed), (&after, new.seed)],
                        ));
                    }
                }
                (Some(_), None) => broken.push(BrokenCell { reason: fault(&after), cell }),
                (None, _) => {
                    notes.push(format!("{} was not well in the old record and is left out.", cell.place()))
                }
            }
        }
        let judged = found.iter().filter(|(_, estimate)| estimate.is_some()).count();
        if judged == 0 && broken.is_empty() {
            return Err(NotComparable(vec![format!(
                "no figure has {FEWEST_ROUNDS} rounds and enough jobs in both; measure with --rounds 6"
            )]));
        }
        let p: Vec<f64> = found.iter().filter_map(|(_, estimate)| Some(estimate.as_ref()?.p())).collect();
        let mut corrected = adjusted(&p).into_iter();
        let rows = found.into_iter().map(|(row, estimate)| match estimate {
            Some(estimate) => {
                let p = corrected.next().unwrap_or(1.0);
                GateRow { p: Some(p), verdict: judge(row.metric, &estimate, p, row.threshold), ..row }
            }
            None => row,
        });
        let mut gate = Self {
            passed: true,
            headline: String::new(),
            base: clean(&base.created),
            new: clean(&new.created),
            rows: rows.collect(),
            broken,
            notes,
        };
        gate.passed = gate.broken.is_empty() && gate.of(ComparisonVerdict::Slower).next().is_none();
        gate.headline = page::headline(&gate);
        Ok(gate)
    }

    /// The rows of a verdict.
    pub fn of(&self, verdict: ComparisonVerdict) -> impl Iterator<Item = &GateRow> {
        self.rows.iter().filter(move |row| row.verdict == verdict)
    }

    /// For a terminal of 100 columns.
    pub fn text(&self) -> String {
        page::text(self)
    }

    /// For a comment on a pull request.
    pub fn markdown(&self) -> String {
        page::markdown(self)
    }

    /// For a CI server, as JUnit XML: a test case a row, a failure where it got worse, skipped where it cannot be told.
    pub fn junit(&self) -> String {
        junit::write(self)
    }
}

impl GateCell {
    fn of(row: &Measurement) -> Self {
        Self {
            engine: clean(&row.engine),
            workload: clean(&row.workload),
            isolation: row.isolation,
            reuse: row.reuse,
            load: load_text(row.workers, &row.plan),
        }
    }

    /// In words.
    pub fn place(&self) -> String {
        format!("{} on {} under {}/{}", self.engine, self.workload, self.isolation, self.reuse)
    }
}

/// The rows of one cell in both records.
struct Pair<'a> {
    cell: GateCell,
    base: Vec<&'a Measurement>,
    new: Vec<&'a Measurement>,
}

/// The cells of both records, and what is in only one of them, in words.
fn cells<'a>(base: &'a RunRecord, new: &'a RunRecord) -> (Vec<Pair<'a>>, Vec<String>) {
    let groups = |record: &'a RunRecord| {
        let mut groups: Vec<Vec<&Measurement>> = Vec::new();
        for row in record.measurements.iter().filter(|row| row.label.is_none() && row.step.is_none()) {
            match groups.iter_mut().find(|group| is_same(group[0], row)) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        groups
    };
    let (mut before, mut after) = (groups(base), groups(new));
    let mut pairs = Vec::new();
    before.retain(|base| match after.iter().position(|new| is_same(base[0], new[0])) {
        Some(at) => {
            pairs.push(Pair { cell: GateCell::of(base[0]), base: base.clone(), new: after.remove(at) });
            false
        }
        None => true,
    });
    pairs.sort_by(|a, b| {
        let key = |pair: &Pair<'_>| {
            (pair.cell.isolation, pair.cell.reuse, pair.cell.workload.clone(), pair.cell.engine.clone())
        };
        key(a).cmp(&key(b))
    });
    let only = [(before, "old"), (after, "new")].into_iter().filter_map(|(groups, which)| {
        let places: BTreeSet<String> = groups.iter().map(|group| GateCell::of(group[0]).place()).collect();
        let places: Vec<String> = places.into_iter().collect();
        (!places.is_empty()).then(|| {
            let some = super::view::some_of(&places, 4);
            format!("Only in the {which} record, or under another load, and left out: {some}.")
        })
    });
    (pairs, only.collect())
}

/// Whether two rows are of the same cell under the same load.
fn is_same(one: &Measurement, other: &Measurement) -> bool {
    one.is_same_cell(other) && Plan { seed: 0, ..one.plan } == Plan { seed: 0, ..other.plan }
}

/// The smallest change that counts: what is asked for, but no less than either record's A/A floor.
fn threshold(base: &RunRecord, new: &RunRecord, rules: &GateRules, metric: Metric) -> f64 {
    let of_records = || base.minimal_effect.into_iter().chain(new.minimal_effect).reduce(f64::max);
    let asked = rules.thresholds.get(&metric).copied().or(rules.minimal_effect).or_else(of_records);
    let floors = [base, new].into_iter().filter_map(|record| Some(record.noise_floor.as_ref()?.of(metric)));
    floors.fold(asked.unwrap_or(MINIMAL_EFFECT), f64::max)
}

fn row(
    cell: GateCell,
    metric: Metric,
    threshold: f64,
    sides: [(&Side, u64); 2],
) -> (GateRow, Option<Estimate>) {
    let drawn = sides.map(|(side, seed)| side.draw(metric, &Resamples::new(side.numbers().len(), seed)));
    // Records of different days have nothing in common but the machine.
    let estimate = match &drawn {
        [Some(base), Some(new)] => new.estimate_over(base),
        _ => None,
    };
    let [base, new] = drawn.map(|drawn| {
        let figure = drawn?.ratio();
        Some(if metric.quantile().is_some() { figure / 1e3 } else { figure })
    });
    let row = GateRow {
        cell,
        metric,
        base,
        new,
        ratio: estimate.map(|estimate| estimate.ratio()),
        interval: estimate.map(|estimate| estimate.interval()),
        p: None,
        threshold,
        verdict: ComparisonVerdict::NotEnoughData,
    };
    (row, estimate)
}

/// What became of a cell that is not well.
fn fault(rows: &[&Measurement]) -> String {
    let of_row = |row: &&Measurement| match (&row.summary, &row.error) {
        (None, Some(error)) => Some(clean(error)),
        (None, None) => Some("no summary and no reason".to_owned()),
        (Some(summary), _) if summary.errors() + summary.lost() > 0 => Some(format!(
            "{} of {} jobs failed, got lost or were answered wrongly{}",
            summary.errors() + summary.lost(),
            summary.submitted,
            summary.failures.first().map_or(String::new(), |first| format!(" ({})", clean(first)))
        )),
        (Some(_), _) => None,
    };
    rows.iter().find_map(of_row).unwrap_or_else(|| "a damaged histogram".to_owned())
}
