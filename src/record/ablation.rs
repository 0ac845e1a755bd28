//! What only runs under faults have to say: the step of an ablation, and how far a cell got that died.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::executor::PolicyChoice;

/// The policies that a row of an ablation has in front of its executor: its place on the ladder, within its
/// isolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// None.
    Bare,
    /// Jobs that met a passing fault are tried again.
    Retry,
    /// Circuits open on failures in a row.
    Breaker,
    /// Both of them.
    Both,
}

impl Step {
    /// All of them, in the order of the ladder.
    pub const ALL: [Self; 4] = [Self::Bare, Self::Retry, Self::Breaker, Self::Both];

    /// The policies of this step, of those that are to be had. A limit of jobs in flight is no step: it stays.
    pub fn of(self, all: PolicyChoice) -> PolicyChoice {
        let (retry, breaker) = match self {
            Self::Bare => (false, false),
            Self::Retry => (true, false),
            Self::Breaker => (false, true),
            Self::Both => (true, true),
        };
        PolicyChoice {
            retries: all.retries.filter(|_| retry),
            breaker: all.breaker.filter(|_| breaker),
            in_flight: all.in_flight,
        }
    }

    /// Whether those policies are to be had. Both is a step only where each alone is one.
    pub fn is_in(self, all: PolicyChoice) -> bool {
        match self {
            Self::Bare => true,
            Self::Retry => all.retries.is_some(),
            Self::Breaker => all.breaker.is_some(),
            Self::Both => all.retries.is_some() && all.breaker.is_some(),
        }
    }

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Retry => "retry",
            Self::Breaker => "breaker",
            Self::Both => "both",
        }
    }
}

/// What was known of a cell that died after its clock had started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Died {
    /// Seconds on its clock when it died.
    pub at_s: f64,
    /// Good jobs that had ended when it last said so: a few more may have since.
    pub finished: u64,
    /// Of those, how many were errors.
    pub errors: u64,
    /// Median response time of those that ran, microseconds.
    pub p50_us: f64,
    /// 99th percentile of the same, microseconds.
    pub p99_us: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_its_policies_from_those_that_are_to_be_had() {
        let all = PolicyChoice { retries: Some(3), breaker: Some(7), in_flight: Some(9) };
        let of = |step: Step| {
            let PolicyChoice { retries, breaker, in_flight } = step.of(all);
            assert_eq!(in_flight, Some(9), "no step takes the limit away");
            (retries, breaker)
        };
        let steps = [(None, None), (Some(3), None), (None, Some(7)), (Some(3), Some(7))];
        assert_eq!(Step::ALL.map(of), steps);
    }

    #[test]
    fn without_a_policy_its_steps_are_none() {
        let in_it = |retries, breaker| {
            let all = PolicyChoice { retries, breaker, in_flight: None };
            Step::ALL.into_iter().filter(|step| step.is_in(all)).collect::<Vec<_>>()
        };
        assert_eq!(in_it(Some(1), Some(1)), Step::ALL);
        assert_eq!(in_it(Some(1), None), [Step::Bare, Step::Retry]);
        assert_eq!(in_it(None, Some(1)), [Step::Bare, Step::Breaker]);
        assert_eq!(in_it(None, None), [Step::Bare]);
    }

    #[test]
    fn steps_are_named_alike_in_records_and_here() {
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.as_str());
        }
    }
}
