//! `deno_core`: V8 through a bare `JsRuntime`, without any of Deno's extensions.
//!
//! - Calls go straight to V8 within one handle scope: parse the input, call, stringify. The runtime's own
//!   call interface always makes a future, and is needed only for promises that are pending.
//! - There is no console, no URL and no timer: a promise can wait for other promises, for `Atomics.waitAsync`
//!   and for the background compilation of WebAssembly.
//! - `Deno.core` lets a guest end the process (`op_panic`, for one), so it is deleted with everything else
//!   that only extensions need.
//! - Extensions it has one, of ours, for what a start-up snapshot refers to; it adds nothing to the realm.
//! - A second realm in the same isolate would lack the state that the runtime's event loop and callbacks look
//!   up in the current context, and dereference unchecked. So `reset` makes a new isolate.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use ::deno_core::{JsRuntime, JsRuntimeForSnapshot, RuntimeOptions, v8};
use bytesize::ByteSize;

use crate::build;

use super::super::{Deadline, EngineInfo, Isolate, JsEngine, JsError, Limits, Prepared, Script};
use super::v8::convert::{Answer, answer, failure};
use super::v8::{Binding, Maker, Realm, Step, V8Isolate, extension, info, take_snapshot};

/// V8 through `deno_core`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenoCore;

impl JsEngine for DenoCore {
    fn info(&self) -> EngineInfo {
        info(
            "deno_core",
            build::named("deno_core"),
            false,
            &[
                "the bare runtime: no console, timers, URL or modules; `Deno` is deleted, for it can abort the process",
                "reset makes a new isolate",
            ],
        )
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        V8Isolate::<Bare>::create(limits)
    }

    fn snapshot(
        &self,
        limits: &Limits,
        script: &Script,
        deadline: &Deadline,
    ) -> Result<Option<Prepared>, JsError> {
        take_snapshot::<Bare>(limits, script, deadline).map(Some)
    }

    fn create_from(
        &self,
        limits: &Limits,
        script: &Script,
        snapshot: &Prepared,
    ) -> Result<Box<dyn Isolate>, JsError> {
        V8Isolate::<Bare>::create_from(limits, script, snapshot)
    }
}

struct Bare {
    runtime: JsRuntime,
}

impl Binding for Bare {
    type Function = v8::Global<v8::Function>;

    const LEAST_HEAP: ByteSize = ByteSize::mib(8);

    const PRELUDE: &'static str = "delete globalThis.Deno; delete globalThis.__bootstrap;";

    type Maker = JsRuntimeForSnapshot;

    fn version() -> String {
        build::named("deno_core")
    }

    fn make(
        params: v8::CreateParams,
        snapshot: Option<&'static [u8]>,
        enter: impl FnOnce(&mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError>,
    ) -> Result<Self, JsError> {
        let mut runtime = JsRuntime::try_new(options(params, snapshot)).map_err(failed)?;
        enter(&mut runtime)?;
        Ok(Self { runtime })
    }

    fn runtime(&mut self) -> &mut JsRuntime {
        &mut self.runtime
    }

    fn keep(&mut self, function: v8::Global<v8::Function>) -> Result<Self::Function, JsError> {
        Ok(function)
    }

    fn call(&mut self, realm: &Realm, function: &Self::Function, input: &str) -> Result<Answer, JsError> {
        let scope = &mut self.runtime.handle_scope();
        let scope = &mut v8::TryCatch::new(scope);
        let text = v8::String::new(scope, input)
            .ok_or_else(|| JsError::Engine(format!("V8 holds no string of {} bytes", input.len())))?;
        let Some(input) = v8::json::parse(scope, text) else {
            return Err(match failure(scope, realm) {
                JsError::Exception { message, .. } => JsError::Engine(format!("input: {message}")),
                other => other,
            });
        };
        let this = v8::undefined(scope).into();
        match function.open(scope).call(scope, this, &[input]) {
            Some(value) => answer(scope, realm, value),
            None => Err(failure(scope, realm)),
        }
    }

    /// Without extensions nothing in the event loop needs a tokio runtime; parking the thread is enough.
    fn drive(&mut self, step: &mut Step<'_>) -> Result<(), JsError> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(done) = step(&mut self.runtime, &mut cx) {
                return done;
            }
            thread::park();
        }
    }
}

impl Maker for JsRuntimeForSnapshot {
    fn make(params: v8::CreateParams) -> Result<Self, JsError> {
        Self::try_new(options(params, None)).map_err(failed)
    }

    fn runtime(&mut self) -> &mut JsRuntime {
        self
    }

    fn finish(self) -> Box<[u8]> {
        self.snapshot()
    }
}

/// The same whether a snapshot is made or taken up: it refers to extensions and operations by their place.
fn options(params: v8::CreateParams, snapshot: Option<&'static [u8]>) -> RuntimeOptions {
    RuntimeOptions {
        create_params: Some(params),
        startup_snapshot: snapshot,
        // Those of a snapshot are in it.
        skip_op_registration: snapshot.is_some(),
        extensions: vec![extension()],
        ..RuntimeOptions::default()
    }
}

fn failed(error: impl fmt::Display) -> JsError {
    JsError::Engine(format!("deno_core: {error}"))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    super::super::v8::cases::cases!(super::DenoCore);
}
