//! What was measured, frozen: histograms, percentiles, the summary of one load run, what a long one did to its
//! process, and the comparison of several.

pub mod compare;
mod histogram;
pub mod slope;
mod soak;
mod summary;

pub use histogram::{EncodedHistogram, HistogramError, LatencyHistogram, Percentiles};
pub use soak::{Resource, Soak, SoakPoint, SoakVerdict, Trend};
pub use summary::{BlockingPool, CpuTime, HostilePart, Interval, MemoryUse, QueueDepth, Summary};
