//! The plan of a load run: arrivals, warm-up, stop and seed. Also its form in records.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What load to make, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PlanForm", into = "PlanForm")]
#[schemars(with = "PlanForm")]
pub struct Plan {
    /// How jobs arrive.
    pub arrivals: Arrivals,
    /// How long to load before the clock starts.
    pub warmup: Duration,
    /// When to stop.
    pub stop: Stop,
    /// Seed of all that is random: the spacing of Poisson arrivals, and which jobs are hostile.
    pub seed: u64,
    /// Part of the jobs that is hostile, 0 to 1.
    pub hostile: f64,
}

/// How jobs arrive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Each of `concurrency` clients submits its next job when it has the answer to the last one. A slow
    /// answer delays what follows, so it hides queueing: fit for throughput, not for tail latency.
    Closed {
        /// Clients.
        concurrency: u32,
    },
    /// Jobs are due at instants that no answer can move.
    Open {
        /// Jobs a second.
        rate_per_s: f64,
        /// How the due times are spaced.
        spacing: Spacing,
    },
}

/// How an open loop's due times are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// Evenly.
    Constant,
    /// Exponentially distributed gaps, as independent users make them.
    Poisson,
}

/// When a load run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// After this time on the clock; what is in flight is waited for.
    After(Duration),
    /// After this many jobs.
    Count(u64),
}

/// The plan as a record has it: plain numbers with their units in the names.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Plan")]
struct PlanForm {
    /// How jobs arrive.
    arrivals: Arrivals,
    /// Seconds of load before the clock starts.
    warmup_s: f64,
    /// Seconds on the clock, unless `count` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_s: Option<f64>,
    /// Jobs after which to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Seed of all that is random.
    seed: u64,
    /// Part of the jobs that is hostile, 0 to 1; none if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hostile_share: Option<f64>,
}

impl From<Plan> for PlanForm {
    fn from(plan: Plan) -> Self {
        let (duration_s, count) = match plan.stop {
            Stop::After(time) => (Some(time.as_secs_f64()), None),
            Stop::Count(jobs) => (None, Some(jobs)),
        };
        Self {
            arrivals: plan.arrivals,
            warmup_s: plan.warmup.as_secs_f64(),
            duration_s,
            count,
            seed: plan.seed,
            hostile_share: Some(plan.hostile).filter(|share| *share > 0.0),
        }
    }
}

impl From<PlanForm> for Plan {
    fn from(form: PlanForm) -> Self {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).unwrap_or_default();
        Self {
            arrivals: form.arrivals,
            warmup: seconds(form.warmup_s),
            stop: form
                .count
                .map_or_else(|| Stop::After(seconds(form.duration_s.unwrap_or_default())), Stop::Count),
            seed: form.seed,
            hostile: form.hostile_share.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_form_has_the_contract_s_names_and_reads_back() {
        let plan = Plan {
            arrivals: Arrivals::Closed { concurrency: 8 },
            warmup: Duration::from_secs(1),
            stop: Stop::After(Duration::from_secs(5)),
            seed: 1,
            hostile: 0.0,
        };
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(
            text,
            r#"{"arrivals":{"closed":{"concurrency":8}},"warmup_s":1.0,"duration_s":5.0,"seed":1}"#
        );
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        for other in [Plan { stop: Stop::Count(100), ..plan }, Plan { hostile: 0.05, ..plan }] {
            let text = serde_json::to_string(&other).unwrap();
            assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), other);
        }
    }
}
