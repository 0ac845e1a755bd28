//! Engines held against one another: the record's comparisons, found again by their place in the tables.

use crate::record::{ALL_WORKLOADS, Comparison, NoiseFloor, RunRecord};
use crate::report::Quantity;
use crate::stats::compare::{ComparisonVerdict, Metric};

use super::text::plural;
use super::{Report, Row, Setting, SettingKey, within_floor};

/// The comparisons of a record.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Comparisons<'a>(&'a [Comparison]);

/// Two engines under one load, on a workload or on all of them.
#[derive(Debug)]
pub(in crate::report) struct Pair<'a> {
    /// Places of both engines.
    pub engines: [usize; 2],
    /// In the order of [`Metric::ALL`]; nothing where there were too few jobs.
    pub metrics: [Option<&'a Comparison>; 4],
}

impl<'a> Comparisons<'a> {
    /// Those of this record.
    pub fn of(record: &'a RunRecord) -> Self {
        Self(&record.comparisons)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of two engines on a row, or with `None` on all workloads under the load of that row, in whichever order they
    /// are compared.
    pub fn find(
        &self,
        setting: &SettingKey,
        row: &Row,
        workload: Option<&str>,
        engines: [&str; 2],
        metric: Metric,
    ) -> Option<&'a Comparison> {
        let workload = workload.unwrap_or(ALL_WORKLOADS);
        self.0.iter().find(|one| {
            let here = (one.isolation, one.reuse, one.policies.unwrap_or_default(), None);
            one.metric == metric
                && one.workload == workload
                && here == *setting
                && (one.workers, one.arrivals) == (row.workers, row.plan.arrivals)
                && ([&*one.a, &*one.b] == engines || [&*one.b, &*one.a] == engines)
        })
    }

    /// Whether two engines, some relative difference apart, cannot be told from each other: by their comparison, or where
    /// there is none by the A/A floor.
    pub fn is_same(
        comparison: Option<&Comparison>,
        difference: f64,
        floor: Option<&NoiseFloor>,
        metric: Metric,
    ) -> bool {
        match comparison {
            Some(comparison) => !comparison.verdict.is_different(),
            None => within_floor(difference, floor.map(|floor| floor.of(metric))),
        }
    }

    /// How many came to each verdict: better or worse, no difference, not enough data.
    pub fn counts(&self) -> [u64; 3] {
        let mut counts = [0; 3];
        for one in self.0 {
            counts[match one.verdict {
                ComparisonVerdict::Faster | ComparisonVerdict::Slower => 0,
                ComparisonVerdict::NoDifference => 1,
                ComparisonVerdict::NotEnoughData => 2,
            }] += 1;
        }
        counts
    }

    /// What became of all of them, in words.
    pub fn told(&self) -> String {
        let [different, none, open] = self.counts().map(Quantity::Count);
        format!(
            "Of {}, {different} came to a difference, {none} to none, and {open} had not enough data to tell",
            plural(self.0.len() as u64, "comparison")
        )
    }

    /// The smallest difference that counts, lowest and highest over all metrics.
    pub fn minimal_effects(&self) -> Option<[f64; 2]> {
        let all = || self.0.iter().map(|one| one.minimal_effect);
        Some([all().reduce(f64::min)?, all().reduce(f64::max)?])
    }
}

impl Report<'_> {
    /// The comparison of two engines on a row, in whichever order.
    pub(in crate::report) fn comparison(
        &self,
        setting: &Setting,
        row: &Row,
        engines: [usize; 2],
        metric: Metric,
    ) -> Option<&Comparison> {
        let ids = engines.map(|place| &*self.engines[place].id);
        let workload = &*self.workloads[row.workload].id;
        self.comparisons().find(&setting.key(), row, Some(workload), ids, metric)
    }

    /// Every pair that was compared on a row, or with `of_all` on all workloads under its load.
    pub(in crate::report) fn pairs<'b>(
        &'b self,
        setting: &Setting,
        row: &Row,
        of_all: bool,
    ) -> Vec<Pair<'b>> {
        let workload = (!of_all).then(|| self.workloads[row.workload].id.as_str());
        let key = setting.key();
        let comparisons = self.comparisons();
        let mut pairs = Vec::new();
        for a in 0..self.engines.len() {
            for b in a + 1..self.engines.len() {
                let ids = [&*self.engines[a].id, &*self.engines[b].id];
                let found = |metric| comparisons.find(&key, row, workload, ids, metric);
                let metrics = Metric::ALL.map(|metric| found(metric).filter(|one| one.a == ids[0]));
                if metrics.iter().any(Option::is_some) {
                    pairs.push(Pair { engines: [a, b], metrics });
                }
            }
        }
        pairs
    }
}
