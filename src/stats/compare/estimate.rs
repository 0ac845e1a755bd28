//! An estimate of a ratio and its error, from the rounds.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::statistics::Statistics;

use super::{BEYOND, FEWEST_ROUNDS};

/// The part of the rounds that is set aside at either end: R. R. Wilcox, "Introduction to Robust Estimation and
/// Hypothesis Testing", recommends it for samples of any size.
const SET_ASIDE: f64 = 0.2;

/// The logarithm of a ratio, and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Natural logarithm of the ratio.
    pub log_ratio: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of that error.
    pub freedom: f64,
    /// How many estimates it was the narrowest of: intervals and p-values make up for the choice (Bonferroni).
    pub chosen_from: u32,
}

impl Estimate {
    /// Of all rounds together: `whole`, with the error of resamples of whole rounds, put right for their number by
    /// √(n / (n − 1)), or that of the mean of the rounds one by one, whichever is larger. The first misses what only
    /// one round in six shows. Nothing for fewer than [`FEWEST_ROUNDS`] rounds.
    pub(super) fn of_all(whole: f64, rounds: &[f64], resamples: &[f64]) -> Option<Self> {
        if rounds.len() < FEWEST_ROUNDS {
            return None;
        }
        let n = rounds.len() as f64;
        let drawn = resamples.iter().std_dev() * (n / (n - 1.0)).sqrt();
        let one_by_one = rounds.iter().std_dev() / n.sqrt();
        Some(Self { log_ratio: whole, error: drawn.max(one_by_one), freedom: n - 1.0, chosen_from: 1 })
    }

    /// Of typical rounds: their mean without the highest and the lowest fifth, with the error of K. K. Yuen ("The
    /// two-sample trimmed t for unequal population variances", Biometrika 61 (1974), 165–170), in which those count as
    /// far out as the last that stayed. Of fewer than five rounds none is set aside. Nothing for fewer than
    /// [`FEWEST_ROUNDS`] rounds.
    pub(super) fn of_typical(rounds: &[f64]) -> Option<Self> {
        if rounds.len() < FEWEST_ROUNDS {
            return None;
        }
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let aside = (SET_ASIDE * rounds.len() as f64) as usize;
        let kept = &sorted[aside..rounds.len() - aside];
        let [lowest, highest] = [kept[0], kept[kept.len() - 1]];
        let spread = rounds.iter().map(|round| round.clamp(lowest, highest)).std_dev();
        let (n, h) = (rounds.len() as f64, kept.len() as f64);
        Some(Self {
            log_ratio: kept.iter().mean(),
            error: spread * ((n - 1.0) / (h * (h - 1.0))).sqrt(),
            freedom: h - 1.0,
            chosen_from: 1,
        })
    }

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
            chosen_from: a.chosen_from.max(b.chosen_from),
        }
    }

    /// The one with the narrowest interval. Nothing of none.
    pub(super) fn narrowest(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let all: Vec<Self> = all.into_iter().collect();
        let chosen_from = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let all = all.into_iter().map(|one| Self { chosen_from, ..one });
        all.min_by(|a, b| a.half_width().total_cmp(&b.half_width()))
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
            Some(student) if self.error > 0.0 => {
                let alone = 2.0 * student.sf(self.log_ratio.abs() / self.error);
                (alone * f64::from(self.chosen_from)).min(1.0)
            }
            _ => 0.0,
        }
    }

    /// The 95 % interval of the ratio.
    pub fn interval(&self) -> [f64; 2] {
        let half = self.half_width();
        [(self.log_ratio - half).exp(), (self.log_ratio + half).exp()]
    }

    /// Of the interval, as a logarithm.
    fn half_width(&self) -> f64 {
        let beyond = BEYOND / f64::from(self.chosen_from) / 2.0;
        let t = self.student().map_or(f64::INFINITY, |student| student.inverse_cdf(1.0 - beyond));
        if self.error > 0.0 { t * self.error } else { 0.0 }
    }

    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.freedom).ok()
    }
}
