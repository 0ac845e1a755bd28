//! What the driver itself can do: its highest rates, and what a sample costs it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::drive::{ANSWER, drive};
use crate::engine::fake::Fake;
use crate::engine::{JsError, Script};
use crate::executor::{ActorPool, Completion, Executor, Gauges, Job, Outcome, PoolConfig};
use crate::load::{Arrivals, EarlyStop, LoadError, Plan, Spacing, Stop};
use crate::record::DriverLimits;
use crate::stats::Summary;

/// Clients of a closed loop: more than one, so that the driver always has something to do.
const CLIENTS: u32 = 8;

/// Rates that an open loop is tried at, jobs a second.
const RATES: [f64; 6] = [12_500.0, 25_000.0, 50_000.0, 100_000.0, 200_000.0, 400_000.0];

/// An open loop keeps up when it offers this part of its rate.
const KEEPS_UP: f64 = 0.99;

/// An open loop is on time when the pacer's lateness stays below this at the 99th percentile.
const ON_TIME: Duration = Duration::from_millis(1);

/// An executor that answers before it is asked: all that takes time is the driver.
struct Nothing;

impl Executor for Nothing {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }

    fn submit(&self, _job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        let now = Instant::now();
        let completion = Completion {
            outcome: Outcome::Ok(ANSWER.to_owned()),
            submitted: now,
            started: Some(now),
            finished: now,
            attempts: 1,
        };
        Box::pin(std::future::ready(completion))
    }

    fn gauges(&self) -> Gauges {
        Gauges::default()
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// Measures them, each for `time`.
///
/// # Errors
/// [`LoadError`] when there is no thread for the load.
pub fn limits(time: Duration, early_stop: &EarlyStop) -> Result<DriverLimits, LoadError> {
    let nothing: Arc<dyn Executor> = Arc::new(Nothing);
    let closed = Arrivals::Closed { concurrency: CLIENTS };
    let alone = run(&nothing, closed, time, early_stop)?;
    let no_op: Arc<dyn Executor> = Arc::new(ActorPool::start(PoolConfig::new(Arc::new(Fake::default()), 1))?);
    let with_pool = run(&no_op, closed, time, early_stop)?;
    let mut open = 0.0;
    for rate_per_s in RATES {
        let summary =
            run(&nothing, Arrivals::Open { rate_per_s, spacing: Spacing::Constant }, time, early_stop)?;
        let lateness = summary.pacer_lateness_us.unwrap_or_default().p99;
        if summary.throughput_per_s < KEEPS_UP * rate_per_s || lateness > ON_TIME.as_secs_f64() * 1e6 {
            break;
        }
        open = rate_per_s;
    }
    Ok(DriverLimits {
        closed_per_s: alone.throughput_per_s,
        cpu_per_sample_ns: alone.cpu_s.generator * 1e9 / (alone.submitted.max(1)) as f64,
        no_op_pool_per_s: with_pool.throughput_per_s,
        open_per_s: open,
    })
}

fn run(
    executor: &Arc<dyn Executor>,
    arrivals: Arrivals,
    time: Duration,
    early_stop: &EarlyStop,
) -> Result<Summary, LoadError> {
    let plan = Plan { arrivals, warmup: time / 10, stop: Stop::After(time), seed: 1, hostile: 0.0 };
    drive(executor, plan, &Script::new("no-op", "return null"), early_stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_alone_is_faster_than_with_a_pool() {
        let limits = limits(Duration::from_millis(200), &EarlyStop::default()).unwrap();
        assert!(limits.closed_per_s > limits.no_op_pool_per_s, "{limits:?}");
        assert!(limits.no_op_pool_per_s > 0.0 && limits.cpu_per_sample_ns > 0.0, "{limits:?}");
    }
}
