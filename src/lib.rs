//! jsarena: choose, size and trust an embedded JavaScript engine in a Rust server.
#![warn(missing_docs)]

pub mod build;
pub mod engine;
pub mod executor;
pub mod load;
pub mod record;
pub mod stats;
