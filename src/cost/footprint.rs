//! Memory for isolates: many in one process, one in a process of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::Subject;
use crate::load::process;
use crate::record::{IsolatesMemory, Slope};
use crate::stats::slope::slope;

/// The memory of a process by the number of its isolates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isolates {
    /// Before the first, resident, bytes.
    pub base_bytes: u64,
    /// With one, two and so on.
    pub points: Vec<IsolatesMemory>,
    /// For one more.
    pub slope: Slope,
}

/// Makes so many isolates, one after the other, all of them alive at the end, each on a thread of its own as in a
/// pool, with the workload loaded and called once; and looks at the process after each.
///
/// # Errors
/// When one cannot be made, or does not answer rightly; or when there are too few for a slope
/// ([`FEWEST`](crate::stats::slope::FEWEST)).
pub fn isolates(subject: &Subject, most: u32) -> anyhow::Result<Isolates> {
    let base_bytes = process::resident_bytes();
    let points = thread::scope(|scope| {
        // A thread ends as soon as its sender here is dropped, whatever ends this function.
        let mut held = Vec::new();
        let mut points = Vec::new();
        for n in 1..=most {
            let (hold, released) = mpsc::channel::<()>();
            let (to_here, ready) = mpsc::channel();
            let body = move || {
                let make = || {
                    let (mut isolate, script) = subject.loaded()?;
                    subject.answer(&mut *isolate, script)?;
                    anyhow::Ok(isolate)
                };
                let panicked = |_| Err(anyhow!("a panic ended the isolate"));
                let made = catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(panicked);
                let (isolate, told) = match made {
                    Ok(isolate) => (Some(isolate), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                // Without a receiver nobody waits for this isolate any more; and nothing is ever sent to it.
                let _ = to_here.send(told);
                let _ = released.recv();
                drop(isolate);
            };
            subject.thread()?.spawn_scoped(scope, body).context("a thread")?;
            held.push(hold);
            let told = ready.recv().context("its thread ended without a word").flatten();
            told.with_context(|| format!("isolate {n}"))?;
            let rss_bytes = process::resident_bytes();
            points.push(IsolatesMemory { n, rss_bytes, pss_bytes: process::proportional_bytes() });
        }
        anyhow::Ok(points)
    })?;
    let slope = sloped(points.iter().map(|point| (f64::from(point.n), point.rss_bytes as f64)));
    Ok(Isolates { base_bytes, points, slope: slope.context("too few isolates for a slope")? })
}

/// The slope of such points with its interval, where there are enough of them.
pub(super) fn sloped(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Slope> {
    let points: Vec<(f64, f64)> = points.into_iter().collect();
    slope(&points).map(|slope| Slope { bytes: slope.estimate, interval: [slope.low, slope.high] })
}

/// Memory of the process in which the subject's engine, one of processes, has its isolate, bytes.
///
/// # Errors
/// When there is no such process, it does not answer rightly, or the system does not tell of its memory.
pub fn worker_process_bytes(subject: &Subject) -> anyhow::Result<u64> {
    subject.on_thread(|subject| {
        let (mut isolate, script) = subject.loaded()?;
        subject.answer(&mut *isolate, script)?;
        process::largest_child_bytes().context("the system does not tell what a child holds")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::subject::tests::subject;
    use crate::stats::slope::FEWEST;

    #[test]
    fn each_isolate_is_looked_at_while_all_before_it_live() {
        let most = FEWEST as u32 + 2;
        let found = isolates(&subject("return 2"), most).unwrap();
        let numbers: Vec<u32> = found.points.iter().map(|point| point.n).collect();
        assert_eq!(numbers, (1..=most).collect::<Vec<_>>());
        assert!(found.base_bytes > 0 && found.points.iter().all(|point| point.rss_bytes > 0));
        let [low, high] = found.slope.interval;
        assert!(low <= found.slope.bytes && found.slope.bytes <= high);
    }

    #[test]
    fn what_cannot_be_made_is_named_and_leaves_no_thread_waiting() {
        let error = |body| format!("{:#}", isolates(&subject(body), 12).unwrap_err());
        assert!(error("return 3").starts_with("isolate 1: wrong answer"), "{}", error("return 3"));
        assert!(error("panic oh").contains("panic"));
        assert!(isolates(&subject("return 2"), 3).unwrap_err().to_string().contains("too few"));
    }
}
