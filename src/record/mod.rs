//! The run record: the only result that is written down, and the only thing reports are made from.

mod ablation;
mod calibration;
mod capacity;
mod check;
mod comparisons;
mod containment;
mod footprint;
mod host;
mod noise;
mod other_tools;
mod schema;
mod shards;
mod startup;
mod store;
mod verdicts;

pub use crate::build::BuildFacts;
pub use ablation::{Died, Step};
pub use calibration::{Calibration, CalibrationRun, ClosedLoop, DriverLimits, Instrument};
pub use capacity::{Capacity, CurveFigures, CurvePoint};
pub use check::{check, check_other_tool};
pub use comparisons::{ALL_WORKLOADS, Comparison, MINIMAL_EFFECT, comparisons, side};
pub use containment::{Containment, ContainmentVerdict, Leaked, Neighbours};
pub use footprint::{Footprint, Growth, IsolatesMemory, MemoryFigures, Slope, SmallestHeap};
pub use host::HostFacts;
pub use noise::{AGAIN, NoiseFloor};
pub use other_tools::{LoadTool, OtherTool, ToolErrors, ToolLatency};
pub use schema::json_schema;
pub use shards::Shards;
pub use startup::{Spread, Startup, StartupTimes};
pub use store::{RecordError, load, read, save};
pub use verdicts::{Asked, VerdictRate};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::EngineInfo;
use crate::executor::sandbox;
use crate::executor::{Isolation, PolicyChoice, Reuse};
use crate::load::Plan;
use crate::stats::Summary;

/// Version of the record's form. A reader refuses newer ones.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything one command measured, with what is needed to judge and repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Version of this form.
    pub schema: u32,
    /// When the run began, RFC 3339, UTC.
    pub created: String,
    /// The command line that made it, without the program's path.
    #[serde(default)]
    pub command: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// The shards it holds; absent when it is the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// The machine.
    pub host: HostFacts,
    /// The program.
    pub build: BuildFacts,
    /// What the kernel offered to confine worker processes with; absent when no worker was a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<sandbox::Report>,
    /// The engines asked for, built in or not.
    #[serde(default)]
    pub engines: Vec<EngineEntry>,
    /// The workloads measured; in a shard, those of the whole.
    #[serde(default)]
    pub workloads: Vec<WorkloadEntry>,
    /// One engine measured twice under two labels; absent when the command did not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_floor: Option<NoiseFloor>,
    /// The smallest relative difference that was to matter (0.02 is 2 %); absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimal_effect: Option<f64>,
    /// One a cell and round.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// One a pair of engines, workload, setting and metric: what the measurements say of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// One a hostile script, engine and isolation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containment: Vec<Containment>,
    /// One a case and percentile: the load driver held against a server that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Calibration>,
    /// How that was measured, and what the driver can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
    /// One an engine, workload and aid: how long it takes from nothing to an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub startup: Vec<Startup>,
    /// One an engine and workload: what it takes of memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footprint: Vec<Footprint>,
    /// One a server, injected difference and metric: how often comparisons were right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<VerdictRate>,
    /// One an engine, workload, isolation, reuse and number of workers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<Capacity>,
    /// One a result of another load tool that was put beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_tools: Vec<OtherTool>,
}

/// An engine asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EngineEntry {
    /// Its name.
    pub id: String,
    /// What it is and can do, if it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<EngineInfo>,
    /// Why it is not there, otherwise: "not built: …".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Where it answers, if it is a server and no engine of ours; nothing is known of what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A workload measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadEntry {
    /// Suite and name.
    pub name: String,
    /// `javascript` or `filter`; `request` for an HTTP request that was sent as it is.
    pub kind: String,
    /// Which real shape it stands for.
    pub why: String,
    /// Hash of script, setup, input and expected answer: figures of different hashes are not comparable.
    pub hash: String,
}

/// One cell of the matrix in one round: an engine on a workload under an isolation, with its summary or the
/// reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// Engine.
    pub engine: String,
    /// Workload, as suite/name.
    pub workload: String,
    /// Isolation.
    pub isolation: Isolation,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// Workers in the pool; for `task` the most blocking tasks at a time; 0 for a server, which does not say.
    pub workers: u32,
    /// Round, from 0.
    pub round: u32,
    /// The load.
    pub plan: Plan,
    /// What stood in front of the executor; absent when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<PolicyChoice>,
    /// Its step on the ladder of an ablation; absent from all other rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Set on the second half of an A/A pair: the same cell measured again under this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Why nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How far it had come, if it died while its clock ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<Died>,
}

impl Measurement {
    /// Whether another row is of the same cell, in whatever round.
    pub fn is_same_cell(&self, other: &Self) -> bool {
        let cell = |row: &Self| (row.isolation, row.reuse, row.workers, row.policies, row.step);
        (&self.engine, &self.workload, &self.label) == (&other.engine, &other.workload, &other.label)
            && cell(self) == cell(other)
    }
}
