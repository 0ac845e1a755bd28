//! From source text to a function, or to a syntax error with its place in the guest's own text.

use ::deno_core::v8;
use v8::script_compiler::{CompileOptions, NoCacheReason, Source, compile_function};

use super::super::super::{JsError, Script};
use super::Realm;
use super::convert::{Catch, failure};

/// Runs a setup source in the global scope.
pub(super) fn run_setup(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    name: &str,
    source: &str,
) -> Result<(), JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let source = string(scope, source)?;
    let origin = origin(scope, name, 0)?;
    let Some(script) = v8::Script::compile(scope, source, Some(&origin)) else {
        return Err(syntax(scope, realm, source));
    };
    match script.run(scope) {
        Some(_) => Ok(()),
        None => Err(failure(scope, realm)),
    }
}

/// Compiles a script's body as a function of `input`.
pub(super) fn body(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    script: &Script,
) -> Result<v8::Global<v8::Function>, JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    if !script.mentions_await() {
        return plain(scope, realm, script);
    }
    match asynchronous(scope, realm, script) {
        // What the body's author meant was an async function, so it is that function's error that counts.
        Err(error @ JsError::Syntax { .. }) => plain(scope, realm, script).map_err(|_| error),
        done => done,
    }
}

fn plain(
    scope: &mut Catch<'_, '_>,
    realm: &Realm,
    script: &Script,
) -> Result<v8::Global<v8::Function>, JsError> {
    let source = string(scope, &script.body)?;
    let origin = origin(scope, &script.name, 0)?;
    let parameter = string(scope, "input")?;
    let compiled = compile_function(
        scope,
        &mut Source::new(source, Some(&origin)),
        &[parameter],
        &[],
        CompileOptions::NoCompileOptions,
        NoCacheReason::NoReason,
    );
    match compiled {
        Some(function) => Ok(v8::Global::new(scope, function)),
        None => Err(syntax(scope, realm, source)),
    }
}

/// V8 compiles no async function from its parts, except by the constructor, which calls every such function
/// `anonymous` and puts two lines of its own before it. So the constructor only checks that the body is a
/// body and does not close the function around it, and what runs is compiled from a text made here, on whose
/// second line, numbered 1, the body begins.
fn asynchronous(
    scope: &mut Catch<'_, '_>,
    realm: &Realm,
    script: &Script,
) -> Result<v8::Global<v8::Function>, JsError> {
    const LINES_BEFORE: i32 = 1;
    const LINES_BEFORE_IN_CONSTRUCTOR: u32 = 2;
    let body = string(scope, &script.body)?;
    let constructor = v8::Local::new(scope, &realm.async_function);
    let parameter = string(scope, "input")?;
    let undefined = v8::undefined(scope).into();
    if constructor.call(scope, undefined, &[parameter.into(), body.into()]).is_none() {
        return Err(match syntax(scope, realm, body) {
            JsError::Syntax { message, line, column } => {
                let line = line.map(|line| line.saturating_sub(LINES_BEFORE_IN_CONSTRUCTOR).max(1));
                within(&script.body, message, line, column)
            }
            other => other,
        });
    }
    let source = string(scope, &format!("return async function (input) {{\n{}\n}}", script.body))?;
    let origin = origin(scope, &script.name, -LINES_BEFORE)?;
    let maker = compile_function(
        scope,
        &mut Source::new(source, Some(&origin)),
        &[],
        &[],
        CompileOptions::EagerCompile,
        NoCacheReason::NoReason,
    );
    let function = maker.and_then(|maker| maker.call(scope, undefined, &[]));
    match function.and_then(|function| function.try_cast::<v8::Function>().ok()) {
        Some(function) => Ok(v8::Global::new(scope, function)),
        None => Err(syntax(scope, realm, source)),
    }
}

/// A syntax error in `body`; one that V8 sees only after its end is said to be at its end.
fn within(body: &str, message: String, line: Option<u32>, column: Option<u32>) -> JsError {
    let last = body.split('\n').count();
    if line.is_some_and(|line| line as usize > last) {
        let end = body.rsplit('\n').next().unwrap_or_default().encode_utf16().count() + 1;
        return JsError::Syntax { message, line: u32::try_from(last).ok(), column: u32::try_from(end).ok() };
    }
    JsError::Syntax { message, line, column }
}

/// Why `source` did not compile.
fn syntax(scope: &mut Catch<'_, '_>, realm: &Realm, source: v8::Local<v8::String>) -> JsError {
    let place = scope.message().map(|message| {
        let line = message.get_line_number(scope).and_then(|line| u32::try_from(line).ok());
        (line, u32::try_from(message.get_start_column() + 1).ok())
    });
    match failure(scope, realm) {
        JsError::Exception { name, message, .. } if name == "SyntaxError" => {
            let (line, column) = place.unwrap_or_default();
            JsError::Syntax { message, line, column }
        }
        JsError::Exception { name, message, .. } => JsError::Engine(format!(
            "a source of {} characters does not compile: {name}: {message}",
            source.length()
        )),
        other => other,
    }
}

fn string<'b>(scope: &mut Catch<'_, 'b>, text: &str) -> Result<v8::Local<'b, v8::String>, JsError> {
    v8::String::new(scope, text)
        .ok_or_else(|| JsError::Engine(format!("V8 holds no string of {} bytes", text.len())))
}

fn origin<'b>(
    scope: &mut Catch<'_, 'b>,
    name: &str,
    line_offset: i32,
) -> Result<v8::ScriptOrigin<'b>, JsError> {
    let name = string(scope, name)?.into();
    Ok(v8::ScriptOrigin::new(scope, name, line_offset, 0, false, 0, None, false, false, false, None))
}
