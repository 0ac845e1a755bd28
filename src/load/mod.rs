//! Load (reduced for this branch).
mod plan;
pub use plan::{Arrivals, Plan, Spacing, Stop};
