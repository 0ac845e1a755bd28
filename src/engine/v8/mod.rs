//! What the two V8 engines share: everything but the way into the runtime.
//!
//! `deno_core` and `rustyscript` end in the same V8, so deadlines, heap limit, compilation, errors and JSON
//! are done once, here, on V8's own interface. A [`Binding`] is what is left: how a runtime is made, how a
//! loaded script is called, and what its event loop runs on.

mod cache;
mod callbacks;
mod compile;
pub(super) mod convert;
mod info;
mod platform;
mod realm;
mod snapshot;
mod stop;

#[cfg(test)]
pub(super) mod cases;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod snapshot_cases;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::task::{Context, Poll};

use ::deno_core::{JsRuntime, PollEventLoopOptions, v8};
use bytesize::ByteSize;

pub(super) use callbacks::extension;
pub(super) use info::info;
pub(super) use realm::Realm;
pub(super) use snapshot::{Maker, take as take_snapshot};

use super::super::{
    Aid, Deadline, HeapStats, Interrupter, Isolate, JsError, Limits, Prepared, Script, ScriptId,
};
use compile::Effort;
use convert::{Answer, answer};
use platform::{Origin, Seat};
use snapshot::Snapshot;
use stop::Stopper;

/// How one engine reaches V8.
pub(super) trait Binding: Sized + 'static {
    /// What a loaded script is kept as.
    type Function;

    /// Smallest heap in which the runtime can be built. V8 ends the process when its own start-up does not
    /// fit, before anybody could set a callback.
    const LEAST_HEAP: ByteSize;

    /// Run first in every new realm, so that guests find nothing in it that can end the process.
    const PRELUDE: &'static str;

    /// A runtime of this kind that ends as a snapshot.
    type Maker: Maker;

    /// What the heap of a new runtime depends on beside V8.
    fn version() -> String;

    /// Builds a runtime, from a snapshot if there is one. `enter` makes its realm fit for guests, and gives what the
    /// prelude evaluated to.
    fn make(
        params: v8::CreateParams,
        snapshot: Option<&'static [u8]>,
        enter: impl FnOnce(&mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError>,
    ) -> Result<Self, JsError>;

    /// The tokio runtime on which the binding's operations run, if they need one: entered while guest code
    /// runs, for they panic without it, which within V8 is an abort.
    fn tokio(&self) -> Option<Rc<tokio::runtime::Runtime>> {
        None
    }

    /// The runtime underneath.
    fn runtime(&mut self) -> &mut JsRuntime;

    /// Keeps a compiled script for calls.
    fn keep(&mut self, function: v8::Global<v8::Function>) -> Result<Self::Function, JsError>;

    /// Calls a script with the input's JSON text.
    fn call(&mut self, realm: &Realm, function: &Self::Function, input: &str) -> Result<Answer, JsError>;

    /// Calls `step` until it is ready, waiting in between until something wakes it.
    fn drive(&mut self, step: &mut Step<'_>) -> Result<(), JsError>;
}

/// One turn of the event loop, as [`Binding::drive`] repeats it.
pub(super) type Step<'a> = dyn FnMut(&mut JsRuntime, &mut Context<'_>) -> Poll<Result<(), JsError>> + 'a;

/// An isolate of either V8 engine.
pub(super) struct V8Isolate<B: Binding> {
    limits: Limits,
    /// What every realm starts from, if it starts from one.
    snapshot: Option<Rc<Snapshot>>,
    stopper: Stopper,
    /// `None` only after a reset that failed.
    live: Option<Live<B>>,
    /// Last, so that the thread is free only when the runtime is gone.
    _seat: Seat,
}

/// What a reset replaces. Fields drop in this order: handles into V8's heap before the heap.
struct Live<B: Binding> {
    scripts: Vec<B::Function>,
    realm: Rc<Realm>,
    binding: B,
    /// After the runtime, which reads it to its end.
    _snapshot: Option<Rc<Snapshot>>,
}

impl<B: Binding> V8Isolate<B> {
    /// Makes an isolate on this thread, which must have none alive.
    pub(super) fn create(limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        Self::start(limits, None)
    }

    /// The same, with the heap of a snapshot.
    pub(super) fn create_from(
        limits: &Limits,
        script: &Script,
        prepared: &Prepared,
    ) -> Result<Box<dyn Isolate>, JsError> {
        Self::start(limits, Some(Snapshot::open::<B>(limits, script, prepared)?))
    }

    fn start(limits: &Limits, snapshot: Option<Rc<Snapshot>>) -> Result<Box<dyn Isolate>, JsError> {
        let origin = snapshot.as_ref().map_or(Origin::Own, |snapshot| snapshot.origin());
        let seat = Seat::take(&origin)?;
        platform::initialise();
        let mut stopper = Stopper::new();
        let live = Some(Live::make(limits, snapshot.as_ref(), &mut stopper)?);
        Ok(Box::new(Self { limits: limits.clone(), snapshot, stopper, live, _seat: seat }))
    }

    /// Runs guest code under the deadline. Whatever stopped it wins over what the code made of being stopped.
    fn within<T>(
        &mut self,
        deadline: &Deadline,
        work: impl FnOnce(&mut Live<B>, &Stopper) -> Result<T, JsError>,
    ) -> Result<T, JsError> {
        let live = match &mut self.live {
            Some(live) if !self.stopper.is_spent() => live,
            _ => return Err(JsError::Engine("this isolate is spent and must be dropped".to_owned())),
        };
        let tokio = live.binding.tokio();
        let _entered = tokio.as_ref().map(|tokio| tokio.enter());
        self.stopper.enter(deadline);
        let result = work(live, &self.stopper);
        self.stopper.leave(live.binding.runtime().v8_isolate(), deadline)?;
        result
    }
}

impl<B: Binding> Isolate for V8Isolate<B> {
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError> {
        self.within(deadline, |live, _| {
            let realm = Rc::clone(&live.realm);
            let function = compile::loaded(
                &mut live.binding.runtime().handle_scope(),
                &realm,
                script,
                Effort::AsNeeded,
            )?;
            live.keep(function)
        })
    }

    fn prepare(&mut self, script: &Script, deadline: &Deadline) -> Result<Option<Prepared>, JsError> {
        let parts = self.within(deadline, |live, _| {
            let realm = Rc::clone(&live.realm);
            cache::write(&mut live.binding.runtime().handle_scope(), &realm, script)
        })?;
        // SAFETY: this engine has just written them for it.
        Ok(Some(unsafe { Prepared::seal(Aid::CodeCache, &cache::version(), script, parts) }))
    }

    fn load_prepared(
        &mut self,
        script: &Script,
        prepared: &Prepared,
        deadline: &Deadline,
    ) -> Result<ScriptId, JsError> {
        if self.snapshot.as_ref().is_some_and(|snapshot| snapshot.is(script, prepared)) {
            return self.within(deadline, |live, _| {
                let function = snapshot::function(&mut live.binding.runtime().handle_scope())?;
                live.keep(function)
            });
        }
        let parts = prepared.open(Aid::CodeCache, &cache::version(), script)?;
        self.within(deadline, |live, _| {
            let realm = Rc::clone(&live.realm);
            let function = cache::read(&mut live.binding.runtime().handle_scope(), &realm, script, parts)?;
            live.keep(function)
        })
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        self.within(deadline, |live, stopper| {
            let Live { scripts, realm, binding, .. } = live;
            let function = scripts
                .get(script.0 as usize)
                .ok_or_else(|| JsError::Engine(format!("no script {} is loaded", script.0)))?;
            match binding.call(realm, function, input)? {
                Answer::Json(json) => Ok(json),
                Answer::Pending(promise) => settle(binding, realm, stopper, promise),
            }
        })
    }

    fn reset(&mut self) -> Result<(), JsError> {
        // The old runtime goes first: a thread has room for one isolate.
        self.live = None;
        self.live = Some(Live::make(&self.limits, self.snapshot.as_ref(), &mut self.stopper)?);
        Ok(())
    }

    fn heap(&mut self) -> Option<HeapStats> {
        let statistics = self.live.as_mut()?.binding.runtime().v8_isolate().get_heap_statistics();
        Some(HeapStats {
            used: ByteSize::b(statistics.used_heap_size() as u64),
            limit: Some(ByteSize::b(statistics.heap_size_limit() as u64)),
        })
    }

    fn interrupter(&self) -> Option<Interrupter> {
        Some(self.stopper.interrupter())
    }

    fn is_spent(&self) -> bool {
        self.live.is_none() || self.stopper.is_spent()
    }
}

impl<B: Binding> Live<B> {
    fn make(
        limits: &Limits,
        snapshot: Option<&Rc<Snapshot>>,
        stopper: &mut Stopper,
    ) -> Result<Self, JsError> {
        // SAFETY: what is made of them is the binding, which drops before the snapshot that lies beside it.
        let bytes = snapshot.map(|snapshot| unsafe { snapshot.bytes() });
        let mut binding = B::make(params::<B>(limits)?, bytes, |runtime| match bytes {
            None => snapshot::prelude::<B>(runtime),
            Some(_) => snapshot::enter(runtime),
        })?;
        let runtime = binding.runtime();
        stopper.attach(runtime);
        callbacks::install(runtime.v8_isolate());
        let realm = if bytes.is_none() {
            callbacks::define(runtime)?;
            Realm::capture(&mut runtime.handle_scope(), stopper.flag())?
        } else {
            Realm::kept(&mut runtime.handle_scope(), stopper.flag())?
        };
        Ok(Self { scripts: Vec::new(), realm: Rc::new(realm), binding, _snapshot: snapshot.cloned() })
    }

    fn keep(&mut self, function: v8::Global<v8::Function>) -> Result<ScriptId, JsError> {
        let id = u32::try_from(self.scripts.len())
            .map_err(|_| JsError::Engine("too many scripts are loaded".to_owned()))?;
        let function = self.binding.keep(function)?;
        self.scripts.push(function);
        Ok(ScriptId(id))
    }
}

/// What V8 is told of the limits.
fn params<B: Binding>(limits: &Limits) -> Result<v8::CreateParams, JsError> {
    let params = v8::CreateParams::default();
    match limits.heap {
        None => Ok(params),
        Some(heap) if heap < B::LEAST_HEAP => Err(JsError::Engine(format!(
            "a heap of {heap} is too small to start in: it takes {}",
            B::LEAST_HEAP
        ))),
        Some(heap) => Ok(params.heap_limits(0, usize::try_from(heap.as_u64()).unwrap_or(usize::MAX))),
    }
}

/// Drives the event loop until `promise` is settled, then converts its result.
fn settle<B: Binding>(
    binding: &mut B,
    realm: &Realm,
    stopper: &Stopper,
    promise: v8::Global<v8::Promise>,
) -> Result<String, JsError> {
    let pending =
        |runtime: &mut JsRuntime| promise.open(runtime.v8_isolate()).state() == v8::PromiseState::Pending;
    binding.drive(&mut |runtime, cx| {
        if stopper.is_stopped(cx.waker()) {
            return Poll::Ready(Err(convert::stopped()));
        }
        let turn = AssertUnwindSafe(|| runtime.poll_event_loop(cx, PollEventLoopOptions::default()));
        let turned = match catch_unwind(turn) {
            Ok(turned) => turned,
            // deno_core unwraps what a getter of the guest's gave when it put an error into words, and a
            // getter that is stopped gives nothing. It is the guest's fault, and no reason to panic.
            Err(_) if realm.stop.is_set() => {
                stopper.give_up();
                return Poll::Ready(Err(convert::stopped()));
            }
            Err(panic) => resume_unwind(panic),
        };
        if !pending(runtime) {
            return Poll::Ready(Ok(()));
        }
        match turned {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(Err(JsError::InvalidResult(
                "the returned promise can never settle: nothing is left to run".to_owned(),
            ))),
            Poll::Ready(Err(error)) => {
                // deno_core ends a turn by terminating execution and may leave it so. If it was the deadline
                // that did it, leaving the call says so.
                runtime.v8_isolate().cancel_terminate_execution();
                Poll::Ready(Err(convert::loop_failure(&error)))
            }
        }
    })?;
    let scope = &mut binding.runtime().handle_scope();
    let promise = v8::Local::new(scope, promise);
    match answer(&mut v8::TryCatch::new(scope), realm, promise.into())? {
        Answer::Json(json) => Ok(json),
        Answer::Pending(_) => Err(JsError::Engine("a settled promise is pending again".to_owned())),
    }
}
