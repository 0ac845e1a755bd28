//! jsarena: choose, size and trust an embedded JavaScript engine in a Rust server.
#![warn(missing_docs)]

pub mod engine;
pub mod workload;
