//! jsarena: choose, size and trust an embedded JavaScript engine in a Rust server.
//!
//! The code, from the bottom up; imports point downward only:
//!
//! | module | what it is |
//! |---|---|
//! | [`engine`] | the two traits every engine implements, their types, and the adapters |
//! | [`workload`] | scripts with input and expected answer, read from folders |
//! | [`executor`] | the actor pool, the blocking-task baseline and the policies in front of them: every job gets exactly one outcome |
//! | [`stats`] | HDR histograms and the summary of one load run |
//! | [`load`] | plans, due times and the driver that runs them |
//! | [`capacity`] | the highest rate that holds an objective: judging a run, searching for the rate |
//! | [`record`] | the run record: all that is ever written down |
//! | [`survive`] | what a hostile script does to a pool, its host and its neighbours |
//! | [`cost`] | what an engine takes before it works and beside it: time to a first answer, memory |
//! | [`calibrate`] | the load driver held against servers that are known |
//! | [`report`] | reports made from records |
//! | [`serve`] | the pools behind HTTP |
//! | [`cli`] | what the command line may say |
//! | [`cmd`] | the commands: the only code that prints |
//!
//! [`build`] holds the facts baked in at build time.
#![warn(missing_docs)]

pub mod build;
pub mod calibrate;
pub mod capacity;
pub mod cli;
pub mod cmd;
pub mod cost;
pub mod engine;
pub mod executor;
pub mod load;
pub mod record;
pub mod report;
pub mod serve;
pub mod stats;
pub mod survive;
pub mod workload;
