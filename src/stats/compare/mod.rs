//! Comparison of two sides over their rounds: ratios with intervals, and verdicts.
//!
//! Jobs of one round share its process, its heap and the weather of the machine, so they are no independent samples;
//! rounds are. What is resampled is therefore whole rounds (a block bootstrap: B. Efron and R. J. Tibshirani, "An
//! Introduction to the Bootstrap", 1993, chapters 6 and 8). A percentile of a resample is that of all its jobs together.
//!
//! Everything is done on logarithms, where a ratio is a difference and twice as fast is as far from one as half as
//! fast. Two errors are worked out for each: the bootstrap's, put right for its few rounds by √(n / (n − 1)), and that of
//! the mean of the rounds taken one by one. The larger counts: the first misses what only one round in six shows, the
//! second what a percentile of few jobs hides. Intervals and p-values are those of Student's t over them.

mod figure;
mod judge;
mod side;

pub use figure::Metric;
pub use judge::{ComparisonVerdict, adjusted, judge};
pub use side::{Resamples, Round, Side};

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::statistics::Statistics;

/// Fewer rounds than this have no interval worth the name.
pub const FEWEST_ROUNDS: usize = 3;

/// Chance that an interval does not hold what it is for.
const BEYOND: f64 = 0.05;

/// The logarithm of a figure: of all rounds together, of each alone, and of each resample. Differences and means of
/// these are again such, which is how figures become ratios, and ratios of many workloads one.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub(super) whole: f64,
    pub(super) rounds: Vec<f64>,
    pub(super) resamples: Vec<f64>,
}

/// The logarithm of a ratio, and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Natural logarithm of the ratio.
    pub log_ratio: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of that error.
    pub freedom: f64,
}

impl Drawn {
    /// The ratio to another figure of the very same rounds.
    pub fn over(&self, other: &Self) -> Self {
        let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Self {
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
            whole: mean(&|one| one.whole),
            rounds: (0..first.rounds.len()).map(|round| mean(&|one| one.rounds[round])).collect(),
            resamples: (0..first.resamples.len()).map(|at| mean(&|one| one.resamples[at])).collect(),
        })
    }

    /// What it is worth. Nothing for fewer than [`FEWEST_ROUNDS`] rounds.
    pub fn estimate(&self) -> Option<Estimate> {
        let rounds = self.rounds.len();
        if rounds < FEWEST_ROUNDS {
            return None;
        }
        let n = rounds as f64;
        let drawn = self.resamples.iter().std_dev() * (n / (n - 1.0)).sqrt();
        let one_by_one = self.rounds.iter().std_dev() / n.sqrt();
        Some(Estimate { log_ratio: self.whole, error: drawn.max(one_by_one), freedom: n - 1.0 })
    }

    /// How many rounds it is over.
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// The ratio of all rounds together.
    pub fn ratio(&self) -> f64 {
        self.whole.exp()
    }
}

impl Estimate {
    /// The ratio of two sides whose rounds have nothing to do with each other, with the degrees of freedom of B. L.
    /// Welch ("The generalization of 'Student's' problem when several different population variances are involved",
    /// Biometrika 34, 1947).
    pub fn independent(a: Self, b: Self) -> Self {
        let (of_a, of_b) = (a.error.powi(2), b.error.powi(2));
        let spread = of_a.powi(2) / a.freedom + of_b.powi(2) / b.freedom;
        Self {
            log_ratio: a.log_ratio - b.log_ratio,
            error: (of_a + of_b).sqrt(),
            freedom: if spread > 0.0 { (of_a + of_b).powi(2) / spread } else { a.freedom + b.freedom },
        }
    }

    /// The ratio itself.
    pub fn ratio(&self) -> f64 {
        self.log_ratio.exp()
    }

    /// Chance of a ratio at least this far from one where there is no difference.
    pub fn p(&self) -> f64 {
        if self.log_ratio == 0.0 {
            return 1.0;
        }
        match self.student() {
            Some(student) if self.error > 0.0 => 2.0 * student.sf(self.log_ratio.abs() / self.error),
            _ => 0.0,
        }
    }

    /// The 95 % interval of the ratio.
    pub fn interval(&self) -> [f64; 2] {
        let t = self.student().map_or(f64::INFINITY, |student| student.inverse_cdf(1.0 - BEYOND / 2.0));
        let half = if self.error > 0.0 { t * self.error } else { 0.0 };
        [(self.log_ratio - half).exp(), (self.log_ratio + half).exp()]
    }

    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.freedom).ok()
    }
}

#[cfg(test)]
mod tests;
