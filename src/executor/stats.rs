//! What an executor is doing: gauges of now, and counters since it started.

use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::Serialize;

/// Whether an executor takes jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    /// Its workers are being made.
    #[default]
    Starting,
    /// All workers are there.
    Serving,
    /// Workers are missing: they died faster than the restart budget allows, or too many are lost.
    Degraded,
    /// It takes no more jobs and ends those it has started.
    Draining,
    /// It has ended.
    Stopped,
}

/// What an executor is doing now, and what has happened to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Gauges {
    /// Whether it takes jobs.
    pub state: PoolState,
    /// Workers that can take a job.
    pub workers: u64,
    /// Workers that run one.
    pub busy: u64,
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Abandoned workers that have not come back.
    pub lost_now: u64,
    /// Panics caught.
    pub panics: u64,
    /// Workers started again.
    pub restarts: u64,
    /// Workers abandoned because they did not answer by the outer deadline.
    pub lost_workers: u64,
    /// Isolates replaced for their age, their heap, or an error that spent them.
    pub recycled: u64,
    /// Attempts after a job's first.
    pub retries: u64,
    /// Circuits that are open or being probed now, of scripts and pools.
    pub open_circuits: u64,
    /// What the heaps of its isolates held when their workers last looked; zero where they do not look, or the engine
    /// does not tell.
    pub heap_bytes: u64,
}

impl Gauges {
    /// These, with what the other has counted added.
    pub(super) fn and_counts_of(self, other: &Self) -> Self {
        Self {
            panics: self.panics + other.panics,
            restarts: self.restarts + other.restarts,
            lost_workers: self.lost_workers + other.lost_workers,
            recycled: self.recycled + other.recycled,
            retries: self.retries + other.retries,
            ..self
        }
    }
}

/// Counters that the threads of an executor share.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub workers: Counter,
    pub busy: Counter,
    pub lost_now: Counter,
    pub panics: Counter,
    pub restarts: Counter,
    pub lost_workers: Counter,
    pub recycled: Counter,
    pub heap_bytes: Counter,
}

/// A number that threads add to. Only ever read as a figure, so it orders nothing.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Replaces the part of it that is `was` by `is`.
    pub fn exchange(&self, was: u64, is: u64) {
        self.0.fetch_add(is.wrapping_sub(was), Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub fn gauges(&self, state: PoolState, queued: u64) -> Gauges {
        Gauges {
            state,
            workers: self.workers.get(),
            busy: self.busy.get(),
            queued,
            lost_now: self.lost_now.get(),
            panics: self.panics.get(),
            restarts: self.restarts.get(),
            lost_workers: self.lost_workers.get(),
            recycled: self.recycled.get(),
            retries: 0,
            open_circuits: 0,
            heap_bytes: self.heap_bytes.get(),
        }
    }
}
