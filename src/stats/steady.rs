//! When a load reaches its steady state: warm-up judged by what was measured, not assumed.
//!
//! The judgement is that of the marginal standard error rule (MSER): of all points at which a series might be cut, the
//! best is where the standard error of the mean of what is left is least. A start that differs makes that error larger
//! than cutting it off does. K. P. White, "An effective truncation heuristic for bias reduction in simulation output",
//! Simulation 69 (1997), 323–334; on means of batches (MSER-5) K. P. White, M. J. Cobb and S. C. Spratt, "A comparison
//! of five steady-state truncation heuristics for simulation", Proceedings of the Winter Simulation Conference (2000),
//! 755–760. A best cut in the second half says, as it does there, that the series is too short: it never settled.
//!
//! Three things are added, for a machine is no simulation. A running median of five goes over the series first, so that
//! one pause is no state. A spread below a fiftieth of the level counts as that fiftieth: what moves by less needs no
//! warm-up. And of all cuts that are nearly as good as the best the earliest is taken, for in noise alone the best lies
//! anywhere. On simulated series of a hundred values, noise of a tenth that keeps half of its last value is then taken
//! for a series that never settles once in a hundred times, and a level that doubles slowly about every second time;
//! over several rounds there is less noise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::median;

/// Fewer intervals with jobs in them are not judged.
const FEWEST: usize = 50;
/// Intervals on either side that the running median looks at.
const REACH: usize = 2;
/// A smaller spread, as a part of the level, is taken for this much.
const LEAST_SPREAD: f64 = 0.02;
/// A cut whose squared error is at most so many times the least is as good.
const NEARLY: f64 = 1.4;
/// The part of the series that is always left.
const LEFT: usize = 10;
/// The part of the time on the clock that may still belong to the start: it weighs little.
const TOLERATED: f64 = 0.10;

/// The mean service time of the good jobs from the first one of warm-up on, in fine equal intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceSeries {
    /// Seconds from the beginning of warm-up until the clock started, the last answer of warm-up included.
    pub warmup_s: f64,
    /// The series.
    pub intervals: ServiceIntervals,
}

/// Equal intervals of time, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceIntervals {
    /// Seconds that each of them lasts.
    pub every_s: f64,
    /// Mean service time of the jobs that ended in it, microseconds; nought where none did.
    pub mean_us: Vec<f64>,
    /// How many did.
    pub finished: Vec<u64>,
}

/// What is concluded from a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SteadyState {
    /// Service time had settled when the clock started, or so soon that it weighs little.
    Reached {
        /// Seconds after the beginning of warm-up.
        from_s: f64,
    },
    /// It settled, but too long after the clock had started.
    Late {
        /// Seconds after the beginning of warm-up.
        from_s: f64,
    },
    /// It did not settle before the second half.
    Never,
}

impl SteadyState {
    /// Seconds after the beginning of warm-up from which on service time had settled, if it did.
    pub fn from_s(self) -> Option<f64> {
        match self {
            Self::Reached { from_s } | Self::Late { from_s } => Some(from_s),
            Self::Never => None,
        }
    }
}

impl ServiceSeries {
    /// The rounds of one cell made one, interval by interval: of each the median over the rounds that have jobs in it.
    /// `None` for no round, or when their intervals cannot be brought to the same length.
    pub fn median<'a>(rounds: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let rounds: Vec<&Self> = rounds.into_iter().collect();
        let every_s = rounds.iter().map(|round| round.intervals.every_s).reduce(f64::max)?;
        let alike: Vec<ServiceIntervals> =
            rounds.iter().map(|round| round.intervals.coarsened(every_s)).collect::<Option<_>>()?;
        let places = alike.iter().map(|intervals| intervals.mean_us.len()).max()?;
        let mut intervals = ServiceIntervals { every_s, ..ServiceIntervals::default() };
        for place in 0..places {
            let here: Vec<(f64, u64)> = alike
                .iter()
                .filter_map(|intervals| intervals.at(place))
                .filter(|(_, finished)| *finished > 0)
                .collect();
            intervals.mean_us.push(median(here.iter().map(|(mean, _)| *mean)).unwrap_or(0.0));
            intervals.finished.push(here.iter().map(|(_, finished)| finished).sum());
        }
        Some(Self { warmup_s: median(rounds.iter().map(|round| round.warmup_s))?, intervals })
    }

    /// When it settles; `None` when too few intervals have jobs in them to tell.
    pub fn judge(&self) -> Option<SteadyState> {
        let ServiceIntervals { every_s, mean_us, finished } = &self.intervals;
        // An interval in which nothing ended says nothing.
        let (places, values): (Vec<usize>, Vec<f64>) = mean_us
            .iter()
            .zip(finished)
            .enumerate()
            .filter(|(_, (_, finished))| **finished > 0)
            .map(|(place, (mean, _))| (place, *mean))
            .unzip();
        if values.len() < FEWEST {
            return None;
        }
        let cut = cut(&smoothed(&values));
        if cut > values.len() / 2 {
            return Some(SteadyState::Never);
        }
        let from_s = if cut == 0 { 0.0 } else { places[cut] as f64 * every_s };
        let timed_s = (mean_us.len() as f64 * every_s - self.warmup_s).max(0.0);
        let late = from_s > self.warmup_s + TOLERATED * timed_s;
        Some(if late { SteadyState::Late { from_s } } else { SteadyState::Reached { from_s } })
    }
}

impl ServiceIntervals {
    fn at(&self, place: usize) -> Option<(f64, u64)> {
        Some((*self.mean_us.get(place)?, *self.finished.get(place)?))
    }

    /// The same in intervals that are a whole number of times as long.
    fn coarsened(&self, every_s: f64) -> Option<Self> {
        const ROUNDING: f64 = 1e-6;
        let times = every_s / self.every_s;
        if !(times >= 1.0 - ROUNDING && (times - times.round()).abs() < ROUNDING * times) {
            return None;
        }
        let times = times.round() as usize;
        let mean = |(means, finished): (&[f64], &[u64])| {
            let jobs: u64 = finished.iter().sum();
            let total: f64 = means.iter().zip(finished).map(|(mean, finished)| mean * *finished as f64).sum();
            if jobs == 0 { 0.0 } else { total / jobs as f64 }
        };
        Some(Self {
            every_s,
            mean_us: self.mean_us.chunks(times).zip(self.finished.chunks(times)).map(mean).collect(),
            finished: self.finished.chunks(times).map(|finished| finished.iter().sum()).collect(),
        })
    }
}

/// Running median, over fewer values towards the ends.
fn smoothed(values: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    (0..values.len())
        .map(|place| {
            let reach = REACH.min(place).min(last - place);
            let around = &values[place - reach..=place + reach];
            median(around.iter().copied()).unwrap_or(values[place])
        })
        .collect()
}

/// How many values at the start to cut off: the fewest that leave nearly the least standard error.
fn cut(values: &[f64]) -> usize {
    let level = median(values.iter().copied()).unwrap_or(0.0);
    let least = values.len().div_ceil(LEFT);
    // About the level, for exact sums of squares.
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    let mut errors: Vec<(usize, f64)> = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate().rev() {
        let apart = value - level;
        (sum, squares, count) = (sum + apart, squares + apart * apart, count + 1.0);
        let spread = (squares / count - (sum / count).powi(2)).max(0.0);
        errors.push((place, (spread + (LEAST_SPREAD * level).powi(2)) / count));
    }
    let errors = &errors[least - 1..];
    let best = errors.iter().map(|(_, error)| *error).fold(f64::INFINITY, f64::min);
    // From the last place to the first.
    errors.iter().rev().find(|(_, error)| *error <= NEARLY * best).map_or(0, |(place, _)| *place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    const INTERVALS: usize = 100;

    /// A hundred intervals of 0.1 s, two seconds of them warm-up, at 50 µs times `level` of the part of the time that is
    /// over, with independent noise of that part of it.
    fn series(level: impl Fn(f64) -> f64, noise: f64, seed: u64) -> ServiceSeries {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mean_us = (0..INTERVALS)
            .map(|place| {
                let draw: f64 = StandardNormal.sample(&mut random);
                50.0 * level(place as f64 / INTERVALS as f64) * (1.0 + noise * draw)
            })
            .collect();
        ServiceSeries {
            warmup_s: 2.0,
            intervals: ServiceIntervals { every_s: 0.1, mean_us, finished: vec![10; INTERVALS] },
        }
    }

    fn states(level: impl Fn(f64) -> f64 + Copy, noise: f64) -> Vec<SteadyState> {
        (0..100).map(|seed| series(level, noise, seed).judge().unwrap()).collect()
    }

    #[test]
    fn what_never_moves_is_steady_from_its_first_job() {
        assert_eq!(series(|_| 1.0, 0.0, 1).judge(), Some(SteadyState::Reached { from_s: 0.0 }));
        for noise in [0.01, 0.05, 0.1] {
            let at_once = states(|_| 1.0, noise)
                .into_iter()
                .filter(|state| *state == SteadyState::Reached { from_s: 0.0 })
                .count();
            assert!(at_once >= 95, "noise {noise}: {at_once}");
        }
    }

    #[test]
    fn a_start_that_dies_away_is_cut_where_it_falls_under_the_noise() {
        // Three times the level at first, and each half second the rest falls by e: it is 5 % above after 1.84 s.
        for (noise, from_s) in [(0.01, 1.2..2.2), (0.05, 0.8..2.5)] {
            for state in states(|at| 1.0 + 2.0 * (-at / 0.05).exp(), noise) {
                let SteadyState::Reached { from_s: found } = state else { panic!("{state:?}") };
                assert!(from_s.contains(&found), "noise {noise}: {found}");
            }
        }
    }

    #[test]
    fn a_level_found_after_the_clock_started_is_late_and_a_little_after_is_not() {
        let step = |at_s: f64| move |at: f64| if at < at_s / 10.0 - 1e-9 { 1.5 } else { 1.0 };
        // A tenth of eight seconds on the clock after two of warm-up.
        let judge = |at_s| series(step(at_s), 0.0, 1).judge().unwrap();
        let near = |state: SteadyState, at_s: f64| (state.from_s().unwrap() - at_s).abs() < 0.15;
        let reached = judge(2.7);
        assert!(matches!(reached, SteadyState::Reached { .. }) && near(reached, 2.7), "{reached:?}");
        let late = judge(3.1);
        assert!(matches!(late, SteadyState::Late { .. }) && near(late, 3.1), "{late:?}");
        assert_eq!(judge(6.0), SteadyState::Never);
    }

    #[test]
    fn what_rises_all_the_time_never_settles() {
        for noise in [0.0, 0.01] {
            let never = states(|at| 1.0 + at, noise);
            assert!(never.iter().all(|state| *state == SteadyState::Never), "noise {noise}: {never:?}");
        }
    }

    #[test]
    fn one_long_pause_and_moves_of_a_few_per_cent_are_no_state() {
        let mut paused = series(|_| 1.0, 0.01, 1);
        paused.intervals.mean_us[60] *= 50.0;
        assert_eq!(paused.judge(), Some(SteadyState::Reached { from_s: 0.0 }));
        let slight = series(|at| if at < 0.6 { 1.03 } else { 1.0 }, 0.0, 1);
        assert_eq!(slight.judge(), Some(SteadyState::Reached { from_s: 0.0 }));
    }

    #[test]
    fn intervals_without_jobs_say_nothing_and_too_few_with_jobs_are_not_judged() {
        let mut sparse = series(|at| if at < 0.4 { 2.0 } else { 1.0 }, 0.0, 1);
        for place in (1..INTERVALS).step_by(2) {
            (sparse.intervals.mean_us[place], sparse.intervals.finished[place]) = (0.0, 0);
        }
        let state = sparse.judge().unwrap();
        assert!(matches!(state, SteadyState::Late { from_s } if (from_s - 4.0).abs() < 0.3), "{state:?}");
        sparse.intervals.finished[0] = 0;
        assert_eq!(sparse.judge(), None, "49 of them");
    }

    #[test]
    fn rounds_are_made_one_by_their_medians() {
        let rounds = [
            series(|_| 1.0, 0.0, 1),
            series(|at| if at > 0.4 { 9.0 } else { 1.0 }, 0.0, 1),
            series(|_| 1.0, 0.0, 1),
        ];
        let whole = ServiceSeries::median(&rounds).unwrap();
        assert_eq!(whole.intervals.mean_us, rounds[0].intervals.mean_us);
        assert_eq!(whole.intervals.finished, vec![30; INTERVALS]);
        assert_eq!(ServiceSeries::median([]), None);
    }

    #[test]
    fn rounds_of_other_intervals_are_brought_to_the_longest() {
        let intervals = |every_s, mean_us: &[f64], finished: &[u64]| ServiceSeries {
            warmup_s: 1.0,
            intervals: ServiceIntervals { every_s, mean_us: mean_us.to_vec(), finished: finished.to_vec() },
        };
        let fine = intervals(0.1, &[1.0, 4.0, 0.0, 0.0, 7.0], &[1, 2, 0, 0, 3]);
        let coarse = intervals(0.2, &[5.0, 6.0], &[1, 1]);
        let whole = ServiceSeries::median([&fine, &coarse]).unwrap();
        assert_eq!(whole, intervals(0.2, &[4.0, 6.0, 7.0], &[4, 1, 3]));
        assert_eq!(ServiceSeries::median([&fine, &intervals(0.25, &[1.0], &[1])]), None);
        assert_eq!(ServiceSeries::median([&fine, &intervals(0.0, &[1.0], &[1])]), None, "no length is none");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_unit_makes_no_difference_and_the_cut_is_in_the_series(
            values in prop::collection::vec(1.0..1e4, FEWEST..120), doublings in -6..6,
        ) {
            let of = |factor: f64| ServiceSeries {
                warmup_s: 1.0,
                intervals: ServiceIntervals {
                    every_s: 0.1,
                    mean_us: values.iter().map(|value| value * factor).collect(),
                    finished: vec![1; values.len()],
                },
            };
            let state = of(1.0).judge().unwrap();
            prop_assert_eq!(of(f64::from(doublings).exp2()).judge().unwrap(), state);
            prop_assert!(state.from_s().is_none_or(|from| (0.0..=values.len() as f64 * 0.05 + 1e-9).contains(&from)));
        }
    }
}
