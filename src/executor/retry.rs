//! Trying again: a job that met a passing fault gets another attempt.
//!
//! Only what the next attempt may well not meet again is tried again: a panic, a crash, a full queue, a pool
//! that is between two workers. An exception would be thrown again. A script that reached a deadline has had
//! its time, and another run of it would take a second worker's. An open circuit, a disabled executor and a
//! shutdown have been decided by somebody, and asking again does not change it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::stats::{Counter, Gauges};
use super::{Completion, Executor, Job, Outcome, Rejection};
use crate::engine::JsError;

/// How often and how soon a job is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most attempts at one job, the first included.
    pub attempts: u32,
    /// Wait before the second attempt; it doubles each time, and up to as much again is added at random, so
    /// that jobs which failed together do not come back together.
    pub min_delay: Duration,
    /// Longest such wait, before what is added.
    pub max_delay: Duration,
}

impl Default for RetryPolicy {
    /// Three attempts, 5 ms and then 10 ms apart.
    fn default() -> Self {
        Self { attempts: 3, min_delay: Duration::from_millis(5), max_delay: Duration::from_millis(100) }
    }
}

/// An executor that tries jobs again which ended by a passing fault. The completion is the last attempt's,
/// but for `submitted`, which is the first one's.
///
/// Waits on tokio's timer. Dropping the future of a submission gives up further attempts.
pub struct Retrying(Arc<Shared>);

struct Shared {
    inner: Arc<dyn Executor>,
    policy: RetryPolicy,
    retries: Counter,
}

impl Retrying {
    /// Puts retries in front of `inner`.
    pub fn new(inner: Arc<dyn Executor>, policy: RetryPolicy) -> Self {
        Self(Arc::new(Shared { inner, policy, retries: Counter::default() }))
    }
}

/// Whether another attempt may well end better.
fn is_transient(outcome: &Outcome) -> bool {
    match outcome {
        // A worker that died under the job is reported as a crash.
        Outcome::Panic(_) | Outcome::Crash(_) => true,
        Outcome::Rejected(why) => !matches!(why, Rejection::Disabled(_)),
        Outcome::Ok(_)
        | Outcome::Exception(_)
        | Outcome::Timeout { .. }
        | Outcome::OutOfMemory
        | Outcome::StackOverflow
        | Outcome::InvalidResult(_)
        | Outcome::CircuitOpen
        | Outcome::Cancelled => false,
    }
}

/// Goes on after the first attempt failed. Apart, so that the usual future stays small.
async fn try_again(shared: Arc<Shared>, job: Job, first: Completion) -> Completion {
    let Shared { inner, policy, retries } = &*shared;
    let delays = ExponentialBuilder::default()
        .with_min_delay(policy.min_delay)
        .with_max_delay(policy.max_delay)
        .with_jitter()
        .with_max_times(policy.attempts.saturating_sub(1) as usize)
        .build();
    let mut last = first;
    for delay in delays {
        tokio::time::sleep(delay).await;
        retries.up();
        let (submitted, attempts) = (last.submitted, last.attempts);
        let ended = inner.submit(job.clone()).await;
        last = Completion { submitted, attempts: attempts + ended.attempts, ..ended };
        if !is_transient(&last.outcome) {
            break;
        }
    }
    last
}

impl Executor for Retrying {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        self.0.inner.ready()
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        let shared = Arc::clone(&self.0);
        let first = shared.inner.submit(job.clone());
        Box::pin(async move {
            let first = first.await;
            if is_transient(&first.outcome) && shared.policy.attempts > 1 {
                Box::pin(try_again(shared, job, first)).await
            } else {
                first
            }
        })
    }

    fn resize(&self, workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        self.0.inner.resize(workers)
    }

    fn gauges(&self) -> Gauges {
        let inner = self.0.inner.gauges();
        Gauges { retries: inner.retries + self.0.retries.get(), ..inner }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.inner.shutdown()
    }
}
