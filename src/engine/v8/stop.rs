//! Stopping a call: deadline, interruption and heap limit.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use ::deno_core::{JsRuntime, v8};
use parking_lot::Mutex;

use super::super::super::{Deadline, Interrupter, JsError, Watch, Watchdog};

/// One thread watches the deadlines of all V8 isolates of the process.
static WATCHDOG: LazyLock<Watchdog<()>> = LazyLock::new(|| Watchdog::start("v8-watchdog"));

/// How much larger the heap may grow while a termination is on its way.
///
/// V8 asks for more when a collection frees too little, and aborts the process if the next allocation still
/// does not fit. JavaScript stops at its next loop or call, so the allowance must hold whatever one builtin
/// may ask for at once; the largest array or string is 1 GiB. It is address space until it is written to.
const ALLOWANCE: usize = 1 << 30;

/// How long after the deadline a call that is still there is stopped again.
const INSIST_AFTER: Duration = Duration::from_millis(20);

/// How often it is stopped from then on.
const INSIST_EVERY: Duration = Duration::from_millis(5);

/// Ends the call in progress of one isolate, and never another.
pub(super) struct Stopper {
    shared: Arc<Shared>,
    /// Set when a stop left the runtime in pieces.
    broken: Cell<bool>,
    at_deadline: Watch<()>,
}

struct Shared {
    call: Mutex<Call>,
    /// Written under the lock, read without it.
    stopped: AtomicBool,
    /// Set by the isolate's own thread from inside a collection: no lock is taken there.
    out_of_memory: AtomicBool,
}

#[derive(Default)]
struct Call {
    isolate: Option<v8::IsolateHandle>,
    /// Counts calls, so that who stops one does not go on to stop the next.
    number: u64,
    running: bool,
    /// Wakes the thread while it waits for its event loop, when there is no JavaScript to terminate.
    waker: Option<Waker>,
}

impl Shared {
    /// Stops the call in progress, if there is one. Asked under the lock that leaving a call takes, so that
    /// a late caller finds it over instead of hitting the next.
    fn stop(&self) -> Option<u64> {
        let mut call = self.call.lock();
        if !call.running {
            return None;
        }
        self.stopped.store(true, Ordering::Release);
        if let Some(isolate) = &call.isolate {
            isolate.terminate_execution();
        }
        if let Some(waker) = call.waker.take() {
            waker.wake();
        }
        Some(call.number)
    }

    /// Stops the call in progress, and goes on stopping it until it is over.
    ///
    /// deno_core's event loop lifts a termination to describe it as an error, and reads properties that the
    /// guest may have replaced by loops: one stop is lost there.
    fn insist(self: &Arc<Self>) {
        let Some(number) = self.stop() else { return };
        let shared = Arc::clone(self);
        let insisting = thread::Builder::new().name("v8-insist".to_owned()).stack_size(256 * 1024);
        let started = insisting.spawn(move || {
            thread::sleep(INSIST_AFTER);
            while shared.stop_again(number) {
                thread::sleep(INSIST_EVERY);
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no thread to stop a call that evades its deadline");
        }
    }

    /// Terminates call `number` once more; false when it is over.
    fn stop_again(&self, number: u64) -> bool {
        let call = self.call.lock();
        match &call.isolate {
            Some(isolate) if call.running && call.number == number => isolate.terminate_execution(),
            _ => false,
        }
    }
}

/// Whether the call in progress is to end, for code that would otherwise enter the guest's once more.
///
/// V8 takes a termination as done when no JavaScript is left on the stack. Whoever then calls a getter of
/// the guest's, to find out what happened, would run it without a deadline.
pub(super) struct StopFlag(Arc<Shared>);

impl StopFlag {
    /// Whether guest code must not be entered again.
    pub(super) fn is_set(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire) || self.0.out_of_memory.load(Ordering::Relaxed)
    }
}

impl Stopper {
    /// For an isolate still to be made.
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared {
            call: Mutex::new(Call::default()),
            stopped: AtomicBool::new(false),
            out_of_memory: AtomicBool::new(false),
        });
        let stopping = Arc::clone(&shared);
        Self { at_deadline: WATCHDOG.watch(move |()| stopping.insist()), broken: Cell::new(false), shared }
    }

    /// Takes over a new runtime. Interrupters handed out before go on working.
    pub(super) fn attach(&mut self, runtime: &mut JsRuntime) {
        let isolate = runtime.v8_isolate().thread_safe_handle();
        let shared = Arc::clone(&self.shared);
        let terminated = isolate.clone();
        runtime.add_near_heap_limit_callback(move |current, _initial| {
            shared.out_of_memory.store(true, Ordering::Relaxed);
            terminated.terminate_execution();
            current.saturating_add(ALLOWANCE)
        });
        self.shared.out_of_memory.store(false, Ordering::Relaxed);
        self.broken.set(false);
        self.shared.call.lock().isolate = Some(isolate);
    }

    /// Starts a call.
    pub(super) fn enter(&self, deadline: &Deadline) {
        {
            let mut call = self.shared.call.lock();
            call.running = true;
            call.number += 1;
        }
        self.at_deadline.arm(deadline.at(), ());
    }

    /// Whether the call in progress must end; if not, `waker` is woken when it must.
    pub(super) fn is_stopped(&self, waker: &Waker) -> bool {
        let mut call = self.shared.call.lock();
        if !call.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            call.waker = Some(waker.clone());
        }
        self.shared.stopped.load(Ordering::Relaxed) || self.is_out_of_memory()
    }

    /// Ends a call, and leaves the isolate fit for the next one.
    ///
    /// # Errors
    /// What stopped the call, if it was stopped.
    pub(super) fn leave(&self, isolate: &mut v8::Isolate, deadline: &Deadline) -> Result<(), JsError> {
        // Not under the lock of the call: the watchdog takes that one while it holds the watch's.
        let disarmed = self.at_deadline.disarm().is_some();
        let stopped = {
            let mut call = self.shared.call.lock();
            call.running = false;
            call.waker = None;
            self.shared.stopped.swap(false, Ordering::Relaxed)
        };
        if disarmed && !stopped && !self.is_out_of_memory() {
            return Ok(());
        }
        let ran = deadline.ran();
        forget_jobs(isolate);
        if self.is_out_of_memory() { Err(JsError::OutOfMemory) } else { Err(JsError::Timeout { ran }) }
    }

    /// Says that the stop in progress went through code that does not survive one.
    pub(super) fn give_up(&self) {
        self.broken.set(true);
    }

    /// Whether the runtime must not be used again.
    pub(super) fn is_spent(&self) -> bool {
        self.broken.get() || self.is_out_of_memory()
    }

    fn is_out_of_memory(&self) -> bool {
        self.shared.out_of_memory.load(Ordering::Relaxed)
    }

    /// The flag of this isolate's calls.
    pub(super) fn flag(&self) -> StopFlag {
        StopFlag(Arc::clone(&self.shared))
    }

    /// A handle that stops the call in progress.
    pub(super) fn interrupter(&self) -> Interrupter {
        let shared = Arc::clone(&self.shared);
        Interrupter::new(move || {
            shared.stop();
        })
    }
}

impl Drop for Stopper {
    /// A panic leaves a call without leaving it; nobody shall go on stopping what is gone.
    fn drop(&mut self) {
        let mut call = self.shared.call.lock();
        call.running = false;
        call.isolate = None;
    }
}

/// Drops the promise jobs that a stopped call left queued, which would otherwise run within the next call.
///
/// V8 empties the queue when a job is terminated, so the termination is kept up (or renewed: V8 may have
/// dropped it on its way out) while the queue runs, and lifted only then.
fn forget_jobs(isolate: &mut v8::Isolate) {
    isolate.terminate_execution();
    isolate.perform_microtask_checkpoint();
    isolate.cancel_terminate_execution();
}
