//! The highest rate that held an objective, and every rate that was tried on the way to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity::{Breach, Confirmed, Found, Probe, Purpose};
use crate::executor::{Isolation, PolicyChoice, Reuse};
use crate::load::Spacing;
use crate::stats::{Percentiles, Summary};

/// The capacity of an engine on a workload, with that many workers: a rate, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// Engine.
    pub engine: String,
    /// Workload, as suite/name.
    pub workload: String,
    /// Isolation.
    pub isolation: Isolation,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// Workers in the pool; for `task` the most blocking tasks at a time.
    pub workers: u32,
    /// What stood in front of the executor; absent when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<PolicyChoice>,
    /// The objective, such as `p99<50ms,errors<0.1%`. Less than 1 % of errors is part of it where it says nothing of
    /// them, and so is that no queue builds up.
    pub slo: String,
    /// How the due times of a probe are spaced.
    pub spacing: Spacing,
    /// Seconds of load before the clock of a probe starts.
    pub warmup_s: f64,
    /// Least seconds on the clock of a probe: one lasts longer where its percentiles need the jobs.
    pub duration_s: f64,
    /// How near the ends of the interval were to be, as a part of its lower one.
    pub precision: f64,
    /// Right answers a second of a closed loop with one client a worker, from which the search began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_loop_per_s: Option<f64>,
    /// The highest rate that held, again when it was confirmed. Jobs a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// That rate, and the lowest that did not hold. Jobs a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How often the rate held when it was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// Why there is no rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Every rate that was tried, in the order in which they were.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
}

/// A rate that was tried, in a load run of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Jobs a second that the plan asked for.
    pub rate_per_s: f64,
    /// What it was tried for.
    pub purpose: Purpose,
    /// Whether it held the objective.
    pub held: bool,
    /// Why it did not, a reason each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_by: Vec<String>,
    /// Seconds on the clock.
    pub duration_s: f64,
    /// Seed of its due times.
    pub seed: u64,
    /// What was measured; absent when its process died.
    #[serde(flatten)]
    pub figures: Option<CurveFigures>,
}

/// What a probe measured. Times are response times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "each of the last is the figure of its name, in microseconds")]
pub struct CurveFigures {
    /// Right answers a second, from the first planned instant to the last answer.
    pub achieved_per_s: f64,
    /// Jobs submitted.
    pub submitted: u64,
    /// Of those, how many did not end in a right answer.
    pub errors: u64,
    /// How late the pacer handed jobs over, 99th percentile, microseconds.
    pub pacer_p99_us: f64,
    pub p50_us: f64,
    pub p90_us: f64,
    pub p95_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    pub max_us: f64,
    pub mean_us: f64,
}

impl Capacity {
    /// Whether another row is of the same thing, measured again.
    pub fn is_same_row(&self, other: &Self) -> bool {
        let kind = |row: &Self| (row.isolation, row.reuse, row.workers, row.policies, row.spacing);
        (&self.engine, &self.workload, &self.slo) == (&other.engine, &other.workload, &other.slo)
            && kind(self) == kind(other)
    }

    /// The row with a rate.
    pub fn found(self, found: Found) -> Self {
        let Found { rate_per_s, interval, confirmed } = found;
        Self {
            rate_per_s: Some(rate_per_s),
            interval: Some(interval),
            confirmed: Some(confirmed),
            why: None,
            ..self
        }
    }

    /// The row without one, for this reason.
    pub fn without(self, why: impl Into<String>) -> Self {
        Self { rate_per_s: None, interval: None, confirmed: None, why: Some(why.into()), ..self }
    }
}

impl CurvePoint {
    /// A probe that ran for so many seconds, with what speaks against it.
    pub fn measured(
        probe: Probe,
        (duration_s, seed): (f64, u64),
        summary: &Summary,
        breaches: &[Breach],
    ) -> Self {
        let Percentiles { p50, p90, p95, p99, p999, max, mean } = summary.response_us;
        let figures = CurveFigures {
            achieved_per_s: summary.throughput_per_s,
            submitted: summary.submitted,
            errors: summary.errors() + summary.lost(),
            pacer_p99_us: summary.pacer_lateness_us.unwrap_or_default().p99,
            p50_us: p50,
            p90_us: p90,
            p95_us: p95,
            p99_us: p99,
            p999_us: p999,
            max_us: max,
            mean_us: mean,
        };
        let broken_by: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        Self {
            rate_per_s: probe.rate_per_s,
            purpose: probe.purpose,
            held: broken_by.is_empty(),
            broken_by,
            duration_s,
            seed,
            figures: Some(figures),
        }
    }

    /// A probe whose process died or gave up.
    pub fn died(probe: Probe, (duration_s, seed): (f64, u64), how: String) -> Self {
        let Probe { rate_per_s, purpose } = probe;
        Self { rate_per_s, purpose, held: false, broken_by: vec![how], duration_s, seed, figures: None }
    }
}

impl CurveFigures {
    /// Its response times.
    pub fn response_us(&self) -> Percentiles {
        let Self { p50_us, p90_us, p95_us, p99_us, p999_us, max_us, mean_us, .. } = *self;
        Percentiles {
            p50: p50_us,
            p90: p90_us,
            p95: p95_us,
            p99: p99_us,
            p999: p999_us,
            max: max_us,
            mean: mean_us,
        }
    }
}
