//! What was measured, frozen: histograms, percentiles and the summary of one load run.

mod histogram;
pub mod slope;
mod summary;

pub use histogram::{EncodedHistogram, HistogramError, LatencyHistogram, Percentiles};
pub use summary::{BlockingPool, CpuTime, Interval, MemoryUse, QueueDepth, Summary};
