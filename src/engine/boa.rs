//! Boa, an engine written in Rust.
//!
//! What is particular about it:
//! - It has no interrupt hook. The one way to regain control is its budgeted evaluation of a *script*, which
//!   yields after so many instructions. So a call evaluates a tiny script that calls the guest's function.
//!   Functions called by builtins (`map`, `sort`, getters, `toJSON`) and promise jobs run outside the budget.
//! - For those there is a late stop: the limit on loop iterations per function call is set to more than any
//!   interpreter could run before the deadline. It ends endless loops without ever hitting an honest one.
//! - An evaluation cut off in the middle leaves its frames behind: such an isolate is spent.
//! - Exceeded limits cannot be caught by the guest and unwind cleanly, with two exceptions. Where an `await`
//!   or a promise job meets one, the engine may panic; that panic, and no other, is taken for what it is. And
//!   one that a function meets when it goes on after an `await` is lost: its promise never settles.
//! - The garbage collector belongs to the thread, not to the isolate; there is no heap limit and no figure.
//! - Its `JSON.parse` parses twice, compiles and runs, and refuses lone surrogates: input has its own parser.

#[path = "boa/jobs.rs"]
mod jobs;
#[path = "boa/json.rs"]
mod json;
#[path = "boa/realm.rs"]
mod realm;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use boa_engine::Context;
use bytesize::ByteSize;

use crate::build;
use crate::engine::{
    Capabilities, Deadline, EngineInfo, HeapStats, Interrupter, Interruption, Isolate, JsEngine, JsError,
    Limits, Script, ScriptId,
};
use jobs::Jobs;
use realm::{Guest, Realm};

/// The engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Boa;

/// Frames of JavaScript at once: the engine's own default. Where builtins call back, each of them takes
/// native stack too.
const MOST_FRAMES: usize = 512;

impl JsEngine for Boa {
    fn info(&self) -> EngineInfo {
        EngineInfo {
            id: "boa".to_owned(),
            // It publishes no version at run time; engine and binding are one crate.
            engine_version: build::named("boa_engine").replace("boa_engine", "Boa"),
            binding_version: build::named("boa_engine"),
            thread_stack: ByteSize::mib(64),
            capabilities: Capabilities {
                interruption: Interruption::Partial,
                heap_limit: false,
                heap_stats: false,
                reset_in_place: false,
                jit: false,
                wasm: false,
                timers: false,
            },
            notes: [
                "a bytecode interpreter; built with Annex B, without Intl and Temporal",
                "the deadline stops the script's own functions and chains of promise jobs",
                "code called by a builtin (array callbacks, getters, toJSON), and one promise job (all that follows an await), is not stopped in time: its loops end by an iteration limit no honest run reaches, often many deadlines later",
                "one builtin call (a regular expression, JSON, sort) is never stopped",
                "to be stoppable it counts instructions: nothing per call, about a quarter more time in hot loops than Boa without deadlines",
                "a timeout costs the isolate; no interruption can be caught by the script",
                "no heap limit, no heap figures: give it a process of its own",
                "reset makes a new isolate, for a realm is only given back with its isolate",
                "recursion ends at 512 frames, the engine's default; the script cannot catch it; after an await it shows as a promise that never settles",
                "input nested deeper than 1000 levels is refused; a much deeper source or result overflows the native stack",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }

    fn create(&self, _limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        Ok(Box::new(BoaIsolate::new()?))
    }
}

/// Whether this panic is an exceeded limit: where an `await` or a promise job meets one, Boa 0.21 holds that
/// it cannot be, and panics.
fn is_limit(panic: &(dyn Any + Send)) -> bool {
    let message =
        panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    message.is_some_and(|message| message.contains("RuntimeLimit"))
}

struct BoaIsolate {
    // Dropped before the context it was made in.
    realm: Realm,
    context: Context,
    jobs: Rc<Jobs>,
    stop: Arc<AtomicBool>,
    spent: bool,
}

impl BoaIsolate {
    fn new() -> Result<Self, JsError> {
        let jobs = Rc::new(Jobs::default());
        let mut context = Context::builder()
            .job_executor(Rc::clone(&jobs))
            .build()
            .map_err(|error| JsError::Engine(error.to_string()))?;
        context.runtime_limits_mut().set_recursion_limit(MOST_FRAMES);
        let realm = Realm::furnish(&mut context)?;
        Ok(Self { realm, context, jobs, stop: Arc::new(AtomicBool::new(false)), spent: false })
    }

    /// Runs guest code under the deadline.
    fn under<T>(
        &mut self,
        deadline: &Deadline,
        work: impl FnOnce(&mut Realm, &mut Guest) -> Result<T, JsError>,
    ) -> Result<T, JsError> {
        if self.spent {
            return Err(JsError::Engine("the isolate is spent".to_owned()));
        }
        self.stop.store(false, Ordering::Relaxed);
        let mut guest = Guest::new(&mut self.context, &self.jobs, &self.stop, deadline);
        // Whatever a panic leaves behind is not used again: the isolate is spent after it.
        let done = panic::catch_unwind(AssertUnwindSafe(|| work(&mut self.realm, &mut guest)));
        let late = guest.must_stop();
        self.spent = guest.was_cut_off() || done.is_err();
        let done = done.unwrap_or_else(|panic| match is_limit(&*panic) {
            // Or the iteration limit; but that one lies beyond the deadline.
            true => Err(JsError::StackOverflow),
            false => panic::resume_unwind(panic),
        });
        if done.is_err() {
            self.jobs.clear();
        }
        match done {
            Err(JsError::Timeout { .. }) => Err(JsError::Timeout { ran: deadline.ran() }),
            _ if late => Err(JsError::Timeout { ran: deadline.ran() }),
            done => done,
        }
    }
}

impl Isolate for BoaIsolate {
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError> {
        self.under(deadline, |realm, guest| realm.load(script, guest))
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        self.under(deadline, |realm, guest| realm.call(script, input, guest))
    }

    /// A new context, and not just a new realm in this one: Boa keeps every realm of a context until that is
    /// dropped, about a quarter of a mebibyte each.
    fn reset(&mut self) -> Result<(), JsError> {
        if self.spent {
            return Err(JsError::Engine("the isolate is spent".to_owned()));
        }
        // Spent if there is no new one.
        self.spent = true;
        // Interrupters that were handed out go on reaching this isolate.
        *self = Self { stop: Arc::clone(&self.stop), ..Self::new()? };
        Ok(())
    }

    fn heap(&mut self) -> Option<HeapStats> {
        None
    }

    fn interrupter(&self) -> Option<Interrupter> {
        let stop = Arc::clone(&self.stop);
        Some(Interrupter::new(move || stop.store(true, Ordering::Relaxed)))
    }

    fn is_spent(&self) -> bool {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn resets_give_back_what_they_replace() {
        let resident = || procfs::process::Process::myself().unwrap().statm().unwrap().resident;
        let mut isolate = BoaIsolate::new().unwrap();
        let mut reset = |times: u32| (0..times).for_each(|_| isolate.reset().unwrap());
        reset(50);
        let before = resident();
        reset(400);
        let grown = resident().saturating_sub(before) * procfs::page_size();
        // Kept realms would be a hundred mebibytes.
        assert!(grown < 32 << 20, "{} KiB", grown >> 10);
    }

    #[test]
    fn loops_outside_the_budget_end_late_but_end() {
        for body in [
            "[1].map(() => { while (true) {} })",
            "await null; while (true) {}",
            "return {toJSON() { while (true) {} }}",
            "throw {toString() { while (true) {} }}",
            "return Promise.resolve().then(() => { while (true) {} })",
        ] {
            let mut isolate = BoaIsolate::new().unwrap();
            let deadline = Deadline::after(Duration::from_millis(20));
            let script = isolate.load(&Script::new("t", body), &deadline).unwrap();
            let got = isolate.call(script, "null", &deadline);
            assert!(matches!(got, Err(JsError::Timeout { .. })), "{body}: {got:?}");
        }
    }
}
