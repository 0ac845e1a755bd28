//! Load: what to send and when (plan, schedule), and sending it (driver).

mod plan;

pub use plan::{Arrivals, Plan, Spacing, Stop};
