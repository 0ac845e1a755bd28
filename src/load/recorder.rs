//! Recording samples while a load runs, and looking at them meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::mix::Part;
use super::{Stop, process};
use crate::executor::{Completion, Outcome, OutcomeCounts};
use crate::stats::{Interval, LatencyHistogram};

/// One job's sample: when it was due, what came back, and when the caller had it.
pub(super) struct Sample<'a> {
    pub due: Instant,
    pub completion: &'a Completion,
    /// When the caller had the answer, the way back included.
    pub answered: Instant,
    /// Ended well, but with another answer than expected.
    pub wrong: bool,
    pub part: Part,
}

/// Everything recorded since the clock started.
pub(super) struct Recorder {
    pub clock_started: Instant,
    pub outcomes: OutcomeCounts,
    pub wrong_answers: u64,
    pub retries: u64,
    pub response: LatencyHistogram,
    pub service: LatencyHistogram,
    pub last_answer: Instant,
    pub intervals: Vec<Interval>,
    /// Outcomes and further attempts of the hostile jobs. All else is of the good ones.
    pub hostile: (OutcomeCounts, u64),
    /// How long an interval is.
    interval: Duration,
    failures: HashMap<String, u64>,
    current: Current,
}

/// The interval under way.
#[derive(Default)]
struct Current {
    response: LatencyHistogram,
    finished: u64,
    errors: u64,
}

/// Intervals of a run, unless it counts jobs; a second is the shortest.
const MOST_INTERVALS: u32 = 600;
/// Distinct failure messages kept; guests can make any number of them.
const MOST_FAILURES: usize = 64;
/// Failure messages that a summary shows.
const SHOWN_FAILURES: usize = 5;
/// Characters of a failure message that a summary shows.
const MESSAGE_LENGTH: usize = 200;

impl Recorder {
    pub fn new(clock_started: Instant, stop: Stop) -> Self {
        Self {
            clock_started,
            outcomes: OutcomeCounts::default(),
            wrong_answers: 0,
            retries: 0,
            response: LatencyHistogram::default(),
            service: LatencyHistogram::default(),
            last_answer: clock_started,
            intervals: Vec::new(),
            hostile: Default::default(),
            interval: match stop {
                Stop::After(time) => (time / MOST_INTERVALS).max(Duration::from_secs(1)),
                Stop::Count(_) => Duration::from_secs(1),
            },
            failures: HashMap::new(),
            current: Current::default(),
        }
    }

    pub fn record(&mut self, sample: &Sample<'_>) {
        let Sample { due, completion, answered, wrong, part } = *sample;
        let retries = u64::from(completion.attempts.saturating_sub(1));
        if part == Part::Hostile {
            self.hostile.0.add(completion.outcome.kind());
            self.hostile.1 += retries;
            return;
        }
        self.close_intervals_before(answered);
        self.outcomes.add(completion.outcome.kind());
        self.wrong_answers += u64::from(wrong);
        self.retries += retries;
        self.last_answer = self.last_answer.max(answered);
        self.current.finished += 1;
        if let Some(service) = completion.service_time() {
            let response = answered.saturating_duration_since(due);
            self.response.record(response);
            self.service.record(service);
            self.current.response.record(response);
        }
        match &completion.outcome {
            Outcome::Ok(_) if !wrong => {}
            Outcome::Ok(answer) => self.fail(format!("wrong answer: {answer}")),
            failed => self.fail(failed.to_string()),
        }
    }

    /// The most frequent failures, each with its count.
    pub fn failures(&self) -> Vec<String> {
        let mut failures: Vec<_> = self.failures.iter().collect();
        failures.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        failures
            .into_iter()
            .take(SHOWN_FAILURES)
            .map(|(message, count)| format!("{count} × {message}"))
            .collect()
    }

    /// Closes the interval under way; nothing is recorded afterwards.
    pub fn finish(&mut self) {
        if self.current.finished > 0 {
            let at = self.last_answer.saturating_duration_since(self.clock_started);
            self.close_interval(at);
        }
    }

    fn fail(&mut self, message: String) {
        self.current.errors += 1;
        let short = match message.char_indices().nth(MESSAGE_LENGTH) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message,
        };
        if self.failures.len() < MOST_FAILURES || self.failures.contains_key(&short) {
            *self.failures.entry(short).or_default() += 1;
        }
    }

    fn close_intervals_before(&mut self, now: Instant) {
        let run = now.saturating_duration_since(self.clock_started);
        loop {
            let ends = self.interval.saturating_mul(self.intervals.len() as u32 + 1);
            if run < ends {
                return;
            }
            self.close_interval(ends);
        }
    }

    fn close_interval(&mut self, at: Duration) {
        let current = std::mem::take(&mut self.current);
        let percentiles = current.response.percentiles();
        self.intervals.push(Interval {
            at_s: at.as_secs_f64(),
            finished: current.finished,
            errors: current.errors,
            p50_us: percentiles.p50,
            p99_us: percentiles.p99,
            rss_bytes: process::family_bytes(),
        });
    }
}

/// A load run as seen from outside while it goes on.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<Option<Recorder>>>);

/// What a progress line shows: of the good jobs, where hostile ones are mixed in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// Time on the clock.
    pub elapsed: Duration,
    /// Jobs that have ended.
    pub finished: u64,
    /// Of those, how many were errors.
    pub errors: u64,
    /// Jobs ended a second, so far.
    pub throughput_per_s: f64,
    /// Median response time so far.
    pub p50: Duration,
    /// 99th percentile of response time so far.
    pub p99: Duration,
}

impl Live {
    /// What has been recorded; `None` while the load is warming up.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let recorder = self.0.lock();
        let recorder = recorder.as_ref()?;
        let elapsed = recorder.clock_started.elapsed();
        let finished = recorder.outcomes.total();
        Some(Snapshot {
            elapsed,
            finished,
            errors: recorder.outcomes.failed() + recorder.wrong_answers,
            throughput_per_s: finished as f64 / elapsed.as_secs_f64().max(f64::EPSILON),
            p50: recorder.response.quantile(0.50),
            p99: recorder.response.quantile(0.99),
        })
    }

    pub(super) fn start(&self, clock_started: Instant, stop: Stop) {
        *self.0.lock() = Some(Recorder::new(clock_started, stop));
    }

    pub(super) fn record(&self, sample: &Sample<'_>) {
        if let Some(recorder) = self.0.lock().as_mut() {
            recorder.record(sample);
        }
    }

    pub(super) fn take(&self) -> Option<Recorder> {
        self.0.lock().take()
    }
}
