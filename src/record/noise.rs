//! The A/A floor: how far two measurements of the same thing are apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Measurement;
use super::comparisons::side;
use crate::executor::Isolation;
use crate::stats::compare::{FEWEST_ROUNDS, Metric, Resamples};

/// The label of an A/A pair's second half.
pub const AGAIN: &str = "A/A";

/// How much two measurements of the same thing differed here: any smaller difference is "no difference". Each figure
/// is a relative difference (0.05 is 5 %) of one and the same cell measured twice, over all its rounds together; or, of
/// fewer than three rounds, the largest in one of them. Of several cells, the worst.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoiseFloor {
    /// The engine measured twice.
    pub engine: String,
    /// On this workload.
    pub workload: String,
    /// Under this isolation.
    pub isolation: Isolation,
    /// Pairs of measurements.
    pub pairs: u32,
    /// Of throughput.
    pub throughput: f64,
    /// Of the median response time.
    pub p50: f64,
    /// Of the 95th percentile; absent from older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// Of the 99th percentile.
    pub p99: f64,
}

impl NoiseFloor {
    /// That of a metric.
    pub fn of(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Throughput => self.throughput,
            Metric::P50 => self.p50,
            Metric::P95 => self.p95.unwrap_or(self.p99),
            Metric::P99 => self.p99,
        }
    }

    /// The floor that these measurements show; nothing without an A/A pair.
    pub fn measured(measurements: &[Measurement], seed: u64) -> Option<Self> {
        let mut cells: Vec<Vec<Pair<'_>>> = Vec::new();
        for pair in pairs(measurements) {
            match cells.iter_mut().find(|cell| cell[0].1.is_same_cell(pair.1)) {
                Some(cell) => cell.push(pair),
                None => cells.push(vec![pair]),
            }
        }
        cells.iter().map(|cell| Self::of_cell(cell, seed)).reduce(Self::worse)
    }

    fn of_cell(pairs: &[Pair<'_>], seed: u64) -> Self {
        let (_, second) = pairs[0];
        let floor = |metric| over_rounds(pairs, metric, seed).unwrap_or_else(|| largest(pairs, metric));
        Self {
            engine: second.engine.clone(),
            workload: second.workload.clone(),
            isolation: second.isolation,
            pairs: pairs.len() as u32,
            throughput: floor(Metric::Throughput),
            p50: floor(Metric::P50),
            p95: Some(floor(Metric::P95)),
            p99: floor(Metric::P99),
        }
    }

    /// The floor of two, named after the noisier: what is no difference in one part is none in the whole.
    pub fn worse(self, other: Self) -> Self {
        let (quiet, noisy) = if other.throughput > self.throughput { (self, other) } else { (other, self) };
        Self {
            pairs: noisy.pairs + quiet.pairs,
            p50: noisy.p50.max(quiet.p50),
            p95: noisy.p95.into_iter().chain(quiet.p95).reduce(f64::max),
            p99: noisy.p99.max(quiet.p99),
            ..noisy
        }
    }
}

/// A cell in one round, and the same again.
type Pair<'a> = (&'a Measurement, &'a Measurement);

/// Both halves of each pair that has figures.
fn pairs(measurements: &[Measurement]) -> Vec<Pair<'_>> {
    let again = measurements.iter().filter(|row| row.label.as_deref() == Some(AGAIN));
    again
        .filter_map(|second| {
            let first = Measurement { label: None, ..second.clone() };
            let is_first = |row: &&Measurement| row.round == second.round && row.is_same_cell(&first);
            let first = measurements.iter().find(is_first)?;
            (first.summary.is_some() && second.summary.is_some()).then_some((first, second))
        })
        .collect()
}

fn over_rounds(pairs: &[Pair<'_>], metric: Metric, seed: u64) -> Option<f64> {
    if pairs.len() < FEWEST_ROUNDS {
        return None;
    }
    let resamples = Resamples::new(pairs.len(), seed);
    let first = side(pairs.iter().map(|(first, _)| *first))?.draw(metric, &resamples)?;
    let second = side(pairs.iter().map(|(_, second)| *second))?.draw(metric, &resamples)?;
    Some(first.over(&second).estimate()?.log_ratio.abs().exp_m1())
}

fn largest(pairs: &[Pair<'_>], metric: Metric) -> f64 {
    let figure = |row: &Measurement| {
        row.summary.as_ref().map_or(0.0, |summary| match metric {
            Metric::Throughput => summary.throughput_per_s,
            Metric::P50 => summary.response_us.p50,
            Metric::P95 => summary.response_us.p95,
            Metric::P99 => summary.response_us.p99,
        })
    };
    pairs.iter().map(|(first, second)| difference(figure(first), figure(second))).fold(0.0, f64::max)
}

/// How far apart two figures are, relative to the smaller.
fn difference(a: f64, b: f64) -> f64 {
    let smaller = a.min(b);
    if smaller > 0.0 { (a - b).abs() / smaller } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_relative_to_the_smaller() {
        assert!((difference(100.0, 110.0) - 0.1).abs() < 1e-12);
        assert!((difference(110.0, 100.0) - 0.1).abs() < 1e-12);
        assert!(difference(0.0, 5.0).abs() < f64::EPSILON);
    }
}
