//! What the machine did beside a load run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What else the machine did while the clock ran, and how fast it was. What the system does not tell is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Part of the processor time of the whole machine, 0 to 1, that other processes took: all but this one and its
    /// children. Absent too for a run so short that the kernel's ticks say little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_cpu: Option<f64>,
    /// Part of it, 0 to 1, for which a processor would have run but the hypervisor let another guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal: Option<f64>,
    /// Times that the process's control group had used up its quota of processor time and was made to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_periods: Option<u64>,
    /// Seconds that it was, added up over its processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_s: Option<f64>,
    /// Times that a core was slowed down because of heat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat_events: Option<u64>,
    /// How long one and the same short arithmetic took right before the clock started and right after the last answer,
    /// microseconds: longer where the clock rate was lower.
    pub yardstick_us: [f64; 2],
}
