//! What an engine costs before its work and beside it: the time until a first answer, and memory.
//!
//! Each function measures the very process it runs in, and so wants a fresh one; that is its caller's to see to.

mod footprint;
mod growth;
mod heap;
mod startup;
mod subject;

pub use footprint::{Isolates, isolates, worker_process_bytes};
pub use growth::{GrowthPlan, growth};
pub use heap::{Probe, Search, passes};
pub use startup::{Phases, prepare, snapshot, start, times};
pub use subject::Subject;
