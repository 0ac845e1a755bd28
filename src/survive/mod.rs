//! Survival: what a hostile script does to a pool, to the process around it and to the innocent jobs beside it.
//!
//! A *trial* is one script on one engine under one isolation, in a host process that has seen nothing before.
//! The host tells what it sees as it goes ([`Sighting`]), so that its own death is a result too; the parent
//! turns what it heard into the row of the record ([`judge`]).

mod innocents;
mod leftovers;
mod trial;
mod verdict;
mod watch;

pub use innocents::Beat;
pub use trial::{Sighting, Stopwatch, Trial, tune, undergo};
pub use verdict::{HostEnd, judge};
