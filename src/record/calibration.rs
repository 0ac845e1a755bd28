//! What the instrument came to, measured with a server that is known.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::Percentiles;

/// A percentile of response time that was measured, beside what it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// The server and its load: `m-m-1 80 %` is an M/M/1 queue at that load.
    pub case: String,
    /// `p50` to `p99.9`.
    pub percentile: String,
    /// What the very jobs of the run must have had, microseconds.
    pub reference_us: f64,
    /// What the load driver measured, microseconds.
    pub measured_us: f64,
    /// How far that is from the reference, as a part of it; above nought if it is longer.
    pub error: f64,
}

/// How far a percentile may be from its reference, as a part of it.
const TOLERANCE: f64 = 0.03;

/// How far it may be at least: what a hop between threads costs is no error of a short time.
const LEAST_TOLERANCE_US: f64 = 50.0;

impl Calibration {
    /// A row with its error.
    pub fn new(case: &str, percentile: &str, reference: Duration, measured: Duration) -> Self {
        let (reference_us, measured_us) = (reference.as_secs_f64() * 1e6, measured.as_secs_f64() * 1e6);
        Self {
            case: case.to_owned(),
            percentile: percentile.to_owned(),
            reference_us,
            measured_us,
            error: measured_us / reference_us - 1.0,
        }
    }

    /// Whether the figure measured is as near to its reference as is asked: within 3 %, or 50 µs.
    pub fn is_near(&self) -> bool {
        let tolerated = (self.reference_us * TOLERANCE).max(LEAST_TOLERANCE_US);
        (self.measured_us - self.reference_us).abs() <= tolerated
    }
}

/// The instrument as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instrument {
    /// A run for each case.
    pub runs: Vec<CalibrationRun>,
    /// What a closed loop said of the server that stood still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_loop: Option<ClosedLoop>,
    /// What the driver can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<DriverLimits>,
}

/// The run of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationRun {
    /// The case.
    pub case: String,
    /// What it is there for.
    pub why: String,
    /// Jobs a second.
    pub rate_per_s: f64,
    /// Jobs submitted.
    pub submitted: u64,
    /// Jobs that failed or were lost: none should be.
    pub failed: u64,
    /// How late the pacer handed jobs over, microseconds.
    pub pacer_lateness_us: Percentiles,
    /// Service time, microseconds: of a constant one, what is above it is the pool's own.
    pub service_us: Percentiles,
    /// Processor time of the generator for a job, microseconds.
    pub generator_cpu_per_job_us: f64,
}

/// A closed loop on a server that stood still once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClosedLoop {
    /// Its 99th percentile, microseconds.
    pub p99_us: f64,
    /// That of users who come whether or not they are answered, microseconds.
    pub reference_us: f64,
}

impl ClosedLoop {
    /// Whether it is as wrong as it is there to show.
    pub fn is_wrong(&self) -> bool {
        self.p99_us < self.reference_us / 2.0
    }
}

/// What the driver can do, with an executor that takes no time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriverLimits {
    /// Samples a second of a closed loop.
    pub closed_per_s: f64,
    /// Processor time of the driver for a sample, nanoseconds.
    pub cpu_per_sample_ns: f64,
    /// Samples a second of a closed loop on a pool of one worker with an engine that does nothing.
    pub no_op_pool_per_s: f64,
    /// The highest rate of an open loop, of those tried, that was kept up with less than a millisecond of lateness at
    /// the 99th percentile; nought if none was. Jobs a second.
    pub open_per_s: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_three_per_cent_or_fifty_microseconds() {
        let near = |reference: u64, measured: u64| {
            Calibration::new("c", "p50", Duration::from_micros(reference), Duration::from_micros(measured))
                .is_near()
        };
        assert!(near(10_000, 10_290) && near(10_000, 9_710));
        assert!(!near(10_000, 10_310) && !near(10_000, 9_690));
        assert!(near(100, 149) && !near(100, 151));
    }

    #[test]
    fn a_closed_loop_that_is_right_shows_nothing() {
        let of = |p99_us| ClosedLoop { p99_us, reference_us: 1_700_000.0 };
        assert!(of(1_000.0).is_wrong());
        assert!(!of(1_700_000.0).is_wrong());
    }
}
