//! How long an engine takes from nothing to an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Aid;

/// The start of an engine on a workload, with or without an aid: how long it took, or why it was not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Startup {
    /// Engine.
    pub engine: String,
    /// Workload, as suite/name.
    pub workload: String,
    /// What the engine was given to start sooner.
    pub aid: Aid,
    /// Fresh processes measured.
    pub repetitions: u32,
    /// Size of what it was given, bytes; absent without an aid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aid_bytes: Option<u64>,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<StartupTimes>,
    /// Why nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The phases, in their order, each over all repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StartupTimes {
    /// From starting the process until it says that it is there; its program file is in the page cache.
    pub process_us: Spread,
    /// The first isolate of the process, with all that the engine does once a process.
    pub engine_us: Spread,
    /// Loading the workload into it: setup and compilation, or taking up what was compiled before.
    pub load_us: Spread,
    /// The first call, answer checked off the clock.
    pub first_call_us: Spread,
    /// The call after it.
    pub next_call_us: Spread,
    /// A second isolate beside the first.
    pub isolate_us: Spread,
    /// Process, engine, load and first call of one and the same repetition together.
    pub first_result_us: Spread,
}

/// A time over all repetitions, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// Median.
    pub median: f64,
    /// Shortest.
    pub min: f64,
    /// Longest.
    pub max: f64,
}

impl Spread {
    /// Of these times; `None` without any.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = times.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self { median, min, max })
    }
}

impl StartupTimes {
    /// The phases by name, in the order in which they happen, and last what they come to.
    pub fn named(&self) -> [(&'static str, Spread); 7] {
        [
            ("process_us", self.process_us),
            ("engine_us", self.engine_us),
            ("load_us", self.load_us),
            ("first_call_us", self.first_call_us),
            ("next_call_us", self.next_call_us),
            ("isolate_us", self.isolate_us),
            ("first_result_us", self.first_result_us),
        ]
    }
}

impl Startup {
    /// Whether another row is of the same engine on the same workload with the same aid.
    pub fn is_same_row(&self, other: &Self) -> bool {
        (&self.engine, &self.workload, self.aid) == (&other.engine, &other.workload, other.aid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_all_its_times() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0]), Some(Spread { median: 3.0, min: 3.0, max: 3.0 }));
        assert_eq!(Spread::of([5.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 5.0 }));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
    }
}
