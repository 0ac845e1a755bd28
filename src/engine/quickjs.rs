//! QuickJS (the quickjs-ng fork) through rquickjs.
//!
//! What is particular about it:
//! - It polls for interruption every 10,000 calls or backward jumps, in regular expressions too, but not
//!   inside long builtins written in C (JSON, `join`, `fill`, `sort`'s own code). The interruption cannot be
//!   caught by the guest, and the runtime works on after it.
//! - The binding compiles to strict mode unless told otherwise.
//! - There is no way to drop waiting jobs. What a failed call leaves behind is run with no stack to run on and
//!   an interruption pending, so that functions fail before their first instruction and async functions
//!   after a few turns.
//! - A stack overflow is told from the error's name and text, for the engine raises no flag. A guest that
//!   throws the very same error is taken for one.
//! - Bytecode is read without a look at whether it makes sense, so only what is sealed is taken for it.
//! - Parsing offers no "function body" goal, so a body is accepted only if the function that comes out has
//!   the whole wrapper for its source text: one that closes its wrapper never has.

#[path = "quickjs/bytecode.rs"]
mod bytecode;
#[path = "quickjs/heap.rs"]
mod heap;
#[path = "quickjs/realm.rs"]
mod realm;

use std::cell::Cell;
use std::ffi::CStr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use rquickjs::{Runtime, qjs};

use crate::build;
use crate::engine::{
    Aid, Capabilities, Deadline, EngineInfo, HeapStats, Interrupter, Interruption, Isolate, JsEngine,
    JsError, Limits, Prepared, Script, ScriptId,
};
use heap::{Counting, Heap};
use realm::Realm;

/// The engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuickJs;

/// The thread's stack, and how much of it JavaScript may be given at most.
const THREAD_STACK: ByteSize = ByteSize::mib(4);
const MOST_STACK: ByteSize = ByteSize::mib(3);

/// How long dropping waiting jobs may take before the isolate is given up instead.
const DISCARDING: Duration = Duration::from_millis(100);

impl JsEngine for QuickJs {
    fn info(&self) -> EngineInfo {
        EngineInfo {
            id: "quickjs".to_owned(),
            engine_version: engine_version(),
            binding_version: build::named("rquickjs"),
            thread_stack: THREAD_STACK,
            capabilities: Capabilities {
                interruption: Interruption::Full,
                heap_limit: true,
                heap_stats: true,
                reset_in_place: true,
                jit: false,
                wasm: false,
                timers: false,
            },
            notes: [
                "a bytecode interpreter; no Intl, no WebAssembly, no timers, no console",
                "one builtin call that runs long in C (JSON, join, fill, sort) is stopped only when it returns",
                "the heap limit counts what is taken from the system, array buffers included; cyclic garbage not yet collected counts too",
                "at most 3 MiB of stack are given to JavaScript",
                "scripts can be prepared as bytecode, which is not checked when it is read: it must never come from outside",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        Ok(Box::new(QuickJsIsolate::new(limits)?))
    }
}

fn engine_version() -> String {
    // SAFETY: QuickJS returns a static string that ends in NUL.
    let version = unsafe { CStr::from_ptr(qjs::JS_GetVersion()) };
    format!("quickjs-ng {}", version.to_string_lossy())
}

/// The call in progress, as the interrupt handler sees it.
struct Running {
    /// When it must be over; `None` between calls, when the handler stops nothing.
    until: Cell<Option<Instant>>,
    /// Whether it was told to stop. Once it was, every later poll of the same call stops it again.
    stopped: Cell<bool>,
    /// Set by other threads.
    stop: Arc<AtomicBool>,
}

impl Running {
    fn start(&self, deadline: &Deadline) {
        self.stop.store(false, Ordering::Relaxed);
        self.stopped.set(false);
        self.until.set(Some(deadline.at()));
    }

    fn must_stop(&self) -> bool {
        let Some(until) = self.until.get() else { return false };
        if !self.stopped.get() && (self.stop.load(Ordering::Relaxed) || Instant::now() >= until) {
            self.stopped.set(true);
        }
        self.stopped.get()
    }
}

struct QuickJsIsolate {
    // Dropped in this order: QuickJS aborts the process when a value outlives its runtime.
    realm: Option<Realm>,
    runtime: Runtime,
    heap: Rc<Heap>,
    heap_limit: Option<ByteSize>,
    stack: usize,
    running: Rc<Running>,
    spent: bool,
}

impl QuickJsIsolate {
    fn new(limits: &Limits) -> Result<Self, JsError> {
        let heap = Rc::new(Heap::default());
        let runtime = Runtime::new_with_alloc(Counting(Rc::clone(&heap))).map_err(engine_error)?;
        // A limit of zero would switch the check off.
        let stack = limits.stack.as_u64().clamp(1, MOST_STACK.as_u64()) as usize;
        runtime.set_max_stack_size(stack);
        let running = Rc::new(Running {
            until: Cell::new(None),
            stopped: Cell::new(false),
            stop: Arc::new(AtomicBool::new(false)),
        });
        let polled = Rc::clone(&running);
        runtime.set_interrupt_handler(Some(Box::new(move || polled.must_stop())));
        let mut isolate =
            Self { realm: None, runtime, heap, heap_limit: limits.heap, stack, running, spent: false };
        isolate.make_realm()?;
        Ok(isolate)
    }

    /// The engine does not survive lack of memory while it makes a realm, so the limit is lifted meanwhile.
    fn make_realm(&mut self) -> Result<(), JsError> {
        self.heap.limit_to(None);
        let made = Realm::new(&self.runtime);
        self.heap.limit_to(self.heap_limit);
        self.realm = Some(made?);
        if self.heap.is_over_limit() {
            let held = self.heap.held();
            return Err(JsError::Engine(format!(
                "a realm without any script holds {held}: raise the heap limit"
            )));
        }
        Ok(())
    }

    /// Runs guest code under the deadline and tells from our own flags whether it was cut off.
    fn under<T>(
        &mut self,
        deadline: &Deadline,
        work: impl FnOnce(&mut Realm, &Running) -> Result<T, JsError>,
    ) -> Result<T, JsError> {
        let Some(realm) = self.realm.as_mut().filter(|_| !self.spent) else {
            return Err(JsError::Engine("the isolate is spent".to_owned()));
        };
        self.running.start(deadline);
        let done = work(realm, &self.running);
        let late = self.running.must_stop();
        self.running.until.set(None);
        let starved = self.heap.take_refused();
        if starved {
            // Whatever is left to do, taking the heap apart included, must not fail for lack of memory.
            self.spent = true;
            self.heap.limit_to(None);
        }
        let done = match done {
            Err(_) if starved => Err(JsError::OutOfMemory),
            _ if late => Err(JsError::Timeout { ran: deadline.ran() }),
            done => done,
        };
        if done.is_err() && !self.discard_jobs() {
            self.spent = true;
        }
        done
    }

    /// Empties the job queue, as far as possible without running guest code: with no stack, no function
    /// starts. An async function that waits is resumed all the same and may wait again, until it is
    /// interrupted. False when that takes too long.
    fn discard_jobs(&self) -> bool {
        if !self.runtime.is_job_pending() {
            return true;
        }
        let started = Instant::now();
        self.running.until.set(Some(started));
        self.runtime.set_max_stack_size(1);
        let mut emptied = false;
        while !emptied && started.elapsed() < DISCARDING {
            emptied = matches!(self.runtime.execute_pending_job(), Ok(false));
        }
        self.runtime.set_max_stack_size(self.stack);
        self.running.until.set(None);
        emptied
    }
}

impl Isolate for QuickJsIsolate {
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError> {
        self.under(deadline, |realm, running| realm.load(script, running))
    }

    fn prepare(&mut self, script: &Script, deadline: &Deadline) -> Result<Option<Prepared>, JsError> {
        let parts = self.under(deadline, |realm, running| realm.prepare(script, running))?;
        // SAFETY: this engine has just written them for it.
        Ok(Some(unsafe { Prepared::seal(Aid::Bytecode, &engine_version(), script, parts) }))
    }

    fn load_prepared(
        &mut self,
        script: &Script,
        prepared: &Prepared,
        deadline: &Deadline,
    ) -> Result<ScriptId, JsError> {
        let parts = prepared.open(Aid::Bytecode, &engine_version(), script)?;
        // SAFETY: the seal says that this version of the engine made these parts and that they are undamaged, and
        // whoever had it from another process has vouched for that one.
        self.under(deadline, |realm, running| unsafe { realm.load_prepared(parts, running) })
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        self.under(deadline, |realm, running| realm.call(script, input, running))
    }

    fn reset(&mut self) -> Result<(), JsError> {
        if self.spent {
            return Err(JsError::Engine("the isolate is spent".to_owned()));
        }
        // What still waits after this would run in the next realm.
        self.spent = !self.discard_jobs();
        self.realm = None;
        // A realm is one large cycle: without this it would stay until the next collection.
        self.runtime.run_gc();
        let made = if self.spent {
            Err(JsError::Engine("jobs of the last realm cannot be dropped".to_owned()))
        } else {
            self.make_realm()
        };
        self.spent = made.is_err();
        made
    }

    fn heap(&mut self) -> Option<HeapStats> {
        Some(HeapStats { used: self.heap.held(), limit: self.heap_limit })
    }

    fn interrupter(&self) -> Option<Interrupter> {
        let stop = Arc::clone(&self.running.stop);
        Some(Interrupter::new(move || stop.store(true, Ordering::Relaxed)))
    }

    fn is_spent(&self) -> bool {
        self.spent
    }
}

fn engine_error(error: rquickjs::Error) -> JsError {
    JsError::Engine(error.to_string())
}
