//! From source text to a function, or to a syntax error with its place in the guest's own text.

use ::deno_core::v8;
use v8::script_compiler::{CompileOptions, NoCacheReason, Source, compile_function, compile_unbound_script};

use super::super::super::{JsError, Script};
use super::Realm;
use super::convert::{Catch, failure};

/// Runs a script's setup and compiles its body.
pub(super) fn loaded(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    script: &Script,
    effort: Effort,
) -> Result<v8::Global<v8::Function>, JsError> {
    for (position, source) in (1..).zip(&script.setup) {
        run_setup(scope, realm, &script.setup_name(position), source, effort)?;
    }
    body(scope, realm, script, effort)
}

/// Runs a setup source in the global scope.
fn run_setup(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    name: &str,
    source: &str,
    effort: Effort,
) -> Result<(), JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let unbound = unbound(scope, realm, name, source, effort)?;
    match unbound.bind_to_current_context(scope).run(scope) {
        Some(_) => Ok(()),
        None => Err(failure(scope, realm)),
    }
}

/// Compiles a setup source.
pub(super) fn unbound<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    name: &str,
    source: &str,
    effort: Effort,
) -> Result<v8::Local<'b, v8::UnboundScript>, JsError> {
    let text = string(scope, source)?;
    let origin = origin(scope, name, 0)?;
    let mut source = Source::new(text, Some(&origin));
    match compile_unbound_script(scope, &mut source, effort.options(), NoCacheReason::NoReason) {
        Some(unbound) => Ok(unbound),
        None => Err(syntax(scope, realm, text)),
    }
}

/// How a body is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// As the body of a function.
    Plain,
    /// As the body of an async function, within one that returns it.
    Asynchronous,
}

/// Compiles a script's body as a function of `input`.
fn body(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    script: &Script,
    effort: Effort,
) -> Result<v8::Global<v8::Function>, JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let (wrapper, shape) = wrapper(scope, realm, script, effort)?;
    unwrapped(scope, realm, wrapper, shape)
}

/// How much is compiled at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Inner functions when they are first called.
    AsNeeded,
    /// Everything, to be kept.
    Everything,
}

impl Effort {
    fn options(self) -> CompileOptions {
        match self {
            Self::AsNeeded => CompileOptions::NoCompileOptions,
            Self::Everything => CompileOptions::EagerCompile,
        }
    }
}

/// The function around a script's body, and which it is: for a body without `await` it is the function itself.
pub(super) fn wrapper<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    script: &Script,
    effort: Effort,
) -> Result<(v8::Local<'b, v8::Function>, Shape), JsError> {
    let plain = |scope: &mut Catch<'_, 'b>| {
        Ok((compiled(scope, realm, script, Shape::Plain, None, effort.options())?, Shape::Plain))
    };
    if !script.mentions_await() {
        return plain(scope);
    }
    match asynchronous(scope, realm, script) {
        // What the body's author meant was an async function, so it is that function's error that counts.
        Err(error @ JsError::Syntax { .. }) => plain(scope).map_err(|_| error),
        done => done.map(|wrapper| (wrapper, Shape::Asynchronous)),
    }
}

/// V8 compiles no async function from its parts, except by the constructor, which calls every such function
/// `anonymous` and puts two lines of its own before it. So the constructor only checks that the body is a
/// body and does not close the function around it, and what runs is compiled from a text made here, on whose
/// second line, numbered 1, the body begins.
fn asynchronous<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    script: &Script,
) -> Result<v8::Local<'b, v8::Function>, JsError> {
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
    compiled(scope, realm, script, Shape::Asynchronous, None, CompileOptions::EagerCompile)
}

/// Compiles the function around a body in this shape, from what V8 knows of it already if it is given that.
pub(super) fn compiled<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    script: &Script,
    shape: Shape,
    known: Option<v8::UniqueRef<v8::CachedData<'_>>>,
    options: CompileOptions,
) -> Result<v8::Local<'b, v8::Function>, JsError> {
    const LINES_BEFORE: i32 = 1;
    let (text, parameters, line_offset) = match shape {
        Shape::Plain => (string(scope, &script.body)?, vec![string(scope, "input")?], 0),
        Shape::Asynchronous => {
            let text = format!("return async function (input) {{\n{}\n}}", script.body);
            (string(scope, &text)?, Vec::new(), -LINES_BEFORE)
        }
    };
    let origin = origin(scope, &script.name, line_offset)?;
    let is_known = known.is_some();
    let mut source = match known {
        Some(known) => Source::new_with_cached_data(text, Some(&origin), known),
        None => Source::new(text, Some(&origin)),
    };
    let function = compile_function(scope, &mut source, &parameters, &[], options, NoCacheReason::NoReason);
    let Some(function) = function else { return Err(syntax(scope, realm, text)) };
    if is_known && source.get_cached_data().is_none_or(|known| known.rejected()) {
        return Err(JsError::Engine("V8 does not accept its own code cache of this script".to_owned()));
    }
    Ok(function)
}

/// The function of the body from the one around it.
pub(super) fn unwrapped(
    scope: &mut Catch<'_, '_>,
    realm: &Realm,
    wrapper: v8::Local<v8::Function>,
    shape: Shape,
) -> Result<v8::Global<v8::Function>, JsError> {
    let function = match shape {
        Shape::Plain => Some(wrapper),
        Shape::Asynchronous => {
            let undefined = v8::undefined(scope).into();
            let made = wrapper.call(scope, undefined, &[]);
            made.and_then(|function| function.try_cast::<v8::Function>().ok())
        }
    };
    match function {
        Some(function) => Ok(v8::Global::new(scope, function)),
        None => Err(failure(scope, realm)),
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
pub(super) fn syntax(scope: &mut Catch<'_, '_>, realm: &Realm, source: v8::Local<v8::String>) -> JsError {
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

pub(super) fn string<'b>(
    scope: &mut Catch<'_, 'b>,
    text: &str,
) -> Result<v8::Local<'b, v8::String>, JsError> {
    v8::String::new(scope, text)
        .ok_or_else(|| JsError::Engine(format!("V8 holds no string of {} bytes", text.len())))
}

pub(super) fn origin<'b>(
    scope: &mut Catch<'_, 'b>,
    name: &str,
    line_offset: i32,
) -> Result<v8::ScriptOrigin<'b>, JsError> {
    let name = string(scope, name)?.into();
    Ok(v8::ScriptOrigin::new(scope, name, line_offset, 0, false, 0, None, false, false, false, None))
}
