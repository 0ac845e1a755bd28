//! Load: what to send and when (plan, schedule), and sending it (driver).

mod driver;
mod early_stop;
mod machine;
mod mix;
mod pacer;
mod plan;
pub mod process;
mod recorder;
mod roof;
mod sampler;
mod schedule;
mod series;
mod soak;

pub use driver::{Load, LoadError, run};
pub use early_stop::EarlyStop;
pub use mix::Ingredient;
pub use plan::{Arrivals, Plan, Spacing, Stop};
pub use recorder::{Live, Snapshot};
pub use roof::{HOST_MEMORY, keep_below_roof};
pub use schedule::DueTimes;
