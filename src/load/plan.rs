//! The plan of a load run: arrivals, warm-up, stop and seed. Also its form in records.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DueTimes, mix};

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

/// More jobs than this are not counted one by one.
const COUNTED: u64 = 10_000_000;

impl Plan {
    /// The good jobs that it has for the whole run, as far as that stands before the run: a closed loop that runs
    /// for a time has as many as are answered in it. Exact, but for more than ten million jobs.
    pub fn good_jobs(&self) -> Option<u64> {
        let jobs = match (self.stop, self.arrivals) {
            (Stop::Count(jobs), _) => jobs,
            (Stop::After(_), Arrivals::Closed { .. }) => return None,
            (Stop::After(time), Arrivals::Open { rate_per_s, spacing }) => {
                let about = rate_per_s * time.as_secs_f64();
                if about > COUNTED as f64 {
                    return Some((about * (1.0 - self.hostile)) as u64);
                }
                DueTimes::new(rate_per_s, spacing, self.seed).take_while(|due| *due < time).count() as u64
            }
        };
        if jobs > COUNTED {
            return Some((jobs as f64 * (1.0 - self.hostile)) as u64);
        }
        let good = |number: &u64| !mix::is_hostile(self.hostile, self.seed, *number);
        Some((0..jobs).filter(good).count() as u64)
    }
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
    fn good_jobs_are_those_due_in_time_and_not_hostile() {
        let open = |rate_per_s| Arrivals::Open { rate_per_s, spacing: Spacing::Constant };
        let plan = Plan {
            arrivals: open(50.0),
            warmup: Duration::from_secs(1),
            stop: Stop::After(Duration::from_secs(20)),
            seed: 1,
            hostile: 0.0,
        };
        assert_eq!(plan.good_jobs(), Some(1_000));
        let mixed = Plan { hostile: 0.1, ..plan };
        let hostile = (0..1_000).filter(|number| mix::is_hostile(0.1, 1, *number)).count() as u64;
        assert!((60..140).contains(&hostile), "{hostile}");
        assert_eq!(mixed.good_jobs(), Some(1_000 - hostile));
        assert_eq!(Plan { stop: Stop::Count(7), ..plan }.good_jobs(), Some(7));
        let closed = Arrivals::Closed { concurrency: 2 };
        assert_eq!(Plan { arrivals: closed, ..plan }.good_jobs(), None);
        assert_eq!(Plan { arrivals: closed, stop: Stop::Count(7), ..plan }.good_jobs(), Some(7));
        let vast = Plan { arrivals: open(1e9), hostile: 0.5, ..plan };
        assert_eq!(vast.good_jobs(), Some(10_000_000_000), "and it does not take for ever");
        let poisson = Arrivals::Open { rate_per_s: 50.0, spacing: Spacing::Poisson };
        let due = Plan { arrivals: poisson, ..plan }.good_jobs().unwrap();
        assert!((900..1_100).contains(&due), "{due}");
    }

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
