//! What V8 asks its host, answered so that no guest can end the process or reach into the next job.
//!
//! deno_core sets callbacks of its own, made for a program that runs one trusted application. They unwrap
//! where a termination can strike, and keep unhandled rejections until some later job turns the event loop.

use std::borrow::Cow;
use std::sync::LazyLock;

use ::deno_core::{Extension, JsRuntime, v8};
use v8::MapFnTo;

use super::super::super::JsError;

/// One address of the function for the whole process: it is what a snapshot is told to look up.
static QUEUE_MICROTASK: LazyLock<v8::FunctionCallback> = LazyLock::new(|| queue_microtask.map_fn_to());

/// What a snapshot refers to outside the heap, and finds elsewhere in another process.
pub(in super::super) fn extension() -> Extension {
    let references = vec![v8::ExternalReference { function: *QUEUE_MICROTASK }];
    Extension { name: "jsarena", external_references: Cow::Owned(references), ..Extension::default() }
}

/// Puts our answers in place of deno_core's: those of the isolate, which no heap holds.
pub(super) fn install(isolate: &mut v8::Isolate) {
    isolate.set_promise_reject_callback(ignore_rejection);
    isolate.set_prepare_stack_trace_callback(prepare_stack_trace);
    isolate.set_host_import_module_dynamically_callback(refuse_import);
}

/// Puts our functions in place of deno_core's: those of a new realm.
pub(super) fn define(runtime: &mut JsRuntime) -> Result<(), JsError> {
    let scope = &mut runtime.handle_scope();
    let installed = (|| {
        let name = v8::String::new(scope, "queueMicrotask")?;
        let function = v8::Function::new_raw(scope, *QUEUE_MICROTASK)?;
        function.set_name(name);
        scope.get_current_context().global(scope).set(scope, name.into(), function.into())
    })();
    match installed {
        Some(true) => Ok(()),
        _ => Err(JsError::Engine("a new realm refuses its globals".to_owned())),
    }
}

/// A rejection that nobody handles concerns nobody: the one promise that counts is the one a script returns,
/// and that one is looked at. deno_core would report it in whichever job turns the event loop next.
extern "C" fn ignore_rejection(_: v8::PromiseRejectMessage) {}

/// `queueMicrotask` whose callback may throw. deno_core's ends a throw by terminating execution, which
/// without a turn of the event loop would strike the next job.
fn queue_microtask(
    scope: &mut v8::HandleScope,
    arguments: v8::FunctionCallbackArguments,
    _: v8::ReturnValue,
) {
    match arguments.get(0).try_cast::<v8::Function>() {
        Ok(callback) => scope.enqueue_microtask(callback),
        Err(_) => throw_type_error(scope, "queueMicrotask takes a function"),
    }
}

fn throw_type_error(scope: &mut v8::HandleScope, message: &str) {
    if let Some(message) = v8::String::new(scope, message) {
        let error = v8::Exception::type_error(scope, message);
        scope.throw_exception(error);
    }
}

/// The text of `error.stack`: what V8 would make by itself, or what the guest's `Error.prepareStackTrace`
/// makes. deno_core's unwraps results that a termination turns into nothing, and a panic here is an abort.
fn prepare_stack_trace<'s>(
    scope: &mut v8::HandleScope<'s>,
    error: v8::Local<'s, v8::Value>,
    call_sites: v8::Local<'s, v8::Array>,
) -> v8::Local<'s, v8::Value> {
    match stack_trace(scope, error, call_sites) {
        Some(trace) => trace,
        None => v8::undefined(scope).into(),
    }
}

fn stack_trace<'s>(
    scope: &mut v8::HandleScope<'s>,
    error: v8::Local<'s, v8::Value>,
    call_sites: v8::Local<'s, v8::Array>,
) -> Option<v8::Local<'s, v8::Value>> {
    let key = v8::String::new(scope, "Error")?.into();
    let constructor = scope.get_current_context().global(scope).get(scope, key)?;
    if let Ok(constructor) = constructor.try_cast::<v8::Object>() {
        let key = v8::String::new(scope, "prepareStackTrace")?.into();
        if let Ok(prepare) = constructor.get(scope, key)?.try_cast::<v8::Function>() {
            return prepare.call(scope, constructor.into(), &[error, call_sites.into()]);
        }
    }
    let mut trace = error.to_string(scope)?.to_rust_string_lossy(scope);
    for index in 0..call_sites.length() {
        let scope = &mut v8::HandleScope::new(scope);
        let call_site = call_sites.get_index(scope, index)?.to_string(scope)?;
        trace.push_str("\n    at ");
        trace.push_str(&call_site.to_rust_string_lossy(scope));
    }
    Some(v8::String::new(scope, &trace)?.into())
}

/// `import()` has nowhere to load from, in either engine as we build them, and its promise says so at once.
fn refuse_import<'s>(
    scope: &mut v8::HandleScope<'s>,
    _options: v8::Local<'s, v8::Data>,
    _referrer: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let message = format!("cannot import {}: there are no modules", specifier.to_rust_string_lossy(scope));
    let message = v8::String::new(scope, &message)?;
    let error = v8::Exception::type_error(scope, message);
    let resolver = v8::PromiseResolver::new(scope)?;
    resolver.reject(scope, error)?;
    Some(resolver.get_promise(scope))
}
