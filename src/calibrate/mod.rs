//! The instrument measured: the load driver against a server whose answers are known beforehand.
//!
//! The server is the fake engine on a pool of one worker. Due times and service times come from the seed, so
//! that the response time of every single job follows from them by Lindley's recursion: a percentile measured is held
//! against the one that this very sequence of jobs has, not against the one that a long run would tend to. What is
//! left is the error of the instrument: the pacer's lateness, the pool's hops, the clock, the histogram.
//!
//! Queues of one server with Poisson arrivals are named as D. G. Kendall named them: M/D/1 has a constant service
//! time, M/M/1 an exponential one. That the recursion gives their textbook figures is tested beside it.

mod case;
mod drive;
mod limits;
mod reference;
pub mod verdicts;

pub use case::{Case, Measured, cases};
pub use limits::limits;
pub use reference::responses;

/// The percentiles held against their references: name and quantile.
pub const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];
