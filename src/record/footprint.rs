//! What an engine takes of memory with a workload loaded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The memory of an engine on a workload: what it takes, or why that was not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Footprint {
    /// Engine.
    pub engine: String,
    /// Workload, as suite/name.
    pub workload: String,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryFigures>,
    /// Why nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The figures. Each isolate has the workload loaded and has answered one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryFigures {
    /// Resident memory of the process before its first isolate, bytes.
    pub base_bytes: u64,
    /// Its memory with so many isolates alive at once, each on a thread of its own, in rising numbers from 1.
    pub isolates: Vec<IsolatesMemory>,
    /// Resident memory for one more isolate: the slope over their number, bytes.
    pub per_isolate_bytes: Slope,
    /// Proportional set size of a worker's process with one isolate, bytes: what it shares with its host and with
    /// the spare worker counts by its share. Resident memory where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_process_pss_bytes: Option<u64>,
    /// Why there is no such figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_worker_process: Option<String>,
    /// Jobs on one isolate under reuse `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// Why that was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_growth: Option<String>,
    /// The smallest heap limit under which the workload passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_heap: Option<SmallestHeap>,
    /// Why there is none: the engine has no heap limit, or the workload does not pass under the largest tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_smallest_heap: Option<String>,
}

/// The memory of a process with so many isolates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IsolatesMemory {
    /// Isolates alive.
    pub n: u32,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// Proportional set size, bytes, where the kernel tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_bytes: Option<u64>,
}

/// A slope by Theil and Sen, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slope {
    /// The slope.
    pub bytes: f64,
    /// Lower and upper end of its interval.
    pub interval: [f64; 2],
}

/// What jobs leave behind in an isolate that keeps its globals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Growth {
    /// Jobs between the first sample and the last.
    pub jobs: u64,
    /// Samples.
    pub samples: u32,
    /// Growth of the resident memory of the process for 1,000 jobs.
    pub rss_per_1000_jobs: Slope,
    /// Growth of the engine's heap for 1,000 jobs, where the engine tells its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heap_per_1000_jobs: Option<Slope>,
}

/// The least heap with which a workload passes, found by halving, each probe in a fresh process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SmallestHeap {
    /// The smallest limit under which all its calls answered rightly, each time it was tried, bytes.
    pub bytes: u64,
    /// The largest limit below that under which they did not, at most 5 % away, bytes; absent when the workload passed
    /// under the smallest tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_small_bytes: Option<u64>,
    /// Calls of a probe.
    pub calls: u32,
    /// Probes that were run.
    pub probes: u32,
}

impl Footprint {
    /// Whether another row is of the same engine on the same workload.
    pub fn is_same_row(&self, other: &Self) -> bool {
        (&self.engine, &self.workload) == (&other.engine, &other.workload)
    }
}
