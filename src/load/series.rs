//! The series by which warm-up is judged: mean service times, gathered from the first job of warm-up on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Plan, Stop};
use crate::stats::{ServiceIntervals, ServiceSeries};

/// Intervals of the whole load, warm-up included.
const INTERVALS: usize = 100;
/// The length of an interval at first, where the plan does not say how long it takes.
const SHORTEST: Duration = Duration::from_millis(1);

/// Gathers a [`ServiceSeries`]. Clones gather the same one.
#[derive(Clone)]
pub(super) struct Series(Arc<Mutex<Gathered>>);

struct Gathered {
    began: Instant,
    every_s: f64,
    /// Whether the end is unknown: then two intervals become one whenever they have run out.
    endless: bool,
    intervals: [Interval; INTERVALS],
}

#[derive(Clone, Copy, Default)]
struct Interval {
    nanos: u64,
    finished: u64,
}

impl Series {
    /// Begins, with the warm-up of that plan.
    pub fn begin(plan: &Plan) -> Self {
        let whole = match plan.stop {
            Stop::After(time) => Some(plan.warmup + time).filter(|whole| !whole.is_zero()),
            Stop::Count(_) => None,
        };
        Self(Arc::new(Mutex::new(Gathered {
            began: Instant::now(),
            every_s: whole.map_or(SHORTEST, |whole| whole / INTERVALS as u32).as_secs_f64(),
            endless: whole.is_none(),
            intervals: [Interval::default(); INTERVALS],
        })))
    }

    /// Adds a job that was answered at that instant. What comes after the planned end is left out: the load is
    /// running dry then.
    pub fn record(&self, answered: Instant, service: Duration) {
        let mut gathered = self.0.lock();
        let mut place =
            (answered.saturating_duration_since(gathered.began).as_secs_f64() / gathered.every_s) as usize;
        while place >= INTERVALS {
            if !gathered.endless {
                return;
            }
            gathered.fold();
            place /= 2;
        }
        let interval = &mut gathered.intervals[place];
        interval.nanos += service.as_nanos() as u64;
        interval.finished += 1;
    }

    /// What was gathered, of a load whose clock started then; `None` when no job ran at all.
    pub fn finish(&self, clock_started: Instant) -> Option<ServiceSeries> {
        let gathered = self.0.lock();
        let last = gathered.intervals.iter().rposition(|interval| interval.finished > 0)?;
        let seen = &gathered.intervals[..=last];
        Some(ServiceSeries {
            warmup_s: clock_started.saturating_duration_since(gathered.began).as_secs_f64(),
            intervals: ServiceIntervals {
                every_s: gathered.every_s,
                mean_us: seen.iter().map(Interval::mean_us).collect(),
                finished: seen.iter().map(|interval| interval.finished).collect(),
            },
        })
    }
}

impl Gathered {
    fn fold(&mut self) {
        for place in 0..INTERVALS {
            let of = |place: usize| self.intervals.get(place).copied().unwrap_or_default();
            let (one, other) = (of(2 * place), of(2 * place + 1));
            self.intervals[place] =
                Interval { nanos: one.nanos + other.nanos, finished: one.finished + other.finished };
        }
        self.every_s *= 2.0;
    }
}

impl Interval {
    /// To the nanosecond: a record has hundreds of them.
    fn mean_us(&self) -> f64 {
        self.nanos.checked_div(self.finished).map_or(0.0, |nanos| nanos as f64 / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Arrivals;

    const MILLIS: fn(u64) -> Duration = Duration::from_millis;

    /// Begins at a known instant.
    fn series(warmup: Duration, stop: Stop) -> (Series, Instant) {
        let plan =
            Plan { arrivals: Arrivals::Closed { concurrency: 1 }, warmup, stop, seed: 1, hostile: 0.0 };
        let series = Series::begin(&plan);
        let began = series.0.lock().began;
        (series, began)
    }

    #[test]
    fn jobs_count_where_they_were_answered_and_not_after_the_end() {
        let (series, began) = series(MILLIS(200), Stop::After(MILLIS(800)));
        for (at, service) in [(0, 3), (9, 5), (10, 7), (999, 1), (1000, 50), (1500, 50)] {
            series.record(began + MILLIS(at), MILLIS(service));
        }
        let found = series.finish(began + MILLIS(203)).unwrap();
        assert!((found.warmup_s - 0.203).abs() < 1e-9);
        let ServiceIntervals { every_s, mean_us, finished } = found.intervals;
        assert_eq!((every_s, mean_us.len(), finished.len()), (0.01, 100, 100));
        assert_eq!((mean_us[0], mean_us[1], mean_us[2], mean_us[99]), (4_000.0, 7_000.0, 0.0, 1_000.0));
        assert_eq!((finished[0], finished[1], finished[99], finished.iter().sum::<u64>()), (2, 1, 1, 4));
    }

    #[test]
    fn a_count_of_jobs_takes_as_long_as_it_takes_and_none_is_left_out() {
        let (series, began) = series(Duration::ZERO, Stop::Count(1_000));
        for job in 0..1_000 {
            series.record(began + MILLIS(job) + Duration::from_micros(500), MILLIS(1 + job % 2));
        }
        let ServiceIntervals { every_s, mean_us, finished } = series.finish(began).unwrap().intervals;
        // A millisecond, doubled four times; a hundred of eight would not hold a second.
        assert_eq!((every_s, mean_us.len()), (0.016, 63));
        assert_eq!((finished[0], finished[62], finished.iter().sum::<u64>()), (16, 8, 1_000));
        assert!(mean_us.iter().all(|mean| *mean == 1_500.0), "{mean_us:?}");
    }

    #[test]
    fn without_a_job_there_is_no_series() {
        let (series, began) = series(MILLIS(1), Stop::After(MILLIS(1)));
        assert_eq!(series.finish(began), None);
    }
}
