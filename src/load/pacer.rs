//! The pacer of an open loop: a thread that hands jobs over at their due times and never looks back.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::driver::{Accepted, Load, Phase};
use super::process;
use super::{DueTimes, EarlyStop, Spacing};
use crate::executor::Executor;
use crate::stats::LatencyHistogram;

/// What the pacer itself was like.
#[derive(Default)]
pub(super) struct Paced {
    /// How late each job was handed over.
    pub lateness: LatencyHistogram,
    /// Processor time of its thread.
    pub cpu: Duration,
}

/// Sends a phase's jobs at their due times and waits for all of them.
pub(super) async fn open(
    executor: &Arc<dyn Executor>,
    load: &Arc<Load>,
    phase: &Phase,
    (rate_per_s, spacing): (f64, Spacing),
) -> Paced {
    let (to_collector, mut from_pacer) = mpsc::unbounded_channel();
    let pacer = {
        let (executor, load, phase) = (Arc::clone(executor), Arc::clone(load), phase.clone());
        let due_times = DueTimes::new(rate_per_s, spacing, load.plan.seed);
        move || {
            make_timers_sharp();
            let mut lateness = LatencyHistogram::default();
            for after in due_times {
                let due = phase.started + after;
                // Before a job is counted it is waited for: one that is never submitted counts for nothing.
                let Some(now) = phase.wants(after).then(|| wait_until(due, &load.early_stop)).flatten()
                else {
                    break;
                };
                let Some(Accepted { job, part }) = phase.take(&load, after) else { break };
                // Handed over here and now: the way through the collector's thread is no part of the load.
                let completion = executor.submit(job);
                lateness.record(now.saturating_duration_since(due));
                if to_collector.send((due, part, completion)).is_err() {
                    break;
                }
            }
            Paced { lateness, cpu: process::cpu_of_thread() }
        }
    };
    let pacer = thread::Builder::new().name("jsarena-pacer".to_owned()).spawn(pacer);

    let mut answers = JoinSet::new();
    while let Some((due, part, completion)) = from_pacer.recv().await {
        let (checked, live) = (Arc::clone(&load.check), phase.live.clone());
        answers.spawn(async move {
            let completion = completion.await;
            Phase::record(live.as_ref(), &*checked, (due, part), &completion);
        });
        while answers.try_join_next().is_some() {}
    }
    while answers.join_next().await.is_some() {}
    // The channel has closed, so the thread is at its end: joining waits for nothing. Without a thread nothing
    // was submitted, which the summary shows.
    pacer.ok().and_then(|pacer| pacer.join().ok()).unwrap_or_default()
}

/// Waits for an instant and says what time it is then; `None` when an early stop came first.
fn wait_until(due: Instant, early_stop: &EarlyStop) -> Option<Instant> {
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    loop {
        let now = Instant::now();
        if now >= due {
            return Some(now);
        }
        if early_stop.is_requested() {
            return None;
        }
        thread::sleep((due - now).min(LOOK_EVERY));
    }
}

/// Linux rounds a thread's sleeps up by 50 µs unless told otherwise.
fn make_timers_sharp() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_timerslack(1) {
        tracing::warn!(%error, "the pacer's sleeps stay 50 µs coarse");
    }
}
