//! The summary of one load run: everything counted and measured, in the record's own form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EncodedHistogram, Machine, Percentiles, ServiceSeries, Soak};
use crate::executor::OutcomeCounts;

/// What one load run measured, warm-up left out. Where hostile jobs were mixed in, all figures of jobs are those
/// of the good ones, but for `hostile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Jobs submitted; the outcomes add up to it.
    pub submitted: u64,
    /// Answers that came back but were not the expected one. They are counted under `ok` as outcomes, and as
    /// errors everywhere else.
    pub wrong_answers: u64,
    /// Correct answers a second, from the first planned instant to the last answer.
    pub throughput_per_s: f64,
    /// Jobs a second that the plan asked for, hostile ones not counted; absent for a closed loop, which asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
    /// Seconds from the first planned instant to the last answer.
    pub elapsed_s: f64,
    /// How the jobs ended.
    pub outcomes: OutcomeCounts,
    /// A sample of what went wrong: kind and message, most frequent first, a few at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// Finished minus due, of all jobs that ran.
    pub response_us: Percentiles,
    /// Finished minus started, of all jobs that ran.
    pub service_us: Percentiles,
    /// The whole histogram of response times, in nanoseconds.
    pub response_histogram: EncodedHistogram,
    /// The whole histogram of service times, in nanoseconds.
    pub service_histogram: EncodedHistogram,
    /// How late the pacer handed jobs over, in microseconds; absent for a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pacer_lateness_us: Option<Percentiles>,
    /// Panics caught.
    pub panics: u64,
    /// Workers started again after they died or were abandoned.
    pub restarts: u64,
    /// Further attempts at a job.
    pub retries: u64,
    /// Workers abandoned because they did not answer by the outer deadline.
    pub lost_workers: u64,
    /// Isolates made anew because of their age, their heap, or an error that spent them.
    #[serde(default)]
    pub recycled: u64,
    /// Resident memory of the process.
    pub rss_bytes: MemoryUse,
    /// Processor time, in seconds.
    pub cpu_s: CpuTime,
    /// Jobs that waited for a worker, sampled.
    #[serde(default)]
    pub queue_depth: QueueDepth,
    /// Threads of the caller's tokio runtime for blocking tasks.
    #[serde(default)]
    pub tokio_blocking: BlockingPool,
    /// What happened second by second, so that a stall shows where it was. Of a run of more than ten minutes,
    /// by its six-hundredths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
    /// What its warm-up is judged by, the one series that has it in; absent when no job ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<ServiceSeries>,
    /// What else the machine did meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// Somebody stopped the run before its plan did: it is shorter than planned, but whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped_early: bool,
    /// The hostile jobs that were mixed in; absent when none were to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostile: Option<HostilePart>,
    /// What a long run did to its process; absent unless it was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Soak>,
}

impl Summary {
    /// Jobs that did not end in a correct answer.
    pub fn errors(&self) -> u64 {
        self.outcomes.failed() + self.wrong_answers
    }

    /// Jobs submitted, good or hostile, that got no outcome.
    pub fn lost(&self) -> u64 {
        let hostile = self.hostile.unwrap_or_default();
        let lost = |submitted: u64, outcomes: &OutcomeCounts| submitted.saturating_sub(outcomes.total());
        lost(self.submitted, &self.outcomes) + lost(hostile.submitted, &hostile.outcomes)
    }

    /// Jobs that failed otherwise than by being turned away.
    pub fn failed(&self) -> u64 {
        self.errors() - self.outcomes.rejected - self.outcomes.circuit_open
    }

    /// Share of the submitted jobs that did not end in a correct answer, 0 to 1.
    pub fn error_rate(&self) -> f64 {
        if self.submitted == 0 { 0.0 } else { self.errors() as f64 / self.submitted as f64 }
    }
}

/// The hostile jobs of a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostilePart {
    /// Different scripts they were drawn from.
    pub scripts: u64,
    /// Jobs submitted; the outcomes add up to it.
    pub submitted: u64,
    /// How they ended.
    pub outcomes: OutcomeCounts,
    /// Further attempts at them.
    pub retries: u64,
}

/// Resident memory of the process that ran the load, in bytes; of a server behind a URL it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryUse {
    /// When the clock started: every worker warm.
    pub start: u64,
    /// When the last job had ended.
    pub end: u64,
    /// The most in between (sampled; on Linux at least the kernel's own high-water mark of the run).
    pub peak: u64,
}

impl MemoryUse {
    /// How much it grew while the load ran.
    pub fn growth(&self) -> i64 {
        self.end as i64 - self.start as i64
    }
}

/// Processor time of the run, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CpuTime {
    /// Everything in this program but the generator: workers, the engines' own threads, the supervisor.
    pub workers: f64,
    /// The threads that made the load and recorded it.
    pub generator: f64,
}

/// Jobs that waited for a worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueDepth {
    /// Mean of the samples.
    pub mean: f64,
    /// The deepest sample.
    pub max: u64,
}

/// The blocking pool of the caller's tokio runtime during the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockingPool {
    /// Most threads alive at a sample.
    pub threads_max: u64,
    /// Most tasks that waited for such a thread at a sample.
    pub queue_max: u64,
}

/// One second of the run, or one of its six-hundredths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Seconds after the first planned instant at which it ends.
    pub at_s: f64,
    /// Jobs that ended in it.
    pub finished: u64,
    /// Of those, how many were errors.
    pub errors: u64,
    /// Median response time in it, microseconds.
    pub p50_us: f64,
    /// 99th percentile of response time in it, microseconds.
    pub p99_us: f64,
    /// Resident memory at its end, bytes.
    pub rss_bytes: u64,
}
