//! Load: what to send and when (plan, schedule), and sending it (driver).

mod driver;
mod pacer;
mod plan;
pub mod process;
mod recorder;
mod sampler;
mod schedule;

pub use driver::{Load, LoadError, run};
pub use plan::{Arrivals, Plan, Spacing, Stop};
pub use recorder::{Live, Snapshot};
pub use schedule::DueTimes;
