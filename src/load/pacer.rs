//! The pacer of an open loop: a thread that hands jobs over at their due times and never looks back.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::driver::{Load, Phase};
use super::process;
use super::{DueTimes, Spacing};
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
    load: &Load,
    phase: &Phase,
    (rate_per_s, spacing): (f64, Spacing),
) -> Paced {
    let (to_collector, mut from_pacer) = mpsc::unbounded_channel();
    let pacer = {
        let (executor, job, phase) = (Arc::clone(executor), load.job(), phase.clone());
        let due_times = DueTimes::new(rate_per_s, spacing, load.plan.seed);
        move || {
            make_timers_sharp();
            let mut lateness = LatencyHistogram::default();
            for after in due_times {
                if !phase.takes(after) {
                    break;
                }
                let due = phase.started + after;
                let now = wait_until(due);
                // Handed over here and now: the way through the collector's thread is no part of the load.
                let completion = executor.submit(job.clone());
                lateness.record(now.saturating_duration_since(due));
                if to_collector.send((due, completion)).is_err() {
                    break;
                }
            }
            Paced { lateness, cpu: process::cpu_of_thread() }
        }
    };
    let pacer = thread::Builder::new().name("jsarena-pacer".to_owned()).spawn(pacer);

    let mut answers = JoinSet::new();
    while let Some((due, completion)) = from_pacer.recv().await {
        let (checked, live) = (Arc::clone(&load.check), phase.live.clone());
        answers.spawn(async move {
            let completion = completion.await;
            Phase::record(live.as_ref(), &*checked, due, &completion);
        });
        while answers.try_join_next().is_some() {}
    }
    while answers.join_next().await.is_some() {}
    // The channel has closed, so the thread is at its end: joining waits for nothing. Without a thread nothing
    // was submitted, which the summary shows.
    pacer.ok().and_then(|pacer| pacer.join().ok()).unwrap_or_default()
}

/// Waits for an instant and says what time it is then.
fn wait_until(due: Instant) -> Instant {
    loop {
        let now = Instant::now();
        if now >= due {
            return now;
        }
        thread::sleep(due - now);
    }
}

/// Linux rounds a thread's sleeps up by 50 µs unless told otherwise.
fn make_timers_sharp() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_timerslack(1) {
        tracing::warn!(%error, "the pacer's sleeps stay 50 µs coarse");
    }
}
