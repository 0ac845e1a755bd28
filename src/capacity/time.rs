//! How long a probe takes.

use std::time::Duration;

use super::Slo;

/// The longest that a probe is made without being asked to. One that is asked to be longer is.
const LONGEST: Duration = Duration::from_secs(60);

/// Planned for one needed: the jobs of a Poisson stream are not quite as many as planned.
const SPARE: f64 = 1.1;

/// Planned beyond that, for the sake of small numbers.
const SPARE_JOBS: f64 = 10.0;

/// How much longer the queue grows than a job may take: so much is left over for what is forgiven at the end of a run.
const OUTGROWN: f64 = 1.25;

/// The time of a probe at that rate: as long as asked, or as long as the objective's jobs take, or until a rate that
/// is too high by no more than `precision` has a queue that is longer than a job may take.
pub fn probe_time(slo: &Slo, rate_per_s: f64, precision: f64, asked: Duration) -> Duration {
    let for_queue = slo.longest_limit().as_secs_f64() * OUTGROWN / precision;
    let needed = (planned(slo) / rate_per_s).max(for_queue);
    Duration::try_from_secs_f64(needed).unwrap_or(Duration::MAX).clamp(asked, LONGEST.max(asked))
}

/// The lowest rate, in jobs a second, at which a probe has the jobs that the objective needs.
pub fn slowest(slo: &Slo, asked: Duration) -> f64 {
    planned(slo) / LONGEST.max(asked).as_secs_f64()
}

fn planned(slo: &Slo) -> f64 {
    slo.jobs_needed() as f64 * SPARE + SPARE_JOBS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Arrivals, Plan, Spacing, Stop};

    #[test]
    fn a_probe_has_the_jobs_that_its_percentiles_need_down_to_the_slowest_rate() {
        let asked = Duration::from_secs(2);
        for text in ["p99<50ms", "p50<1ms", "p999<1s", "errors<0.1%"] {
            let slo: Slo = text.parse().unwrap();
            for rate_per_s in [slowest(&slo, asked), 100.0, 5_000.0] {
                let time = probe_time(&slo, rate_per_s, 0.05, asked);
                assert!(time >= asked && time <= LONGEST, "{text} at {rate_per_s}: {time:?}");
                if rate_per_s < slowest(&slo, asked) {
                    continue;
                }
                for seed in 0..10 {
                    let arrivals = Arrivals::Open { rate_per_s, spacing: Spacing::Poisson };
                    let stop = Stop::After(time);
                    let plan = Plan { arrivals, warmup: Duration::ZERO, stop, seed, hostile: 0.0 };
                    assert!(plan.good_jobs() >= Some(slo.jobs_needed()), "{text} at {rate_per_s}: {plan:?}");
                }
            }
        }
    }

    #[test]
    fn a_queue_that_grows_slowly_has_the_time_to_be_seen() {
        let asked = Duration::from_millis(500);
        let time = |text: &str, precision| probe_time(&text.parse().unwrap(), 1e5, precision, asked);
        assert_eq!(time("p50<1ms", 0.05), asked);
        for (text, limit_s, precision) in [("p50<200ms,p99<1s", 1.0, 0.05), ("max<2s,errors<1%", 2.0, 0.1)] {
            let time_s = time(text, precision).as_secs_f64();
            assert!(time_s * precision > limit_s + 0.01 * time_s * 0.99, "{text}: {time_s}");
        }
        assert_eq!(time("p99<1m", 0.05), LONGEST);
    }

    #[test]
    fn who_asks_for_longer_gets_it() {
        let (slo, asked) = ("p99<50ms".parse().unwrap(), Duration::from_secs(300));
        assert_eq!(probe_time(&slo, 1.0, 0.05, asked), asked);
        assert!(slowest(&slo, asked) < slowest(&slo, LONGEST));
    }
}
