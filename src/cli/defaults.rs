//! What each command does where nothing is said.

use std::time::Duration;

use crate::executor::{Isolation, Reuse};

/// What a command does where nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    pub(super) isolations: &'static [Isolation],
    pub(super) reuse: Reuse,
    /// One a processor, if there is none here.
    pub(super) workers: Option<u32>,
    /// All of them, if none is named here.
    pub(super) workloads: &'static [&'static str],
    /// An open loop of this rate; without one, a closed loop.
    pub(super) rate_per_s: Option<f64>,
    pub(super) duration: Duration,
    pub(super) warmup: Duration,
    /// Rounds of each cell.
    pub rounds: u32,
    pub(super) retries: u32,
    pub(super) breaker: u32,
    pub(super) hostile: f64,
    /// Whether hostile scripts that take down the process are among them.
    pub(super) killers_too: bool,
    pub(super) soak: bool,
    /// Whether several numbers of workers make sense.
    pub(super) sweeps: bool,
    /// Whether servers behind a URL can be measured so.
    pub(super) urls: bool,
}

impl Defaults {
    /// Of `run` and `verify`: one cell, looked at closely.
    pub const RUN: Self = Self {
        isolations: &[Isolation::Thread],
        reuse: Reuse::Keep,
        workers: None,
        workloads: &[],
        rate_per_s: None,
        duration: Duration::from_secs(5),
        warmup: Duration::from_secs(1),
        rounds: 1,
        // Errors are measured as they are: no policy hides one.
        retries: 0,
        breaker: 0,
        hostile: 0.0,
        killers_too: false,
        soak: false,
        sweeps: false,
        urls: true,
    };

    /// Of `run --soak`: a server as it would be run, under guests as they come.
    pub const SOAK: Self = Self {
        duration: Duration::from_secs(600),
        retries: 2,
        breaker: 10,
        hostile: 0.05,
        soak: true,
        urls: false,
        ..Self::RUN
    };

    /// Of `compare`: the whole matrix in a quarter of an hour. Six short rounds tell more than three long ones: what
    /// differs from process to process is told apart only by processes.
    pub const COMPARE: Self = Self {
        isolations: &[Isolation::Thread, Isolation::Task],
        duration: Duration::from_millis(600),
        warmup: Duration::from_millis(200),
        rounds: 6,
        ..Self::RUN
    };

    /// Of `compare --ablation`: every step of the ladder under what all of them could hold on two processors, for as
    /// long as it takes to have the thousand good jobs that a 99th percentile needs.
    pub const ABLATION: Self = Self {
        isolations: &Isolation::ALL,
        reuse: Reuse::Reset,
        workloads: &["seed/filter-records"],
        rate_per_s: Some(60.0),
        duration: Duration::from_secs(20),
        warmup: Duration::from_millis(500),
        rounds: 1,
        retries: 2,
        breaker: 10,
        hostile: 0.02,
        killers_too: true,
        urls: false,
        ..Self::RUN
    };

    /// Of `capacity`: probes long enough for a 99th percentile from some hundred jobs a second on.
    pub const CAPACITY: Self = Self {
        duration: Duration::from_secs(2),
        warmup: Duration::from_millis(500),
        sweeps: true,
        urls: false,
        ..Self::RUN
    };

    /// Of `survive`: every isolation, to be compared. Globals are not kept, for what scripts share by definition
    /// would count as left over; and with one of four workers busy with a script, the others are what half load
    /// needs.
    pub const SURVIVE: Self = Self {
        isolations: &Isolation::ALL,
        reuse: Reuse::Reset,
        workers: Some(4),
        duration: Duration::from_secs(1),
        warmup: Duration::ZERO,
        urls: false,
        ..Self::RUN
    };

    /// Of `serve`: guests that trust neither each other nor the engine are held apart as well as they can be.
    pub const SERVE: Self =
        Self { isolations: &[Isolation::Process], reuse: Reuse::Reset, retries: 2, breaker: 10, ..Self::RUN };

    pub(super) const QUICK_DURATION: Duration = Duration::from_millis(500);
    pub(super) const QUICK_WARMUP: Duration = Duration::from_millis(200);
}
