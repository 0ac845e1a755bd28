//! Circuit breakers: a script, or a pool, that only fails is left alone for a while.
//!
//! There are two kinds of circuit, and they count different failures.
//!
//! **A script's** opens when the script costs the server again and again: it ran into a deadline, out of memory
//! or stack, or took its worker down. An exception, or an answer that is no JSON, costs nothing of that: the
//! guest may throw as often as it likes. A crash of a job that never started is not the script's doing.
//!
//! **The pool's** opens when no job is likely to end well: workers panic, crash, do not come back by the outer
//! deadline, or there is none left. What the engine contained (an inner timeout, a heap or stack limit) shows
//! that the pool works, as an answer does. The hard question is the poison script, which takes down every
//! worker that touches it and would shut the pool to all innocent ones. Two things stand against that: any
//! job that ends well in between starts the count again, and the failures in a row must come from several
//! different scripts ([`BreakerPolicy::suspects`]). What follows one script around is the script's fault, and
//! its own circuit keeps it out; what befalls whoever comes is the pool's.
//!
//! A full queue, an open circuit further in and a shutdown say nothing about either.
//!
//! A script is known by what it says, not by where it lies in memory: a server that makes a new `Arc` for each
//! request still has one circuit for it. Circuits are kept only for scripts whose last run failed, and the
//! longest unseen makes room; as long as nothing fails, no script is ever looked at and no lock is taken.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lru::LruCache;
use parking_lot::Mutex;

use super::circuit::{Circuit, Verdict};
use super::followed::Followed;
use super::stats::Gauges;
use super::{Completion, Executor, Job, Outcome, Rejection, TimeoutKind};
use crate::engine::deadline::later;
use crate::engine::{JsError, Script};

/// When circuits open and close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row that open a circuit.
    pub failures: u32,
    /// How long it is open before one job may probe whether things are better.
    pub cool_down: Duration,
    /// How many different scripts the failures must come from to open the pool's circuit.
    pub suspects: usize,
    /// Most scripts whose circuits are kept.
    pub scripts: NonZeroUsize,
}

impl Default for BreakerPolicy {
    /// Ten failures, five seconds, three suspects, a thousand scripts.
    fn default() -> Self {
        const SCRIPTS: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");
        Self { failures: 10, cool_down: Duration::from_secs(5), suspects: 3, scripts: SCRIPTS }
    }
}

/// An executor that answers `CircuitOpen` at once, without troubling the one behind it, while the circuit of
/// the job's script or of the whole pool is open.
pub struct Breaking {
    inner: Arc<dyn Executor>,
    shared: Arc<Shared>,
}

struct Shared {
    policy: BreakerPolicy,
    /// Nothing has failed since something went well: there is no circuit to look at.
    calm: AtomicBool,
    circuits: Mutex<Circuits>,
}

struct Circuits {
    scripts: LruCache<Arc<Script>, Circuit>,
    pool: Circuit,
    /// The scripts of the pool's failures in a row, as many as it takes.
    suspects: Vec<Arc<Script>>,
}

impl Breaking {
    /// Puts circuits in front of `inner`, all closed.
    pub fn new(inner: Arc<dyn Executor>, policy: BreakerPolicy) -> Self {
        let scripts = LruCache::new(policy.scripts);
        let circuits = Mutex::new(Circuits { scripts, pool: Circuit::NEW, suspects: Vec::new() });
        Self { inner, shared: Arc::new(Shared { policy, calm: AtomicBool::new(true), circuits }) }
    }
}

/// What a job's end says about its script.
fn of_script(completion: &Completion) -> Verdict {
    match &completion.outcome {
        Outcome::Ok(_) | Outcome::Exception(_) | Outcome::InvalidResult(_) => Verdict::Well,
        Outcome::Crash(_) if completion.started.is_none() => Verdict::Unknown,
        Outcome::Timeout { .. }
        | Outcome::OutOfMemory
        | Outcome::StackOverflow
        | Outcome::Panic(_)
        | Outcome::Crash(_) => Verdict::Failed,
        Outcome::Rejected(_) | Outcome::CircuitOpen | Outcome::Cancelled => Verdict::Unknown,
    }
}

/// What a job's end says about the pool.
fn of_pool(completion: &Completion) -> Verdict {
    match &completion.outcome {
        Outcome::Ok(_)
        | Outcome::Exception(_)
        | Outcome::InvalidResult(_)
        | Outcome::OutOfMemory
        | Outcome::StackOverflow
        | Outcome::Timeout { kind: TimeoutKind::Inner, .. } => Verdict::Well,
        Outcome::Panic(_)
        | Outcome::Crash(_)
        | Outcome::Timeout { kind: TimeoutKind::Outer, .. }
        | Outcome::Rejected(Rejection::NoWorker) => Verdict::Failed,
        Outcome::Rejected(_) | Outcome::CircuitOpen | Outcome::Cancelled => Verdict::Unknown,
    }
}

impl Shared {
    /// Lets a job pass, or not.
    fn admit(self: &Arc<Self>, script: &Arc<Script>) -> Option<Admitted> {
        let (mut probes_script, mut probes_pool) = (false, false);
        if !self.calm.load(Ordering::Relaxed) {
            let now = Instant::now();
            let mut circuits = self.circuits.lock();
            let Circuits { scripts, pool, .. } = &mut *circuits;
            let of_script = scripts.get_mut(script);
            // Both are asked before either gives its probe away.
            if !pool.lets_pass(now) || of_script.as_ref().is_some_and(|circuit| !circuit.lets_pass(now)) {
                return None;
            }
            probes_pool = pool.pass();
            probes_script = of_script.is_some_and(Circuit::pass);
        }
        Some(Admitted { shared: Arc::clone(self), script: Arc::clone(script), probes_script, probes_pool })
    }
}

impl Circuits {
    fn script_ended(&mut self, of: &Admitted, verdict: Verdict, now: Instant) {
        let policy = &of.shared.policy;
        let until = later(now, policy.cool_down);
        let circuit = match verdict {
            Verdict::Failed => Some(self.scripts.get_or_insert_mut(Arc::clone(&of.script), || Circuit::NEW)),
            Verdict::Well | Verdict::Unknown => self.scripts.get_mut(&of.script),
        };
        let Some(circuit) = circuit else { return };
        let was_closed = circuit.is_closed();
        circuit.ended(verdict, of.probes_script, until, |failures| failures >= policy.failures);
        if of.probes_script {
            circuit.probe_again(now);
        }
        match (was_closed, circuit.is_closed()) {
            (true, false) => tracing::warn!(script = of.script.name, "the script's circuit opened"),
            (false, true) => tracing::info!(script = of.script.name, "the script's circuit closed"),
            _ => {}
        }
        if *circuit == Circuit::NEW {
            self.scripts.pop(&of.script);
        }
    }

    fn pool_ended(&mut self, of: &Admitted, verdict: Verdict, now: Instant) {
        let policy = &of.shared.policy;
        let until = later(now, policy.cool_down);
        let is_new = || !self.suspects.contains(&of.script);
        if verdict == Verdict::Failed && self.suspects.len() < policy.suspects && is_new() {
            self.suspects.push(Arc::clone(&of.script));
        }
        let enough_suspects = self.suspects.len() >= policy.suspects;
        let was_closed = self.pool.is_closed();
        self.pool
            .ended(verdict, of.probes_pool, until, |failures| enough_suspects && failures >= policy.failures);
        if of.probes_pool {
            self.pool.probe_again(now);
        }
        match (was_closed, self.pool.is_closed()) {
            (true, false) => tracing::error!("the pool's circuit opened"),
            (false, true) => tracing::info!("the pool's circuit closed"),
            _ => {}
        }
        if self.pool == Circuit::NEW || !self.pool.is_closed() {
            self.suspects.clear();
        }
    }

    fn are_calm(&self) -> bool {
        self.scripts.is_empty() && self.pool == Circuit::NEW
    }
}

/// A job that passed. However it goes away, it leaves no circuit waiting for its probe.
struct Admitted {
    shared: Arc<Shared>,
    script: Arc<Script>,
    probes_script: bool,
    probes_pool: bool,
}

impl Admitted {
    fn ended(mut self, completion: &Completion) {
        self.settle(of_script(completion), of_pool(completion));
    }

    fn settle(&mut self, script: Verdict, pool: Verdict) {
        let has_failed = script == Verdict::Failed || pool == Verdict::Failed;
        let is_probe = self.probes_script || self.probes_pool;
        if !has_failed && !is_probe && self.shared.calm.load(Ordering::Relaxed) {
            return;
        }
        let now = Instant::now();
        let mut circuits = self.shared.circuits.lock();
        circuits.script_ended(self, script, now);
        circuits.pool_ended(self, pool, now);
        self.shared.calm.store(circuits.are_calm(), Ordering::Relaxed);
        drop(circuits);
        (self.probes_script, self.probes_pool) = (false, false);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.probes_script || self.probes_pool {
            self.settle(Verdict::Unknown, Verdict::Unknown);
        }
    }
}

impl Executor for Breaking {
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        self.inner.ready()
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        match self.shared.admit(&job.script) {
            Some(admitted) => {
                Box::pin(Followed::new(self.inner.submit(job), |completion| admitted.ended(completion)))
            }
            None => Box::pin(std::future::ready(Completion::refused(Outcome::CircuitOpen))),
        }
    }

    fn resize(&self, workers: usize) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send>> {
        self.inner.resize(workers)
    }

    fn gauges(&self) -> Gauges {
        let circuits = self.shared.circuits.lock();
        let scripts = circuits.scripts.iter().filter(|(_, circuit)| !circuit.is_closed()).count();
        let open = scripts as u64 + u64::from(!circuits.pool.is_closed());
        drop(circuits);
        let inner = self.inner.gauges();
        Gauges { open_circuits: inner.open_circuits + open, ..inner }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.inner.shutdown()
    }
}
