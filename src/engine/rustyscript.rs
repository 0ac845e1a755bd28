//! `rustyscript`: V8 through RustyScript's own runtime and extensions.
//!
//! - Calls take RustyScript's quickest route, a stored function called with the `_immediate` variant: the
//!   others start a tokio runtime per call, poll its event loop a hundred times after the result, and give
//!   up on a timer that cannot stop running JavaScript. So deadlines are ours, through V8's terminate.
//! - RustyScript turns what a guest throws into one line of text. A few lines of JavaScript around the
//!   script catch it first, and hand over the value itself.
//! - `max_heap_size` cancels a token that cannot be renewed and raises the limit fivefold every time; the
//!   limit is set through `isolate_params` instead, with our own callback on the runtime underneath.
//! - Its console prints to standard output, its timers and subtle cryptography need a tokio runtime, entered
//!   for every call and driven only while a promise is pending. That is a blocking call: fine on a plain
//!   thread and in `spawn_blocking`, a panic in an async task.
//! - `Deno.core.ops` holds operations that end the process (`op_now` without its state). The guest sees a
//!   `Deno` cut down to what the console and `rustyscript.functions` look up in it, and a console without its
//!   timers, which reach the same operation.
//! - Every runtime transpiles and evaluates its extensions anew, tens of milliseconds each time, but for one that
//!   starts from a snapshot, which holds them evaluated. A timer that setup left behind is not in it.

use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;

use ::deno_core::{JsRuntime, v8};
use ::rustyscript::js_value::{Function, Value};
use ::rustyscript::{Runtime, RuntimeOptions, SnapshotBuilder};
use bytesize::ByteSize;

use crate::build;

use super::super::{Deadline, EngineInfo, Isolate, JsEngine, JsError, Limits, Prepared, Script};
use super::v8::convert::{Answer, answer, describe};
use super::v8::{Binding, Maker, Realm, Step, V8Isolate, extension, info, take_snapshot};

/// V8 through RustyScript.
#[derive(Debug, Clone, Copy, Default)]
pub struct RustyScript;

impl JsEngine for RustyScript {
    fn info(&self) -> EngineInfo {
        info(
            "rustyscript",
            Scripted::version(),
            true,
            &[
                "console, timers, URL, crypto and base64; console prints to standard output, in colour",
                "timers run only while a returned promise is pending; one left behind may fire in a later job",
                "`Deno` is cut down to what console and `rustyscript` need, for the rest can abort the process",
                "`console.time` and its kin are taken away: they would abort the process",
                "reset makes a new isolate, extensions included",
            ],
        )
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        V8Isolate::<Scripted>::create(limits)
    }

    fn snapshot(
        &self,
        limits: &Limits,
        script: &Script,
        deadline: &Deadline,
    ) -> Result<Option<Prepared>, JsError> {
        take_snapshot::<Scripted>(limits, script, deadline).map(Some)
    }

    fn create_from(
        &self,
        limits: &Limits,
        script: &Script,
        snapshot: &Prepared,
    ) -> Result<Box<dyn Isolate>, JsError> {
        V8Isolate::<Scripted>::create_from(limits, script, snapshot)
    }
}

/// Replaces `Deno`, then makes `[bind, bad input, thrown]`: a function that wraps a script, and the two
/// objects that its wrapper returns instead of throwing. No guest ever sees these two.
const PRELUDE: &str = r#"(() => {
    const { core, inspect } = globalThis.Deno;
    const { op_register_entrypoint, call_registered_function, call_registered_function_async } = core.ops;
    const ops = Object.freeze({
        __proto__: null, op_register_entrypoint, call_registered_function, call_registered_function_async,
    });
    globalThis.Deno = Object.freeze({
        __proto__: null, inspect, core: Object.freeze({ __proto__: null, ops, print: core.print }),
    });
    delete globalThis.__bootstrap;
    // They ask for a clock that this runtime was made without, and the panic crosses V8's frames.
    for (const name of ['time', 'timeLog', 'timeEnd', 'timeStamp']) delete globalThis.console[name];

    const parse = JSON.parse;
    const badInput = { error: undefined };
    const thrown = { error: undefined };
    const bind = (body) => (text) => {
        let input;
        try {
            input = parse(text);
        } catch (error) {
            badInput.error = error;
            return badInput;
        }
        try {
            return body(input);
        } catch (error) {
            thrown.error = error;
            return thrown;
        }
    };
    return [bind, badInput, thrown];
})()"#;

/// Fields drop in this order: handles, then V8, then the tokio runtime that its operations ran on.
struct Scripted {
    bind: v8::Global<v8::Function>,
    bad_input: v8::Global<v8::Object>,
    thrown: v8::Global<v8::Object>,
    runtime: Runtime,
    tokio: Tokio,
}

/// The tokio runtime of one RustyScript runtime.
struct Tokio(Option<Rc<tokio::runtime::Runtime>>);

impl Tokio {
    fn start() -> Result<Self, JsError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        Ok(Self(Some(Rc::new(runtime.map_err(failed)?))))
    }

    fn get(&self) -> &Rc<tokio::runtime::Runtime> {
        self.0.as_ref().expect("it is taken only by drop")
    }
}

impl Drop for Tokio {
    /// Dropping a tokio runtime waits for its blocking tasks, and panics where waiting is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take().and_then(|shared| Rc::try_unwrap(shared).ok()) {
            runtime.shutdown_background();
        }
    }
}

impl Binding for Scripted {
    type Function = Function;

    const LEAST_HEAP: ByteSize = ByteSize::mib(16);

    const PRELUDE: &'static str = PRELUDE;

    type Maker = Making;

    fn version() -> String {
        format!("{} ({})", build::named("rustyscript"), build::named("deno_core"))
    }

    fn make(
        params: v8::CreateParams,
        snapshot: Option<&'static [u8]>,
        enter: impl FnOnce(&mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError>,
    ) -> Result<Self, JsError> {
        let tokio = Tokio::start()?;
        let mut runtime =
            Runtime::with_tokio_runtime(options(params, snapshot), Rc::clone(tokio.get())).map_err(failed)?;
        let made = enter(runtime.deno_runtime())?;
        let parts = (|| {
            let scope = &mut runtime.deno_runtime().handle_scope();
            let made = v8::Local::new(scope, made).try_cast::<v8::Array>().ok()?;
            let bind = made.get_index(scope, 0)?.try_cast::<v8::Function>().ok()?;
            let bad_input = made.get_index(scope, 1)?.try_cast::<v8::Object>().ok()?;
            let thrown = made.get_index(scope, 2)?.try_cast::<v8::Object>().ok()?;
            Some((
                v8::Global::new(scope, bind),
                v8::Global::new(scope, bad_input),
                v8::Global::new(scope, thrown),
            ))
        })();
        let (bind, bad_input, thrown) = parts.ok_or_else(|| failed("the prelude gave something else"))?;
        Ok(Self { bind, bad_input, thrown, runtime, tokio })
    }

    fn tokio(&self) -> Option<Rc<tokio::runtime::Runtime>> {
        Some(Rc::clone(self.tokio.get()))
    }

    fn runtime(&mut self) -> &mut JsRuntime {
        self.runtime.deno_runtime()
    }

    fn keep(&mut self, function: v8::Global<v8::Function>) -> Result<Self::Function, JsError> {
        let bound = {
            let scope = &mut self.runtime.deno_runtime().handle_scope();
            let function = v8::Local::new(scope, function).into();
            let undefined = v8::undefined(scope).into();
            let bound = self.bind.open(scope).call(scope, undefined, &[function]);
            bound.map(|bound| v8::Global::new(scope, bound))
        };
        bound
            .and_then(|bound| Function::try_from(bound).ok())
            .ok_or_else(|| JsError::Engine("rustyscript: the script could not be stored".to_owned()))
    }

    fn call(&mut self, realm: &Realm, function: &Self::Function, input: &str) -> Result<Answer, JsError> {
        let value: Value =
            self.runtime.call_stored_function_immediate(None, function, &(input,)).map_err(failed)?;
        let scope = &mut self.runtime.deno_runtime().handle_scope();
        let scope = &mut v8::TryCatch::new(scope);
        let value = v8::Local::new(scope, value.into_v8());
        if value == self.thrown {
            let error = take_error(scope, &self.thrown);
            return Err(describe(scope, realm, error));
        }
        if value == self.bad_input {
            let error = take_error(scope, &self.bad_input);
            return Err(match describe(scope, realm, error) {
                JsError::Exception { message, .. } => JsError::Engine(format!("input: {message}")),
                other => other,
            });
        }
        answer(scope, realm, value)
    }

    fn drive(&mut self, step: &mut Step<'_>) -> Result<(), JsError> {
        let runtime = &mut self.runtime;
        self.tokio.get().block_on(poll_fn(|cx| step(runtime.deno_runtime(), cx)))
    }
}

/// A runtime that ends as a snapshot, its extensions evaluated in it.
struct Making {
    builder: SnapshotBuilder,
    tokio: Tokio,
}

impl Maker for Making {
    fn make(params: v8::CreateParams) -> Result<Self, JsError> {
        let tokio = Tokio::start()?;
        let builder = SnapshotBuilder::with_tokio_runtime(options(params, None), Rc::clone(tokio.get()));
        Ok(Self { builder: builder.map_err(failed)?, tokio })
    }

    fn tokio(&self) -> Option<Rc<tokio::runtime::Runtime>> {
        Some(Rc::clone(self.tokio.get()))
    }

    fn runtime(&mut self) -> &mut JsRuntime {
        self.builder.deno_runtime()
    }

    fn finish(self) -> Box<[u8]> {
        self.builder.finish()
    }
}

/// The same whether a snapshot is made or taken up: it refers to extensions and operations by their place.
fn options(params: v8::CreateParams, snapshot: Option<&'static [u8]>) -> RuntimeOptions {
    RuntimeOptions {
        isolate_params: Some(params),
        startup_snapshot: snapshot,
        extensions: vec![extension()],
        ..RuntimeOptions::default()
    }
}

fn failed(error: impl fmt::Display) -> JsError {
    JsError::Engine(format!("rustyscript: {error}"))
}

/// Takes the value that the wrapper caught.
fn take_error<'s>(
    scope: &mut v8::HandleScope<'s>,
    holder: &v8::Global<v8::Object>,
) -> v8::Local<'s, v8::Value> {
    let undefined: v8::Local<v8::Value> = v8::undefined(scope).into();
    let Some(key) = v8::String::new(scope, "error") else { return undefined };
    let holder = v8::Local::new(scope, holder);
    let error = holder.get(scope, key.into()).unwrap_or(undefined);
    holder.set(scope, key.into(), undefined);
    error
}

#[cfg(test)]
mod tests {
    super::super::v8::cases::cases!(super::RustyScript);
}
