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
        let spins = spins(rate_per_s);
        move || {
            make_timers_sharp();
            let mut lateness = LatencyHistogram::default();
            for after in due_times {
                let due = phase.started + after;
                // Before a job is counted it is waited for: one that is never submitted counts for nothing.
                let Some(now) =
                    phase.wants(after).then(|| wait_until(due, spins, &load.early_stop)).flatten()
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
        let (load, phase) = (Arc::clone(load), phase.clone());
        answers.spawn(async move {
            let completion = completion.await;
            phase.record(&load, (due, part), &completion);
        });
        while answers.try_join_next().is_some() {}
    }
    while answers.join_next().await.is_some() {}
    // The channel has closed, so the thread is at its end: joining waits for nothing. Without a thread nothing
    // was submitted, which the summary shows.
    pacer.ok().and_then(|pacer| pacer.join().ok()).unwrap_or_default()
}

/// How long before a due time the pacer stops sleeping and looks at the clock instead: a sleep ends some 50 µs late, and
/// under a hypervisor later. It may take a fiftieth of the pacer's time, for the processor is the workers' too.
fn spins(rate_per_s: f64) -> Duration {
    const MOST: Duration = Duration::from_micros(150);
    Duration::try_from_secs_f64(0.02 / rate_per_s).map_or(MOST, |share| share.min(MOST))
}

/// Waits for an instant and says what time it is then; `None` when an early stop came first.
fn wait_until(due: Instant, spins: Duration, early_stop: &EarlyStop) -> Option<Instant> {
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    loop {
        let now = Instant::now();
        if now >= due {
            return Some(now);
        }
        if early_stop.is_requested() {
            return None;
        }
        match (due - now).checked_sub(spins) {
            Some(sleep) if !sleep.is_zero() => thread::sleep(sleep.min(LOOK_EVERY)),
            _ => std::hint::spin_loop(),
        }
    }
}

/// Linux rounds a thread's sleeps up by 50 µs unless told otherwise.
fn make_timers_sharp() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_timerslack(1) {
        tracing::warn!(%error, "the pacer's sleeps stay 50 µs coarse");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_spins_for_no_more_than_a_fiftieth_of_its_time() {
        for rate in [0.001, 10.0, 1_000.0, 1e6] {
            assert!(spins(rate).as_secs_f64() * rate <= 0.0201, "{rate}");
        }
        assert!(spins(1.0) > spins(10_000.0));
    }
}
