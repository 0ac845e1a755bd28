//! Due times of an open loop: pure and seeded.

use std::time::Duration;

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_pcg::Pcg64Mcg;

use super::Spacing;

/// When each job of an open loop is due, counted from the first instant. Endless; a function of rate, spacing
/// and seed alone, so that no answer and no delay can move, skip or re-anchor a due time.
#[derive(Debug, Clone)]
pub struct DueTimes {
    rate_per_s: f64,
    next: u64,
    poisson: Option<Poisson>,
}

#[derive(Debug, Clone)]
struct Poisson {
    random: Pcg64Mcg,
    /// Seconds. Sums of a billion gaps keep microseconds apart.
    at: f64,
}

impl DueTimes {
    /// The due times of a rate in jobs a second. A rate that is not positive and finite counts as one a second.
    pub fn new(rate_per_s: f64, spacing: Spacing, seed: u64) -> Self {
        let rate_per_s = if rate_per_s.is_finite() && rate_per_s > 0.0 { rate_per_s } else { 1.0 };
        let poisson = match spacing {
            Spacing::Constant => None,
            Spacing::Poisson => Some(Poisson { random: Pcg64Mcg::seed_from_u64(seed), at: 0.0 }),
        };
        Self { rate_per_s, next: 0, poisson }
    }
}

impl Iterator for DueTimes {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let seconds = match &mut self.poisson {
            // From the index, not from the last due time: rounding does not add up.
            None => self.next as f64 / self.rate_per_s,
            Some(poisson) => {
                let gap: f64 = Exp1.sample(&mut poisson.random);
                poisson.at += gap / self.rate_per_s;
                poisson.at
            }
        };
        self.next += 1;
        Some(Duration::from_secs_f64(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_due_times_are_the_index_over_the_rate() {
        let due: Vec<_> = DueTimes::new(4.0, Spacing::Constant, 0).take(5).collect();
        assert_eq!(due, [0, 250, 500, 750, 1000].map(Duration::from_millis));
        let millionth = DueTimes::new(3.0, Spacing::Constant, 0).nth(3_000_000).unwrap();
        assert_eq!(millionth, Duration::from_secs(1_000_000));
    }

    #[test]
    fn poisson_due_times_have_the_rate_and_the_spread_of_independent_users() {
        let due: Vec<f64> =
            DueTimes::new(100.0, Spacing::Poisson, 7).take(100_000).map(|due| due.as_secs_f64()).collect();
        assert!(due.is_sorted());
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        // Of an exponential distribution, mean and standard deviation are the same.
        assert!((mean - 0.01).abs() < 0.0001, "{mean}");
        assert!((deviation / mean - 1.0).abs() < 0.02, "{deviation}");
    }

    #[test]
    fn the_seed_decides() {
        let take = |seed| DueTimes::new(10.0, Spacing::Poisson, seed).take(10).collect::<Vec<_>>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
