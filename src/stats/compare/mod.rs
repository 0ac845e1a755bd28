//! Comparison of two sides over their rounds: ratios with intervals, and verdicts.
//!
//! Jobs of one round share its process, its heap and the weather of the machine, so they are no independent samples;
//! rounds are. Everything is done on logarithms, where a ratio is a difference and twice as fast is as far from one as
//! half as fast. Intervals and p-values are those of Student's t over an error that the rounds show.
//!
//! Figures of one side and ratios of throughput are those of all rounds together, and what is resampled for their
//! error is whole rounds (a block bootstrap: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993,
//! chapters 6 and 8). A percentile of a resample is that of all its jobs together.
//!
//! For ratios of percentiles there is a second estimate, of typical rounds (a trimmed mean). A machine that stands still for
//! a moment takes its length from a round's throughput and no more, but where one job in a hundred waited for it, it is that
//! round's 99th percentile, and one such round of six would hide any difference there is. The estimate with the narrower
//! interval counts, and pays for having been chosen.

mod estimate;
mod figure;
mod judge;
mod side;

pub use estimate::Estimate;
pub use figure::Metric;
pub use judge::{ComparisonVerdict, adjusted, judge};
pub use side::{Resamples, Round, Side};

/// Fewer rounds than this have no interval worth the name.
pub const FEWEST_ROUNDS: usize = 3;

/// Chance that an interval does not hold what it is for.
const BEYOND: f64 = 0.05;

/// The logarithm of a figure: of all rounds together, of each alone, and of each resample. Differences and means of
/// these are again such, which is how figures become ratios, and ratios of many workloads one.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub(super) metric: Metric,
    pub(super) whole: f64,
    pub(super) rounds: Vec<f64>,
    pub(super) resamples: Vec<f64>,
}

impl Drawn {
    /// The ratio to another figure of the very same rounds.
    pub fn over(&self, other: &Self) -> Self {
        let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        debug_assert_eq!(self.metric, other.metric);
        Self {
            metric: self.metric,
            whole: self.whole - other.whole,
            rounds: minus(&self.rounds, &other.rounds),
            resamples: minus(&self.resamples, &other.resamples),
        }
    }

    /// The geometric mean of several over the very same rounds; nothing of none.
    pub fn mean(all: &[Self]) -> Option<Self> {
        let first = all.first()?;
        let mean = |of: &dyn Fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Some(Self {
            metric: first.metric,
            whole: mean(&|one| one.whole),
            rounds: (0..first.rounds.len()).map(|round| mean(&|one| one.rounds[round])).collect(),
            resamples: (0..first.resamples.len()).map(|at| mean(&|one| one.resamples[at])).collect(),
        })
    }

    /// What a figure of one side is worth: of all rounds together. Nothing for fewer than [`FEWEST_ROUNDS`] rounds.
    pub fn figure(&self) -> Option<Estimate> {
        Estimate::of_all(self.whole, &self.rounds, &self.resamples)
    }

    /// What a ratio of two figures of the same rounds is worth. Nothing for fewer than [`FEWEST_ROUNDS`] rounds.
    pub fn estimate(&self) -> Option<Estimate> {
        Estimate::narrowest(self.estimates())
    }

    /// What the ratio to another figure is worth, whose rounds have nothing to do with these. Nothing for fewer than
    /// [`FEWEST_ROUNDS`] rounds of either.
    pub fn estimate_over(&self, other: &Self) -> Option<Estimate> {
        debug_assert_eq!(self.metric, other.metric);
        let pairs = self.estimates().into_iter().zip(other.estimates());
        Estimate::narrowest(pairs.map(|(a, b)| Estimate::independent(a, b)))
    }

    /// By every method there is for its metric, always in the same order.
    fn estimates(&self) -> Vec<Estimate> {
        let typical = self.metric.quantile().and_then(|_| Estimate::of_typical(&self.rounds));
        self.figure().into_iter().chain(typical).collect()
    }

    /// How many rounds it is over.
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// The figure, or ratio, of all rounds together.
    pub fn ratio(&self) -> f64 {
        self.whole.exp()
    }
}

#[cfg(test)]
mod tests;
