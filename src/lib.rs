//! jsarena.
#![warn(missing_docs)]
#![allow(dead_code)]
pub mod build;
pub mod engine;
pub mod executor;
pub mod load;
pub mod record;
pub mod report;
pub mod stats;
