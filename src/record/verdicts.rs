//! How often verdicts are right, counted on servers that are known to be the same, or known to be slower.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::compare::{ComparisonVerdict, Metric};

/// Largest share of comparisons of a server with itself that may be called different.
const MOST_FALSE: f64 = 0.05;
/// Smallest share of real differences that has to be found.
const LEAST_FOUND: f64 = 0.90;

/// What came of so many comparisons of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictRate {
    /// The server: `even`, whose jobs are all alike, or `uneven`, which has a tail.
    pub server: String,
    /// By how much the service times of the one were longer than those of the other: 0.05 is 5 %, and 0 the same server.
    pub injected: f64,
    /// By which metric they were compared.
    pub metric: Metric,
    /// How often the slower server, or the same one again, was called faster.
    pub faster: u32,
    /// How often it was called slower.
    pub slower: u32,
    /// How often there was no difference.
    pub no_difference: u32,
    /// How often there was not enough data.
    pub not_enough_data: u32,
}

/// What a kind of comparison has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To be called different in 5 % at most.
    Same,
    /// To be called slower in 90 % at least.
    Found,
    /// Nothing: it is counted to be looked at.
    Nothing,
}

impl VerdictRate {
    /// None yet of this kind.
    pub fn none(server: &str, injected: f64, metric: Metric) -> Self {
        let server = server.to_owned();
        Self { server, injected, metric, faster: 0, slower: 0, no_difference: 0, not_enough_data: 0 }
    }

    /// One more.
    pub fn count(&mut self, verdict: ComparisonVerdict) {
        *match verdict {
            ComparisonVerdict::Faster => &mut self.faster,
            ComparisonVerdict::Slower => &mut self.slower,
            ComparisonVerdict::NoDifference => &mut self.no_difference,
            ComparisonVerdict::NotEnoughData => &mut self.not_enough_data,
        } += 1;
    }

    /// How many there were.
    pub fn comparisons(&self) -> u32 {
        self.faster + self.slower + self.no_difference + self.not_enough_data
    }

    /// Share of them that were called different, 0 to 1.
    pub fn different(&self) -> f64 {
        share(self.faster + self.slower, self.comparisons())
    }

    /// Share of them that were called slower, 0 to 1.
    pub fn found(&self) -> f64 {
        share(self.slower, self.comparisons())
    }

    /// What is asked of its kind: that the same is the same by every metric, that 5 % of service time are found in the
    /// throughput, and 10 % in the 99th percentile.
    pub fn asked(&self) -> Asked {
        let is = |injected: f64| (self.injected - injected).abs() < 1e-9;
        match self.metric {
            _ if is(0.0) => Asked::Same,
            Metric::Throughput if is(0.05) => Asked::Found,
            Metric::P99 if is(0.10) => Asked::Found,
            _ => Asked::Nothing,
        }
    }

    /// Whether it shows what is asked.
    pub fn is_as_asked(&self) -> bool {
        match self.asked() {
            Asked::Same => self.different() <= MOST_FALSE,
            Asked::Found => self.found() >= LEAST_FOUND,
            Asked::Nothing => true,
        }
    }

    /// Whether another counts the same kind of comparison.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        let injected = (self.injected - other.injected).abs() < 1e-9;
        injected && (&self.server, self.metric) == (&other.server, other.metric)
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        self.faster += other.faster;
        self.slower += other.slower;
        self.no_difference += other.no_difference;
        self.not_enough_data += other.not_enough_data;
    }

    /// Those of all servers together, by what was injected and metric.
    pub fn together(rows: &[Self]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for row in rows {
            let row = Self { server: "all".to_owned(), ..row.clone() };
            match all.iter_mut().find(|one| one.is_same_kind(&row)) {
                Some(one) => one.add(&row),
                None => all.push(row),
            }
        }
        all
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(injected: f64, metric: Metric, slower: u32, no_difference: u32) -> VerdictRate {
        VerdictRate { slower, no_difference, ..VerdictRate::none("even", injected, metric) }
    }

    #[test]
    fn what_is_asked_depends_on_what_was_injected() {
        assert!(counted(0.0, Metric::P99, 5, 95).is_as_asked());
        assert!(!counted(0.0, Metric::P99, 6, 94).is_as_asked());
        let faster =
            VerdictRate { faster: 6, no_difference: 94, ..VerdictRate::none("even", 0.0, Metric::P50) };
        assert!(!faster.is_as_asked(), "faster is as wrong as slower");
        assert!(counted(0.05, Metric::Throughput, 90, 10).is_as_asked());
        assert!(!counted(0.05, Metric::Throughput, 89, 11).is_as_asked());
        assert!(!counted(0.10, Metric::P99, 0, 0).is_as_asked(), "what was never tried is not found");
        assert!(counted(0.05, Metric::P99, 0, 100).is_as_asked(), "5 % are not asked of a tail");
    }

    #[test]
    fn servers_add_up() {
        let other = VerdictRate { server: "uneven".to_owned(), ..counted(0.0, Metric::P50, 1, 9) };
        let rows = [counted(0.0, Metric::P50, 2, 8), other, counted(0.05, Metric::P50, 10, 0)];
        let all = VerdictRate::together(&rows);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].slower, all[0].comparisons(), &*all[0].server), (3, 20, "all"));
    }

    #[test]
    fn every_verdict_counts_once() {
        let mut rate = VerdictRate::none("even", 0.0, Metric::P95);
        rate.count(ComparisonVerdict::Faster);
        rate.count(ComparisonVerdict::NotEnoughData);
        rate.count(ComparisonVerdict::NotEnoughData);
        assert_eq!((rate.comparisons(), rate.faster, rate.not_enough_data), (3, 1, 2));
        assert!((rate.different() - 1.0 / 3.0).abs() < 1e-12);
    }
}
