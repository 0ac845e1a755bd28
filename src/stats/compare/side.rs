//! One side of a comparison: its rounds, and figures of any draw of them.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::{Drawn, Metric};
use crate::stats::LatencyHistogram;

/// How often rounds are drawn anew: enough that the error of the error is 2 %.
const RESAMPLES: usize = 1_000;

/// Draws of rounds with replacement: how often each round is in each. The same for every side, so that rounds that
/// were measured side by side stay together.
#[derive(Debug, Clone)]
pub struct Resamples {
    rounds: usize,
    draws: Vec<Vec<u32>>,
}

/// One round of one side.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its number: rounds of the same number were measured side by side.
    pub number: u32,
    /// Seconds on the clock.
    pub elapsed_s: f64,
    /// Correct answers a second.
    pub throughput_per_s: f64,
    /// Response times.
    pub response: LatencyHistogram,
}

/// The rounds of one side, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Side {
    numbers: Vec<u32>,
    seconds: Vec<f64>,
    answers: Vec<f64>,
    jobs: Vec<u64>,
    /// Response times that occur, nanoseconds, with how many jobs of each round do not exceed them.
    steps: Vec<(u64, Vec<u64>)>,
}

impl Resamples {
    /// The draws for sides of so many rounds.
    pub fn new(rounds: usize, seed: u64) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let draw = |_| {
            let mut times = vec![0; rounds];
            (0..rounds).for_each(|_| times[random.random_range(0..rounds)] += 1);
            times
        };
        Self { rounds, draws: (0..RESAMPLES).map(draw).collect() }
    }
}

impl Side {
    /// Of these rounds, in whatever order.
    pub fn new(mut rounds: Vec<Round>) -> Self {
        rounds.sort_by_key(|round| round.number);
        let mut values: Vec<u64> =
            rounds.iter().flat_map(|round| round.response.steps().map(|(nanos, _)| nanos)).collect();
        values.sort_unstable();
        values.dedup();
        let mut steps: Vec<(u64, Vec<u64>)> =
            values.into_iter().map(|nanos| (nanos, Vec::with_capacity(rounds.len()))).collect();
        for round in &rounds {
            let mut jobs = round.response.steps().peekable();
            let mut below = 0;
            for (nanos, counts) in &mut steps {
                below += jobs.next_if(|(step, _)| step == nanos).map_or(0, |(_, count)| count);
                counts.push(below);
            }
        }
        Self {
            numbers: rounds.iter().map(|round| round.number).collect(),
            seconds: rounds.iter().map(|round| round.elapsed_s).collect(),
            answers: rounds.iter().map(|round| round.throughput_per_s * round.elapsed_s).collect(),
            jobs: rounds.iter().map(|round| round.response.len()).collect(),
            steps,
        }
    }

    /// Numbers of its rounds, rising.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// A figure of all rounds, of each, and of each resample. Nothing where there are too few jobs, or where some draw
    /// has no such figure (no job ended in it).
    pub fn draw(&self, metric: Metric, resamples: &Resamples) -> Option<Drawn> {
        debug_assert_eq!(resamples.rounds, self.numbers.len());
        let all = self.numbers.len();
        if all == 0 || self.jobs.iter().sum::<u64>() < metric.fewest_jobs() {
            return None;
        }
        let alone = |round| (0..all).map(|other| u32::from(other == round)).collect::<Vec<_>>();
        let drawn = Drawn {
            metric,
            whole: self.figure(metric, &vec![1; all]),
            rounds: (0..all).map(|round| self.figure(metric, &alone(round))).collect(),
            resamples: resamples.draws.iter().map(|times| self.figure(metric, times)).collect(),
        };
        let mut figures = drawn.rounds.iter().chain(&drawn.resamples);
        (drawn.whole.is_finite() && figures.all(|figure| figure.is_finite())).then_some(drawn)
    }

    /// The logarithm of a figure of rounds taken so many times each.
    fn figure(&self, metric: Metric, times: &[u32]) -> f64 {
        let sum =
            |of: &[f64]| of.iter().zip(times).map(|(value, &times)| value * f64::from(times)).sum::<f64>();
        match metric.quantile() {
            None => (sum(&self.answers) / sum(&self.seconds)).ln(),
            Some(quantile) => self.quantile(quantile, times).ln(),
        }
    }

    /// Nanoseconds that this part of the jobs do not exceed; NaN without a job.
    fn quantile(&self, quantile: f64, times: &[u32]) -> f64 {
        let count =
            |of: &[u64]| of.iter().zip(times).map(|(jobs, &times)| jobs * u64::from(times)).sum::<u64>();
        let all = count(&self.jobs);
        let wanted = ((quantile * all as f64).ceil() as u64).clamp(1, all.max(1));
        let at = self.steps.partition_point(|(_, below)| count(below) < wanted);
        self.steps.get(at).map_or(f64::NAN, |(nanos, _)| *nanos as f64)
    }
}
