//! `deno_core`: V8 through a bare `JsRuntime`, without any of Deno's extensions.
//!
//! - Calls go straight to V8 within one handle scope: parse the input, call, stringify. The runtime's own
//!   call interface always makes a future, and is needed only for promises that are pending.
//! - There is no console, no URL and no timer: a promise can wait for other promises, for `Atomics.waitAsync`
//!   and for the background compilation of WebAssembly.
//! - `Deno.core` lets a guest end the process (`op_panic`, for one), so it is deleted with everything else
//!   that only extensions need.
//! - A second realm in the same isolate would lack the state that the runtime's event loop and callbacks look
//!   up in the current context, and dereference unchecked. So `reset` makes a new isolate.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use ::deno_core::{JsRuntime, RuntimeOptions, v8};
use bytesize::ByteSize;

use super::super::{EngineInfo, Isolate, JsEngine, JsError, Limits};
use super::v8::convert::{Answer, answer, failure};
use super::v8::{Binding, Realm, Step, V8Isolate, info};

/// V8 through `deno_core`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenoCore;

impl JsEngine for DenoCore {
    fn info(&self) -> EngineInfo {
        info(
            "deno_core",
            binding_version(),
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
}

fn binding_version() -> String {
    // Filled from the build facts.
    "deno_core 0.355.0".to_owned()
}

struct Bare {
    runtime: JsRuntime,
}

impl Binding for Bare {
    type Function = v8::Global<v8::Function>;

    const LEAST_HEAP: ByteSize = ByteSize::mib(8);

    fn make(params: v8::CreateParams) -> Result<Self, JsError> {
        let options = RuntimeOptions { create_params: Some(params), ..RuntimeOptions::default() };
        let failed = |error: &dyn std::fmt::Display| JsError::Engine(format!("deno_core: {error}"));
        let mut runtime = JsRuntime::try_new(options).map_err(|error| failed(&error))?;
        runtime
            .execute_script("jsarena", "delete globalThis.Deno; delete globalThis.__bootstrap;")
            .map_err(|error| failed(&error))?;
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
