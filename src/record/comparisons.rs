//! Engines held against one another, workload by workload and over all of them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Measurement, RunRecord};
use crate::executor::{Isolation, PolicyChoice, Reuse};
use crate::load::{Arrivals, Plan};
use crate::stats::compare::{
    ComparisonVerdict, Drawn, Estimate, FEWEST_ROUNDS, Metric, Resamples, Round, Side, adjusted, judge,
};

/// The smallest relative difference that matters where nothing else is asked for: 2 %.
pub const MINIMAL_EFFECT: f64 = 0.02;

/// Stands for all workloads that two engines completed: the geometric mean of their ratios.
pub const ALL_WORKLOADS: &str = "*";

/// Two engines on one workload, or on all of them, under the same load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Workload, as suite/name; `*` for the geometric mean over all that both completed.
    pub workload: String,
    /// What is compared.
    pub metric: Metric,
    /// Isolation.
    pub isolation: Isolation,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// Workers in the pool.
    pub workers: u32,
    /// How jobs arrive.
    pub arrivals: Arrivals,
    /// What stood in front of the executor; absent when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<PolicyChoice>,
    /// The engine that the verdict is said of.
    pub a: String,
    /// The engine that it is held against.
    pub b: String,
    /// Rounds that both have: they are paired, for they were measured side by side.
    pub rounds: u32,
    /// The figure of `a` divided by that of `b`: over all rounds together, or in typical rounds where that tells more of a
    /// percentile.
    pub ratio: f64,
    /// The 95 % interval of that ratio, of this comparison alone.
    pub interval: [f64; 2],
    /// Chance of such a ratio without a difference, corrected for the number of comparisons in the record (Benjamini
    /// and Hochberg).
    pub p: f64,
    /// The smallest relative difference that counts here: what was asked for, or the A/A floor if that is larger.
    pub minimal_effect: f64,
    /// What it came to.
    pub verdict: ComparisonVerdict,
}

/// All comparisons that the measurements of a record allow, in a fixed order. Engines are compared where every job of
/// every round came to the right answer, over the rounds that all of a setting have; fewer than three allow none. The
/// second halves of A/A pairs and the steps of an ablation are not compared.
pub fn comparisons(record: &RunRecord) -> Vec<Comparison> {
    let mut settings: Vec<Setting<'_>> = Vec::new();
    for row in record.measurements.iter().filter(|row| row.label.is_none() && row.step.is_none()) {
        match settings.iter_mut().find(|setting| setting.holds(row)) {
            Some(setting) => setting.rows.push(row),
            None => settings.push(Setting { rows: vec![row] }),
        }
    }
    settings
        .sort_by_key(|setting| (setting.rows[0].isolation, setting.rows[0].reuse, setting.rows[0].workers));
    let mut found: Vec<(Comparison, Estimate)> = Vec::new();
    for setting in &settings {
        found.extend(setting.compare(record));
    }
    let p: Vec<f64> = found.iter().map(|(_, estimate)| estimate.p()).collect();
    let corrected = adjusted(&p);
    found
        .into_iter()
        .zip(corrected)
        .map(|((comparison, estimate), p)| Comparison {
            p,
            verdict: judge(comparison.metric, &estimate, p, comparison.minimal_effect),
            ..comparison
        })
        .collect()
}

/// A side of these rows, if there is one: in each of them, every job came to the right answer.
pub fn side<'a>(rows: impl IntoIterator<Item = &'a Measurement>) -> Option<Side> {
    let rounds: Option<Vec<Round>> = rows.into_iter().map(round).collect();
    rounds.filter(|rounds| !rounds.is_empty()).map(Side::new)
}

fn round(row: &Measurement) -> Option<Round> {
    let summary = row.summary.as_ref().filter(|summary| summary.errors() == 0 && summary.lost() == 0)?;
    Some(Round {
        number: row.round,
        elapsed_s: summary.elapsed_s,
        throughput_per_s: summary.throughput_per_s,
        // Whoever reads the record is told of a damaged one.
        response: summary.response_histogram.decode().ok()?,
    })
}

/// All rows under one isolation, reuse and load.
struct Setting<'a> {
    rows: Vec<&'a Measurement>,
}

/// The figures of one engine on one workload.
type Figures = BTreeMap<Metric, Drawn>;

impl Setting<'_> {
    fn holds(&self, row: &Measurement) -> bool {
        let of = |row: &Measurement| {
            (row.isolation, row.reuse, row.workers, row.policies, Plan { seed: 0, ..row.plan })
        };
        of(self.rows[0]) == of(row)
    }

    fn compare(&self, record: &RunRecord) -> Vec<(Comparison, Estimate)> {
        let engines = in_order(&record.engines, |entry| &entry.id, self.rows.iter().map(|row| &row.engine));
        let workloads =
            in_order(&record.workloads, |entry| &entry.name, self.rows.iter().map(|row| &row.workload));
        let figures = self.figures(&engines, &workloads, record.seed);
        let mut found = Vec::new();
        for (place, a) in engines.iter().enumerate() {
            for b in &engines[place + 1..] {
                for metric in Metric::ALL {
                    let of = |engine: &String, workload: &String| {
                        figures.get(&(engine.clone(), workload.clone())).and_then(|all| all.get(&metric))
                    };
                    let ratios: Vec<(&String, Drawn)> = workloads
                        .iter()
                        .filter_map(|workload| Some((workload, of(a, workload)?.over(of(b, workload)?))))
                        .collect();
                    let all: Vec<Drawn> = ratios.iter().map(|(_, ratio)| ratio.clone()).collect();
                    let mean = Drawn::mean(&all).filter(|_| all.len() > 1);
                    let every = mean.map(|mean| (ALL_WORKLOADS.to_owned(), mean));
                    let each = ratios.into_iter().map(|(workload, ratio)| (workload.clone(), ratio));
                    for (workload, ratio) in every.into_iter().chain(each) {
                        found.extend(self.row(record, metric, (a, b), workload, &ratio));
                    }
                }
            }
        }
        found
    }

    /// What each engine came to on each workload, over the rounds that all of them have.
    fn figures(
        &self,
        engines: &[String],
        workloads: &[String],
        seed: u64,
    ) -> BTreeMap<(String, String), Figures> {
        let mut sides = Vec::new();
        for workload in workloads {
            for engine in engines {
                let rows = self.rows.iter().filter(|row| (&row.engine, &row.workload) == (engine, workload));
                let rows: Vec<&Measurement> = rows.copied().collect();
                if let Some(side) = side(rows.iter().copied()) {
                    let numbers: BTreeSet<u32> = side.numbers().iter().copied().collect();
                    sides.push(((engine.clone(), workload.clone()), rows, side, numbers));
                }
            }
        }
        let common = sides
            .iter()
            .map(|(.., numbers)| numbers.clone())
            .reduce(|a, b| a.intersection(&b).copied().collect())
            .unwrap_or_default();
        if common.len() < FEWEST_ROUNDS {
            return BTreeMap::new();
        }
        let resamples = Resamples::new(common.len(), seed);
        let mut figures = BTreeMap::new();
        for (cell, rows, whole, numbers) in sides {
            let kept = if numbers == common {
                Some(whole)
            } else {
                side(rows.into_iter().filter(|row| common.contains(&row.round)))
            };
            let Some(kept) = kept else { continue };
            let drawn = Metric::ALL
                .into_iter()
                .filter_map(|metric| Some((metric, kept.draw(metric, &resamples)?)))
                .collect();
            figures.insert(cell, drawn);
        }
        figures
    }

    fn row(
        &self,
        record: &RunRecord,
        metric: Metric,
        (a, b): (&String, &String),
        workload: String,
        ratio: &Drawn,
    ) -> Option<(Comparison, Estimate)> {
        let estimate = ratio.estimate()?;
        let first = self.rows[0];
        let floor = record.noise_floor.as_ref().map_or(0.0, |floor| floor.of(metric));
        let comparison = Comparison {
            workload,
            metric,
            isolation: first.isolation,
            reuse: first.reuse,
            workers: first.workers,
            arrivals: first.plan.arrivals,
            policies: first.policies,
            a: a.clone(),
            b: b.clone(),
            rounds: ratio.rounds() as u32,
            ratio: estimate.ratio(),
            interval: estimate.interval(),
            p: 1.0,
            minimal_effect: record.minimal_effect.unwrap_or(MINIMAL_EFFECT).max(floor),
            verdict: ComparisonVerdict::NotEnoughData,
        };
        Some((comparison, estimate))
    }
}

/// Names that rows mention: those of the record's list in its order, then others by the alphabet.
fn in_order<'a, T>(
    list: &[T],
    name: impl Fn(&T) -> &String,
    mentioned: impl Iterator<Item = &'a String>,
) -> Vec<String> {
    let mentioned: BTreeSet<&String> = mentioned.collect();
    let mut names: Vec<String> =
        list.iter().map(&name).filter(|name| mentioned.contains(name)).cloned().collect();
    names.extend(mentioned.into_iter().filter(|one| list.iter().all(|entry| name(entry) != *one)).cloned());
    names
}

#[cfg(test)]
mod tests;
