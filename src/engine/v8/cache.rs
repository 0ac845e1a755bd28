//! V8's code cache: what its compiler found out about a source, which is needed all the same.
//!
//! V8 looks at its version, its flags and the length of the source before it believes a cache, and at no more than
//! that: what is inside must be its own. [`Prepared`](super::super::super::Prepared) sees to that.

use ::deno_core::v8;
use v8::script_compiler::{CompileOptions, NoCacheReason, Source, compile_unbound_script};

use super::super::super::{JsError, Script};
use super::Realm;
use super::compile::{Effort, Shape, compiled, origin, string, syntax, unbound, unwrapped, wrapper};
use super::convert::failure;

/// First byte of a body's part: how it was compiled.
const PLAIN: u8 = 0;
/// The other way.
const ASYNCHRONOUS: u8 = 1;

/// What a cache depends on: V8's version and its flags.
pub(super) fn version() -> String {
    format!("V8 {} {:08x}", v8::V8::get_version(), v8::script_compiler::cached_data_version_tag())
}

/// A part for each source of a script, setup first. Runs nothing of it.
pub(super) fn write(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    script: &Script,
) -> Result<Vec<Vec<u8>>, JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let mut parts = Vec::new();
    for (position, text) in (1..).zip(&script.setup) {
        let unbound = unbound(scope, realm, &script.setup_name(position), text, Effort::Everything)?;
        parts.push(unbound.create_code_cache().ok_or_else(none)?.to_vec());
    }
    let (wrapper, shape) = wrapper(scope, realm, script, Effort::Everything)?;
    let mut part = vec![if shape == Shape::Plain { PLAIN } else { ASYNCHRONOUS }];
    part.extend_from_slice(&wrapper.create_code_cache().ok_or_else(none)?);
    parts.push(part);
    Ok(parts)
}

fn none() -> JsError {
    JsError::Engine("V8 gives no code cache of this script".to_owned())
}

/// Runs the setup of a script and compiles its body, from the parts that [`write`] gave.
pub(super) fn read(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    script: &Script,
    parts: &[Vec<u8>],
) -> Result<v8::Global<v8::Function>, JsError> {
    let misfit = || JsError::Engine("the code cache has not a part for each source".to_owned());
    let (last, setup) = parts.split_last().ok_or_else(misfit)?;
    if setup.len() != script.setup.len() {
        return Err(misfit());
    }
    for ((position, text), part) in (1..).zip(&script.setup).zip(setup) {
        run_setup(scope, realm, &script.setup_name(position), text, part)?;
    }
    let (&shape, known) = last.split_first().ok_or_else(misfit)?;
    let shape = if shape == PLAIN { Shape::Plain } else { Shape::Asynchronous };
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let known = Some(v8::CachedData::new(known));
    let wrapper = compiled(scope, realm, script, shape, known, CompileOptions::ConsumeCodeCache)?;
    unwrapped(scope, realm, wrapper, shape)
}

fn run_setup(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    name: &str,
    text: &str,
    part: &[u8],
) -> Result<(), JsError> {
    let scope = &mut v8::HandleScope::new(scope);
    let scope = &mut v8::TryCatch::new(scope);
    let text = string(scope, text)?;
    let origin = origin(scope, name, 0)?;
    let mut source = Source::new_with_cached_data(text, Some(&origin), v8::CachedData::new(part));
    let (known, no_reason) = (CompileOptions::ConsumeCodeCache, NoCacheReason::NoReason);
    let Some(unbound) = compile_unbound_script(scope, &mut source, known, no_reason) else {
        return Err(syntax(scope, realm, text));
    };
    if source.get_cached_data().is_none_or(|known| known.rejected()) {
        return Err(JsError::Engine("V8 does not accept its own code cache of this script".to_owned()));
    }
    match unbound.bind_to_current_context(scope).run(scope) {
        Some(_) => Ok(()),
        None => Err(failure(scope, realm)),
    }
}
