//! What a server that is known will answer when.

use std::time::Duration;

/// The response times of jobs that are due at these instants and served one at a time, first come, first served: a job
/// starts when it is due and the one before it is done (D. V. Lindley, "The theory of queues with a single server",
/// Mathematical Proceedings of the Cambridge Philosophical Society 48 (1952), 277–289).
pub fn responses(
    due: impl IntoIterator<Item = Duration>,
    service: impl IntoIterator<Item = Duration>,
) -> impl Iterator<Item = Duration> {
    let mut free = Duration::ZERO;
    due.into_iter().zip(service).map(move |(due, service)| {
        free = free.max(due) + service;
        free - due
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Script;
    use crate::engine::fake::Fake;
    use crate::load::{DueTimes, Spacing};
    use crate::stats::LatencyHistogram;

    const MS: Duration = Duration::from_millis(1);

    fn long_run(load: f64, script: &str) -> LatencyHistogram {
        let due = DueTimes::new(load * 1000.0, Spacing::Poisson, 5);
        let service = Fake::service_times(6, 0, &Script::new("t", script)).unwrap();
        let mut histogram = LatencyHistogram::default();
        responses(due, service).take(2_000_000).for_each(|response| histogram.record(response));
        histogram
    }

    fn near(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 0.03, "{value} is not {expected}");
    }

    #[test]
    fn jobs_wait_for_those_before_them() {
        let due = [0, 1, 10].map(|ms| MS * ms);
        let told: Vec<_> = responses(due, [4 * MS, 2 * MS, 3 * MS]).collect();
        assert_eq!(told, [4 * MS, 5 * MS, 3 * MS]);
    }

    #[test]
    fn an_m_m_1_queue_has_exponential_response_times() {
        for load in [0.5, 0.8] {
            let percentiles = long_run(load, "serve exponential 1ms").percentiles();
            // Of rate μ − λ.
            let mean = 1000.0 / (1.0 - load);
            near(percentiles.mean, mean);
            near(percentiles.p50, mean * 2_f64.ln());
            near(percentiles.p99, mean * 100_f64.ln());
        }
    }

    #[test]
    fn an_m_d_1_queue_waits_as_pollaczek_and_khinchine_say() {
        for load in [0.5, 0.8] {
            let percentiles = long_run(load, "serve constant 1ms").percentiles();
            near(percentiles.mean, 1000.0 * (1.0 + load / (2.0 * (1.0 - load))));
        }
    }
}
