//! Capacity: the highest rate of an open loop that holds what was promised.
//!
//! A service level objective ([`Slo`]) judges one load run. A [`Search`] says which rate to try next and when it is
//! done; it knows no clock and runs nothing, so that it is tested against servers that are a formula.
//!
//! Rates are jobs a second. Each of them is tried in a load run of its own, a *probe*, that lasts long enough for
//! every percentile of the objective to have ten samples beyond it, and for a queue that grows to be seen
//! ([`probe_time`]).

mod search;
mod slo;
mod time;

pub use search::{Confirmed, End, Found, NotFound, Outcome, Probe, Purpose, Search};
pub use slo::{Breach, Figure, Slo, SloError, Term};
pub use time::{probe_time, slowest};
