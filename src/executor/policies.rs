//! The policies together, in the order that makes sense of them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BreakerPolicy, Breaking, Executor, Limited, RetryPolicy, Retrying};

/// Which policies stand in front of an executor. Each can be left out, so that what it does can be measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policies {
    /// Most jobs in flight, more are turned away; [`Limited`].
    pub in_flight: Option<usize>,
    /// Whether and how jobs are tried again; [`Retrying`].
    pub retry: Option<RetryPolicy>,
    /// Whether and when circuits open; [`Breaking`].
    pub breaker: Option<BreakerPolicy>,
}

impl Policies {
    /// Puts them in front of `executor`: outermost the limit, so that a job between two attempts still has its
    /// place; then retries; innermost the breaker, so that it sees every attempt and an open circuit ends them.
    pub fn around(&self, executor: Arc<dyn Executor>) -> Arc<dyn Executor> {
        let mut executor = executor;
        if let Some(policy) = self.breaker {
            executor = Arc::new(Breaking::new(executor, policy));
        }
        if let Some(policy) = self.retry {
            executor = Arc::new(Retrying::new(executor, policy));
        }
        if let Some(in_flight) = self.in_flight {
            executor = Arc::new(Limited::new(executor, in_flight));
        }
        executor
    }
}

/// Which policies are on, as command lines and records say it. What is not said here is each policy's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyChoice {
    /// Further attempts at a job that met a passing fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Failures in a row that open a circuit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<u32>,
    /// Most jobs in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
}

impl PolicyChoice {
    /// Whether none is on.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The policies themselves.
    pub fn policies(&self) -> Policies {
        Policies {
            in_flight: self.in_flight.map(|most| most as usize),
            retry: self
                .retries
                .map(|more| RetryPolicy { attempts: more.saturating_add(1), ..RetryPolicy::default() }),
            breaker: self.breaker.map(|failures| BreakerPolicy { failures, ..BreakerPolicy::default() }),
        }
    }
}
