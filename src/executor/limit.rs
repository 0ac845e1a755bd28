//! Load shedding: past a number of jobs in flight, the next one is turned away at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::followed::Followed;
use super::stats::Gauges;
use super::{Completion, Executor, Job, Outcome, Rejection};
use crate::engine::JsError;

/// An executor that has only so many jobs in flight, whatever their state: waiting, running, between two
/// attempts. A job keeps its place until it has its outcome, also when nobody waits for it any more.
///
/// The pool's queue bounds what waits for a worker; this bounds all that a caller has going, retries included.
pub struct Limited {
    inner: Arc<dyn Executor>,
    places: Arc<Semaphore>,
}

impl Limited {
    /// Lets at most that many jobs into `inner` at a time, and at least one.
    pub fn new(inner: Arc<dyn Executor>, in_flight: usize) -> Self {
        let places = Arc::new(Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)));
        Self { inner, places }
    }
}

impl Executor for Limited {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        self.inner.ready()
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Box::pin(Followed::new(self.inner.submit(job), move |_| drop(place))),
            Err(_) => {
                let outcome = Outcome::Rejected(Rejection::TooManyInFlight);
                Box::pin(std::future::ready(Completion::refused(outcome)))
            }
        }
    }

    fn resize(&self, workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        self.inner.resize(workers)
    }

    fn gauges(&self) -> Gauges {
        self.inner.gauges()
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.inner.shutdown()
    }
}
