//! Engines: the two traits every adapter implements, and the types that cross them.
//!
//! An *engine* is a way to run JavaScript; an *isolate* is one live instance of it with its own heap. The
//! engine crosses threads, the isolate does not: it is made, used and dropped on one thread. JSON text goes
//! in and JSON text comes out, so that no engine's value types leak into the rest of the program.
//!
//! Nothing here knows an async runtime of the caller, a command line or a clock other than its [`Deadline`].

pub(crate) mod deadline;
mod error;
mod info;
mod prepared;
mod script;

#[cfg(test)]
mod contract;

pub mod fake;
pub mod registry;

pub use deadline::{Deadline, Deadlines, Watch, Watchdog};
pub use error::JsError;
pub use info::{Capabilities, EngineInfo, Interruption};
pub use prepared::{Aid, Prepared, Received};
pub use script::{Script, ScriptId};

use std::fmt;
use std::sync::Arc;

use bytesize::ByteSize;

/// A way to run JavaScript: makes isolates, and knows what they can do.
pub trait JsEngine: Send + Sync {
    /// What this engine is and can do. Costs no isolate.
    fn info(&self) -> EngineInfo;

    /// Makes an isolate on the calling thread, which owns it until it is dropped.
    ///
    /// The calling thread needs at least [`EngineInfo::thread_stack`] of stack for the limits to be errors
    /// instead of signals.
    ///
    /// # Errors
    /// [`JsError::Engine`] when the engine refuses its limits or cannot start.
    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError>;

    /// The heap of an isolate that has loaded the script, setup and all, for other isolates to start from, where the
    /// engine has such a thing. It is made on the calling thread, which must own no isolate, and may wait until no
    /// other isolate of the engine lives in the process.
    ///
    /// # Errors
    /// As [`JsEngine::create`] and [`Isolate::load`]; and [`JsError::Engine`] for a heap that cannot be written.
    fn snapshot(
        &self,
        _limits: &Limits,
        _script: &Script,
        _deadline: &Deadline,
    ) -> Result<Option<Prepared>, JsError> {
        Ok(None)
    }

    /// As [`JsEngine::create`], with the heap that [`JsEngine::snapshot`] gave: what setup made is there, in this
    /// realm and in those after a reset, and setup does not run again. [`Isolate::load_prepared`] finds the script.
    /// May wait until no isolate lives in the process that started from another heap, as [`JsEngine::create`] may then.
    ///
    /// # Errors
    /// As [`JsEngine::create`]; and [`JsError::Engine`] for what is not what this engine makes of this script, and
    /// for a heap limit below the one under which it was made.
    fn create_from(
        &self,
        _limits: &Limits,
        _script: &Script,
        _snapshot: &Prepared,
    ) -> Result<Box<dyn Isolate>, JsError> {
        Err(JsError::Engine("this engine has no snapshots".to_owned()))
    }
}

/// One live instance of an engine with its own heap, bound to the thread that made it.
///
/// After an error the isolate goes on working unless [`Isolate::is_spent`] says otherwise.
pub trait Isolate {
    /// Runs the script's setup sources in the global scope, then compiles its body, once.
    ///
    /// # Errors
    /// [`JsError::Syntax`] with line and column of the offending source; whatever setup throws; and
    /// [`JsError::Timeout`], for setup is guest code too.
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError>;

    /// The script in a form that an isolate of this very engine loads sooner, where the engine has one. Runs no setup,
    /// and loads nothing.
    ///
    /// # Errors
    /// [`JsError::Syntax`] as [`Isolate::load`] has it, [`JsError::Engine`] when the engine cannot write it.
    fn prepare(&mut self, _script: &Script, _deadline: &Deadline) -> Result<Option<Prepared>, JsError> {
        Ok(None)
    }

    /// As [`Isolate::load`], from what was prepared of the same script. Damaged and foreign bytes are refused; whose
    /// they are is the caller's to know (see [`Prepared`]).
    ///
    /// # Errors
    /// As [`Isolate::load`]; and [`JsError::Engine`] for what is not what this engine makes of this script.
    fn load_prepared(
        &mut self,
        _script: &Script,
        _prepared: &Prepared,
        _deadline: &Deadline,
    ) -> Result<ScriptId, JsError> {
        Err(JsError::Engine("this engine has no prepared scripts".to_owned()))
    }

    /// Calls a loaded script with `input` (JSON text) and returns its answer as JSON text.
    ///
    /// A returned promise is settled by driving the engine's job queue. Parsing the input, settling, turning
    /// the result into JSON and reading an exception's fields all happen inside the deadline.
    ///
    /// # Errors
    /// One [`JsError`] for each way a call can fail.
    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError>;

    /// Gives the next job a realm in which nothing of the last one is left. Loaded scripts are gone after it.
    ///
    /// # Errors
    /// [`JsError::Engine`] when no new realm could be made; the isolate is then spent.
    fn reset(&mut self) -> Result<(), JsError>;

    /// What the heap holds now, where the engine can tell. May walk the heap: not for every job.
    fn heap(&mut self) -> Option<HeapStats>;

    /// A handle with which another thread stops the call in progress, where the engine has one.
    fn interrupter(&self) -> Option<Interrupter>;

    /// Whether this isolate must be dropped: after it ran out of memory, or was cut off in a state that its
    /// engine does not promise to survive.
    fn is_spent(&self) -> bool {
        false
    }
}

/// What an isolate may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most the JavaScript heap may hold; `None` leaves the engine's own limit.
    pub heap: Option<ByteSize>,
    /// Most native stack that JavaScript may use, for engines whose limit can be set per isolate.
    pub stack: ByteSize,
}

impl Default for Limits {
    /// 128 MiB of heap, and the stack V8 gives itself on 64-bit machines (984 KiB).
    fn default() -> Self {
        Self { heap: Some(ByteSize::mib(128)), stack: ByteSize::kib(984) }
    }
}

/// What an isolate's heap holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapStats {
    /// Bytes in use by live and not yet collected objects.
    pub used: ByteSize,
    /// The limit in force, where there is one.
    pub limit: Option<ByteSize>,
}

/// Stops the call in progress of one isolate, from any thread.
///
/// Without a call in progress it does nothing: it never reaches into the next call. The interrupted call
/// ends as [`JsError::Timeout`], as soon as the engine next looks.
#[derive(Clone)]
pub struct Interrupter(Arc<dyn Fn() + Send + Sync>);

impl Interrupter {
    /// Wraps what stops the call.
    pub fn new(stop: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(stop))
    }

    /// Asks the call in progress to stop.
    pub fn interrupt(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupter")
    }
}
