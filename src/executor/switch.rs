//! Emergency controls in front of an executor: switch it off, or move its traffic to another.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::followed::Followed;
use super::stats::Gauges;
use super::{Completion, Executor, Job, Outcome, Rejection};
use crate::engine::JsError;

/// An executor that hands jobs to another one, which can be switched off and replaced while jobs come in.
///
/// Gauges are those of the executor in use, and counts add up over all that there have been.
pub struct Switch(Arc<RwLock<State>>);

struct State {
    current: Route,
    /// Replaced ones that still have jobs.
    retiring: Vec<Route>,
    /// What those counted that are gone.
    gone: Option<Gauges>,
    disabled: Option<Arc<str>>,
    is_shut_down: bool,
}

/// An executor with the jobs it was given: each holds a receiver, and the sender knows when the last one is
/// dropped.
#[derive(Clone)]
struct Route {
    executor: Arc<dyn Executor>,
    jobs: watch::Sender<()>,
}

impl Route {
    fn to(executor: Arc<dyn Executor>) -> Self {
        Self { executor, jobs: watch::Sender::new(()) }
    }

    fn leads_to(&self, executor: &Arc<dyn Executor>) -> bool {
        Arc::ptr_eq(&self.executor, executor)
    }
}

impl Switch {
    /// Hands jobs to that executor.
    pub fn new(executor: Arc<dyn Executor>) -> Self {
        let current = Route::to(executor);
        let state = State { current, retiring: Vec::new(), gone: None, disabled: None, is_shut_down: false };
        Self(Arc::new(RwLock::new(state)))
    }

    /// From now on answers every job at once as rejected, with this reason. Jobs that came before run on.
    pub fn disable(&self, reason: impl Into<Arc<str>>) {
        let reason = reason.into();
        tracing::warn!(%reason, "the executor is switched off");
        self.0.write().disabled = Some(reason);
    }

    /// Takes jobs again.
    pub fn enable(&self) {
        if self.0.write().disabled.take().is_some() {
            tracing::info!("the executor is switched on again");
        }
    }

    /// Why it is switched off, if it is.
    pub fn disabled(&self) -> Option<Arc<str>> {
        self.0.read().disabled.clone()
    }

    /// Moves traffic to `new`: jobs that come from now on go there. Those that the old executor has, waiting or
    /// running, get their outcomes from it; then it is shut down. All this happens whether the returned future
    /// is awaited or not; it is ready when the old executor has shut down.
    ///
    /// Wait for `new` to be ready before, or the first jobs will. It must not have been replaced here before.
    /// After [`Executor::shutdown`] it is `new` that is shut down.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn replace(&self, new: Arc<dyn Executor>) -> impl Future<Output = ()> + Send + use<> {
        let old = self.0.write().take_over(new);
        let state = Arc::clone(&self.0);
        let drained = old.map(|old| {
            tokio::spawn(async move {
                old.jobs.closed().await;
                old.executor.shutdown().await;
                state.write().forget(&old.executor);
            })
        });
        async move {
            if let Some(drained) = drained {
                // An error means that the runtime is going away, and everything with it.
                let _ = drained.await;
            }
        }
    }
}

impl State {
    /// Puts `new` in place, and gives what is to be drained and shut down.
    fn take_over(&mut self, new: Arc<dyn Executor>) -> Option<Route> {
        if self.current.leads_to(&new) {
            return None;
        }
        if self.is_shut_down {
            return Some(Route::to(new));
        }
        let old = std::mem::replace(&mut self.current, Route::to(new));
        self.retiring.push(old.clone());
        Some(old)
    }

    /// Keeps of a replaced executor what it counted.
    fn forget(&mut self, old: &Arc<dyn Executor>) {
        let before = self.retiring.len();
        self.retiring.retain(|route| !route.leads_to(old));
        if self.retiring.len() < before {
            let counted = old.gauges();
            self.gone = Some(self.gone.map_or(counted, |gone| gone.and_counts_of(&counted)));
        }
    }
}

impl Executor for Switch {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        let current = Arc::clone(&self.0.read().current.executor);
        Box::pin(async move { current.ready().await })
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        let state = self.0.read();
        if state.is_shut_down {
            return Box::pin(std::future::ready(Completion::refused(Outcome::Cancelled)));
        }
        if let Some(reason) = &state.disabled {
            let outcome = Outcome::Rejected(Rejection::Disabled(Arc::clone(reason)));
            return Box::pin(std::future::ready(Completion::refused(outcome)));
        }
        let (executor, under_way) = (Arc::clone(&state.current.executor), state.current.jobs.subscribe());
        drop(state);
        Box::pin(Followed::new(executor.submit(job), move |_| drop(under_way)))
    }

    fn resize(&self, workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        self.0.read().current.executor.resize(workers)
    }

    fn gauges(&self) -> Gauges {
        let state = self.0.read();
        let current = state.current.executor.gauges();
        let now = state.retiring.iter().fold(current, |all, old| {
            let old = old.executor.gauges();
            let (busy, queued, lost_now) =
                (all.busy + old.busy, all.queued + old.queued, all.lost_now + old.lost_now);
            let heap_bytes = all.heap_bytes + old.heap_bytes;
            Gauges { busy, queued, lost_now, heap_bytes, ..all.and_counts_of(&old) }
        });
        state.gone.map_or(now, |gone| now.and_counts_of(&gone))
    }

    /// Shuts down the executor in use, and those that were replaced and still have jobs.
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut state = self.0.write();
        state.is_shut_down = true;
        let all: Vec<_> =
            state.retiring.iter().chain([&state.current]).map(|route| Arc::clone(&route.executor)).collect();
        drop(state);
        Box::pin(async move {
            // All at once: none goes on with what waits in it while another is waited for.
            let mut ending = JoinSet::new();
            for executor in all {
                ending.spawn(async move { executor.shutdown().await });
            }
            while ending.join_next().await.is_some() {}
        })
    }
}
