//! What V8 wants once per process and once per thread.

use std::cell::Cell;
use std::sync::Once;
use std::thread;

use ::deno_core::{JsRuntime, v8};
use parking_lot::{Condvar, Mutex};

use super::super::super::JsError;

/// Initialises V8, once per process, from whichever thread comes first.
pub(super) fn initialise() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // V8 13.7 can lose the interrupt check of an endless loop around one whose length it knows, as in
        // `for (;;) new Array(1000).fill(1)`: what it compiles then heeds neither deadline nor heap limit.
        // That happens where it unrolls loops, an optimisation worth less than a deadline that holds.
        v8::V8::set_flags_from_string("--no-turboshaft-loop-unrolling");
        // The protected platform gives write access to compiled code, by memory-protection keys, only to
        // threads descended from the one that initialised V8; others crash. Our isolates live on threads of
        // whoever calls us, so the unprotected one it must be.
        let platform = v8::new_unprotected_default_platform(background_threads(), false);
        JsRuntime::init_platform(Some(platform.make_shared()), false);
    });
}

/// How many threads V8 may use for compiling and collecting beside the isolates' own.
///
/// V8's default is one less than the machine has, which on small machines takes a core from the workers and
/// on large ones starts threads that a few isolates cannot feed. Half of them, at least one, at most four.
fn background_threads() -> u32 {
    let cores = thread::available_parallelism().map_or(2, |cores| cores.get());
    u32::try_from((cores / 2).clamp(1, 4)).unwrap_or(1)
}

thread_local! {
    static TAKEN: Cell<bool> = const { Cell::new(false) };
}

/// What heap the isolates alive start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// V8's own.
    Own,
    /// A snapshot, by its seal.
    Snapshot(String),
    /// V8's own, to be written: its isolate must be alone.
    Written,
}

/// V8 13.7 keeps the constants of a heap once for all isolates of the process, and reads those of the wrong one when
/// isolates of different origins live at a time. So each waits until those of another are gone.
static ALIVE: Mutex<Option<(Origin, usize)>> = Mutex::new(None);
static ONE_LESS: Condvar = Condvar::new();

/// The one place for a V8 isolate that a thread has.
///
/// An isolate is entered when it is made and left when it is dropped; V8 ends the process when two on one
/// thread are not left in the opposite order. One at a time cannot go wrong.
pub(super) struct Seat(());

impl Seat {
    /// Takes the thread's place for the caller, once no isolate of another origin lives in the process.
    ///
    /// # Errors
    /// [`JsError::Engine`] when another isolate, of this engine or the other V8 engine, sits there.
    pub(super) fn take(origin: &Origin) -> Result<Self, JsError> {
        if TAKEN.replace(true) {
            return Err(JsError::Engine(
                "this thread has a V8 isolate already: drop it first, or use another thread".to_owned(),
            ));
        }
        let mut alive = ALIVE.lock();
        let fits = |alive: &Option<(Origin, usize)>| {
            alive.as_ref().is_none_or(|(other, _)| other == origin && *origin != Origin::Written)
        };
        ONE_LESS.wait_while(&mut alive, |alive| !fits(alive));
        alive.get_or_insert_with(|| (origin.clone(), 0)).1 += 1;
        Ok(Self(()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        TAKEN.set(false);
        let mut alive = ALIVE.lock();
        if let Some((origin, count)) = alive.take() {
            *alive = (count > 1).then(|| (origin, count - 1));
        }
        ONE_LESS.notify_all();
    }
}
