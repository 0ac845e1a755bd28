//! One realm: its global scope and the scripts loaded into it.

use boa_engine::property::Attribute;
use boa_engine::{Context, JsObject, JsValue, Source, js_string};
use serde::Deserialize;

use crate::fault::Fault;
use crate::guest::Guest;
use crate::json;

/// The binding by which the calling script reaches its function and input. A constant in the scope that
/// scripts share, so that it is no property of the global object and cannot be replaced.
const SLOT: &str = "$jsarena";

/// What *load* brings.
#[derive(Debug, Deserialize)]
pub struct Script {
    pub name: String,
    pub body: String,
    #[serde(default)]
    pub setup: Vec<String>,
}

impl Script {
    /// Whether the word `await` stands in the body, so that it may need to be an async function.
    fn mentions_await(&self) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let mut parts = self.body.split("await").peekable();
        while let Some(before) = parts.next() {
            let Some(after) = parts.peek() else { break };
            if !before.ends_with(part_of_word) && !after.starts_with(part_of_word) {
                return true;
            }
        }
        false
    }
}

/// A global scope and what was loaded into it.
pub struct Realm {
    /// Holds the function to call and its input.
    slot: JsObject,
    /// Calls what the slot holds.
    kernel: boa_engine::Script,
    /// Builtins as they were before any guest code could replace them.
    stringify: JsObject,
    source_of: JsObject,
    scripts: Vec<JsValue>,
}

impl Realm {
    /// Prepares the realm that the context is in for calls.
    ///
    /// # Errors
    /// [`Fault::Engine`].
    pub fn furnish(context: &mut Context) -> Result<Self, Fault> {
        let slot = JsObject::with_null_proto();
        context
            .register_global_property(js_string!(SLOT), slot.clone(), Attribute::all())
            .map_err(Fault::engine)?;
        // The property is configurable, so a constant may be declared over it; then it goes.
        let bind = format!("const {SLOT} = globalThis.{SLOT}; delete globalThis.{SLOT};");
        context.eval(Source::from_bytes(&bind)).map_err(Fault::engine)?;
        let call = format!("(0, {SLOT}.f)({SLOT}.i)");
        let kernel =
            boa_engine::Script::parse(Source::from_bytes(&call), None, context).map_err(Fault::engine)?;
        let mut builtin = |path: &str| {
            let value = context.eval(Source::from_bytes(path)).map_err(Fault::engine)?;
            value.as_object().ok_or_else(|| Fault::engine(format!("there is no {path}")))
        };
        let stringify = builtin("JSON.stringify")?;
        let source_of = builtin("Function.prototype.toString")?;
        Ok(Self { slot, kernel, stringify, source_of, scripts: Vec::new() })
    }

    /// Runs setup and compiles the body; gives the script's number.
    pub fn load(&mut self, script: &Script, guest: &mut Guest) -> Result<u32, Fault> {
        for source in &script.setup {
            guest.evaluate_source(source, &script.name, source, 0)?;
            guest.run_jobs()?;
        }
        let function = self.compile(script, guest)?;
        let id = u32::try_from(self.scripts.len()).map_err(Fault::engine)?;
        self.scripts.push(function);
        Ok(id)
    }

    /// In sloppy code `await` may also be a plain name.
    fn compile(&self, script: &Script, guest: &mut Guest) -> Result<JsValue, Fault> {
        let mut compile = |head| guest.compile(&script.name, &script.body, head, &self.source_of);
        if !script.mentions_await() {
            return compile("function(input){");
        }
        match compile("async function(input){") {
            first @ Err(Fault::Syntax { .. }) => compile("function(input){").or(first),
            other => other,
        }
    }

    /// The script's answer to `input`, both JSON text.
    pub fn call(&mut self, script: u32, input: &str, guest: &mut Guest) -> Result<String, Fault> {
        let function = self
            .scripts
            .get(script as usize)
            .ok_or_else(|| Fault::engine(format!("no script {script} is loaded")))?;
        let input = json::parse(input, guest.context)
            .map_err(|wrong| Fault::engine(format!("the input is not JSON: {wrong}")))?;
        guest.set(&self.slot, js_string!("f"), function.clone())?;
        guest.set(&self.slot, js_string!("i"), input)?;
        let value = guest.evaluate(&self.kernel)?;
        guest.run_jobs()?;
        let value = guest.settled(value)?;
        let json = guest.stringify(&self.stringify, &value)?;
        // What `toJSON` set going belongs to this call too.
        guest.run_jobs()?;
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn await_is_seen_as_a_word_only() {
        let check = |body: &str, expected: bool| {
            let script = Script { name: String::new(), body: body.to_owned(), setup: Vec::new() };
            assert_eq!(script.mentions_await(), expected, "{body}");
        };
        check("await", true);
        check("return await(p)", true);
        check("let awaiting = await p", true);
        check("return 1+1", false);
        check("let awaiting = 1; return $await + _await", false);
    }
}
