//! Watches a process over a long load: what it holds, and what its executor does.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::process;
use super::{Plan, Stop};
use crate::executor::{Executor, Gauges};
use crate::stats::SoakPoint;

/// Most samples kept. When there are more, every second one is dropped and they are taken half as often, so
/// that a soak of a week holds no more than one of an hour.
const MOST_SAMPLES: usize = 1440;

/// A thread that looks again and again, until it is told to stop.
pub(super) struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<(Vec<SoakPoint>, Duration)>,
}

impl Watch {
    /// Begins to look, on the clock of a plan that started at `started`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(plan: &Plan, executor: Arc<dyn Executor>, started: Instant) -> std::io::Result<Self> {
        let every = every(plan.stop);
        let (stop, stopped) = mpsc::channel();
        // Of its own: reading what children use takes milliseconds, which the generator's thread has not.
        let thread = thread::Builder::new().name("jsarena-soak".to_owned()).spawn(move || {
            let (mut samples, mut every) = (Samples::default(), every);
            loop {
                let now = started.elapsed();
                samples.push(look(now, &executor.gauges()), &mut every);
                let next = every.saturating_sub(started.elapsed().saturating_sub(now));
                match stopped.recv_timeout(next) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return (samples.0, every),
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends, and gives what was seen and how often it was looked.
    pub fn finish(self) -> (Vec<SoakPoint>, Duration) {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

/// Every second, every ten of a run beyond ten minutes, and more often in one that is over within a minute.
fn every(stop: Stop) -> Duration {
    const SECOND: Duration = Duration::from_secs(1);
    match stop {
        Stop::After(time) if time > Duration::from_secs(600) => 10 * SECOND,
        Stop::After(time) if time < Duration::from_secs(60) => (time / 60).max(Duration::from_millis(50)),
        Stop::After(_) | Stop::Count(_) => SECOND,
    }
}

#[derive(Default)]
struct Samples(Vec<SoakPoint>);

impl Samples {
    fn push(&mut self, point: SoakPoint, every: &mut Duration) {
        self.0.push(point);
        if self.0.len() > MOST_SAMPLES {
            let mut place = 0;
            self.0.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            *every *= 2;
        }
    }
}

fn look(at: Duration, gauges: &Gauges) -> SoakPoint {
    let census = process::census();
    SoakPoint {
        at_s: at.as_millis() as f64 / 1e3,
        rss_bytes: process::resident_bytes(),
        threads: census.threads,
        descriptors: census.descriptors,
        children: census.children.map(|children| children.count),
        children_bytes: census.children.map(|children| children.bytes),
        workers: gauges.workers,
        busy: gauges.busy,
        queued: gauges.queued,
        lost_now: gauges.lost_now,
        restarts: gauges.restarts,
        open_circuits: gauges.open_circuits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;
    use crate::engine::fake::Fake;
    use crate::executor::Blocking;

    #[test]
    fn samples_are_taken_as_often_as_the_run_is_long() {
        let after = |seconds| every(Stop::After(Duration::from_secs(seconds)));
        assert_eq!(after(3), Duration::from_millis(50));
        assert_eq!((after(60), after(600)), (Duration::from_secs(1), Duration::from_secs(1)));
        assert_eq!((after(601), after(86_400)), (Duration::from_secs(10), Duration::from_secs(10)));
        assert_eq!(every(Stop::Count(1)), Duration::from_secs(1));
    }

    #[test]
    fn memory_is_bounded_however_long_it_takes() {
        let (mut samples, mut every) = (Samples::default(), Duration::from_secs(10));
        let mut at = 0.0;
        for _ in 0..10_000 {
            samples.push(SoakPoint { at_s: at, ..SoakPoint::default() }, &mut every);
            at += every.as_secs_f64();
            assert!(samples.0.len() <= MOST_SAMPLES);
        }
        let gaps: Vec<f64> = samples.0.windows(2).map(|pair| pair[1].at_s - pair[0].at_s).collect();
        assert!(samples.0.len() > MOST_SAMPLES / 2 && samples.0[0].at_s == 0.0);
        assert!(gaps.iter().all(|gap| *gap <= every.as_secs_f64()), "{every:?}");
    }

    /// What another test of this process opens and starts meanwhile is seen too: only a lower bound holds.
    #[test]
    #[cfg(target_os = "linux")]
    fn threads_descriptors_and_children_are_seen() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let idle = Blocking::new(Arc::new(Fake::default()), Limits::default()).gauges();
        let point = look(Duration::from_millis(1500), &idle);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(point.threads.unwrap() >= 1 && point.descriptors.unwrap() >= 3, "{point:?}");
        assert!(point.children.unwrap() >= 1 && point.children_bytes.unwrap() > 0, "{point:?}");
        assert!(point.rss_bytes > 0 && (point.at_s - 1.5).abs() < 1e-9);
    }
}
