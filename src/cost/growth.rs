//! What jobs leave behind in an isolate that is kept.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::Subject;
use super::footprint::sloped;
use crate::engine::{Isolate, ScriptId};
use crate::load::process;
use crate::record::Growth;
use crate::stats::slope::FEWEST;

/// How growth is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrowthPlan {
    /// Samples to take.
    pub samples: u32,
    /// Jobs between two samples; fewer where jobs are so slow that all of it would take too long.
    pub every: u32,
    /// Time to keep to. Twice as long at most, as soon as there are samples enough for a slope.
    pub within: Duration,
}

/// Jobs by which it is told how slow they are.
const TRIED: u32 = 10;

/// As many jobs as between so many samples are run before the first: what an engine sets up while it warms up is no
/// growth.
const WARMUP_SAMPLES: u32 = 10;

/// Runs job after job on one isolate.
///
/// # Errors
/// When it cannot be made, or a job does not answer rightly; or when the plan has too few samples for a slope
/// ([`FEWEST`]).
pub fn growth(subject: &Subject, plan: GrowthPlan) -> anyhow::Result<Growth> {
    subject.on_thread(|subject| {
        let (mut isolate, script) = subject.loaded()?;
        let started = Instant::now();
        run(subject, &mut *isolate, script, TRIED).context("while warming up")?;
        let every = jobs_between(plan, started.elapsed() / TRIED);
        for _ in 0..WARMUP_SAMPLES {
            if started.elapsed() < plan.within {
                run(subject, &mut *isolate, script, every).context("while warming up")?;
            }
        }
        let started = Instant::now();
        let (mut resident, mut heaps) = (Vec::new(), Vec::new());
        for sample in 0..plan.samples {
            let jobs = u64::from(sample) * u64::from(every);
            if sample > 0 {
                run(subject, &mut *isolate, script, every).with_context(|| format!("after {jobs} jobs"))?;
            }
            let thousands = jobs as f64 / 1e3;
            resident.push((thousands, process::resident_bytes() as f64));
            heaps.extend(isolate.heap().map(|heap| (thousands, heap.used.as_u64() as f64)));
            if resident.len() >= FEWEST && started.elapsed() > plan.within * 2 {
                break;
            }
        }
        let samples = u32::try_from(resident.len()).context("the number of samples")?;
        Ok(Growth {
            jobs: u64::from(samples.saturating_sub(1)) * u64::from(every),
            samples,
            rss_per_1000_jobs: sloped(resident).context("too few samples for a slope")?,
            heap_per_1000_jobs: sloped(heaps),
        })
    })
}

/// As many as the plan wants, or as there is time for; at least one.
fn jobs_between(plan: GrowthPlan, job: Duration) -> u32 {
    let between = plan.within / (plan.samples + WARMUP_SAMPLES).max(1);
    let there_is_time_for = between.as_nanos() / job.as_nanos().max(1);
    u32::try_from(there_is_time_for).unwrap_or(u32::MAX).clamp(1, plan.every.max(1))
}

fn run(subject: &Subject, isolate: &mut dyn Isolate, script: ScriptId, jobs: u32) -> anyhow::Result<()> {
    (0..jobs).try_for_each(|_| subject.answer(isolate, script))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::subject::tests::subject;

    const PLAN: GrowthPlan = GrowthPlan { samples: 12, every: 20, within: Duration::from_secs(60) };

    #[test]
    fn what_each_job_leaves_behind_is_its_growth() {
        let grown = growth(&subject("allocate 1KiB; return 2"), PLAN).unwrap();
        assert_eq!((grown.samples, grown.jobs), (12, 220));
        let heap = grown.heap_per_1000_jobs.unwrap();
        assert!((heap.bytes - 1_024_000.0).abs() < 1.0, "{heap:?}");
        let clean = growth(&subject("return 2"), PLAN).unwrap().heap_per_1000_jobs.unwrap();
        assert_eq!((clean.bytes, clean.interval), (0.0, [0.0, 0.0]));
    }

    #[test]
    fn slow_jobs_are_fewer_but_one_at_least() {
        let jobs = |job: Duration| jobs_between(GrowthPlan { within: Duration::from_secs(22), ..PLAN }, job);
        assert_eq!(jobs(Duration::from_micros(1)), 20);
        assert_eq!(jobs(Duration::from_millis(100)), 10);
        assert_eq!(jobs(Duration::from_secs(100)), 1);
        assert_eq!(jobs(Duration::ZERO), 20);
    }

    #[test]
    fn a_job_that_fails_ends_it_with_its_place() {
        let error = format!("{:#}", growth(&subject("allocate 64KiB; return 2"), PLAN).unwrap_err());
        assert!(error.contains("out of memory"), "{error}");
        let few = GrowthPlan { samples: 3, ..PLAN };
        assert!(growth(&subject("return 2"), few).unwrap_err().to_string().contains("too few"));
    }
}
