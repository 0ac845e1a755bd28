//! What was measured, frozen: histograms, percentiles, the summary of one load run, what the machine did meanwhile,
//! when the load settled, what a long one did to its process, and the comparison of several.

pub mod compare;
mod histogram;
mod machine;
mod median;
pub mod slope;
mod soak;
mod steady;
mod summary;

pub use histogram::{EncodedHistogram, HistogramError, LatencyHistogram, Percentiles};
pub use machine::Machine;
pub use median::median;
pub use soak::{Resource, Soak, SoakPoint, SoakVerdict, Trend};
pub use steady::{ServiceIntervals, ServiceSeries, SteadyState};
pub use summary::{BlockingPool, CpuTime, HostilePart, Interval, MemoryUse, QueueDepth, Summary};
