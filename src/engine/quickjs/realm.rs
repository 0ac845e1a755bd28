//! One realm: its global scope, the scripts loaded into it, and how values leave it.

use rquickjs::context::EvalOptions;
use rquickjs::function::This;
use rquickjs::{Coerced, Context, Ctx, Error, Function, Object, Persistent, Runtime, Type, Value};

use super::{Running, bytecode, engine_error};
use crate::engine::{JsError, Script, ScriptId};

/// The text by which the engine tells of a stack overflow; it has no other way.
const OVERFLOW: &str = "Maximum call stack size exceeded";

/// What a body is compiled behind.
const PLAIN: &str = "function(input){";
const ASYNC: &str = "async function(input){";

/// A global scope and what was loaded into it.
pub struct Realm {
    // Dropped in this order, values before the context they live in.
    scripts: Vec<Persistent<Function<'static>>>,
    /// Builtins as they were before any guest code could replace them.
    source_of: Persistent<Function<'static>>,
    well_formed: Persistent<Function<'static>>,
    context: Context,
}

impl Realm {
    pub fn new(runtime: &Runtime) -> Result<Self, JsError> {
        let context = Context::full(runtime).map_err(engine_error)?;
        let (source_of, well_formed) = context
            .with(|ctx| {
                let builtin = |path: &str| -> rquickjs::Result<_> {
                    Ok(Persistent::save(&ctx, ctx.eval::<Function, _>(path)?))
                };
                Ok((builtin("Function.prototype.toString")?, builtin("String.prototype.toWellFormed")?))
            })
            .map_err(engine_error)?;
        Ok(Self { scripts: Vec::new(), source_of, well_formed, context })
    }

    pub fn load(&mut self, script: &Script, running: &Running) -> Result<ScriptId, JsError> {
        let function = self.context.with(|ctx| {
            let guest = Guest { ctx: &ctx, realm: self, running };
            for source in &script.setup {
                guest.evaluate(source, &script.name, source, 0)?;
                guest.run_jobs()?;
            }
            Ok(Persistent::save(&ctx, guest.function(script)?.0))
        })?;
        self.keep(function)
    }

    /// The bytecode of each source: setup, then the body as it is compiled by [`Realm::load`].
    pub fn prepare(&self, script: &Script, running: &Running) -> Result<Vec<Vec<u8>>, JsError> {
        self.context.with(|ctx| {
            let guest = Guest { ctx: &ctx, realm: self, running };
            let mut parts = Vec::new();
            for source in &script.setup {
                parts.push(guest.bytecode(source, &script.name, source, 0)?);
            }
            let (_, head) = guest.function(script)?;
            let wrapped = wrapped(script, head);
            parts.push(guest.bytecode(&wrapped, &script.name, &script.body, head.len() + 1)?);
            Ok(parts)
        })
    }

    /// Loads what [`Realm::prepare`] gave.
    ///
    /// # Safety
    /// It gave these very parts, under the same version of the engine.
    pub unsafe fn load_prepared(
        &mut self,
        parts: &[Vec<u8>],
        running: &Running,
    ) -> Result<ScriptId, JsError> {
        let (body, setup) = parts
            .split_last()
            .ok_or_else(|| JsError::Engine("a prepared script without a body".to_owned()))?;
        let function = self.context.with(|ctx| {
            let guest = Guest { ctx: &ctx, realm: self, running };
            for part in setup {
                // SAFETY: by this function's own contract.
                unsafe { guest.run_bytecode(part)? };
                guest.run_jobs()?;
            }
            // SAFETY: the same.
            let function = unsafe { guest.run_bytecode(body)? }.into_function();
            let function = function
                .ok_or_else(|| JsError::Engine("a prepared script whose body is no function".to_owned()))?;
            Ok(Persistent::save(&ctx, function))
        })?;
        self.keep(function)
    }

    fn keep(&mut self, function: Persistent<Function<'static>>) -> Result<ScriptId, JsError> {
        let id = u32::try_from(self.scripts.len())
            .map_err(|_| JsError::Engine("more scripts than an isolate can number".to_owned()))?;
        self.scripts.push(function);
        Ok(ScriptId(id))
    }

    pub fn call(&self, script: ScriptId, input: &str, running: &Running) -> Result<String, JsError> {
        let function = self
            .scripts
            .get(script.0 as usize)
            .ok_or_else(|| JsError::Engine(format!("no script {} is loaded", script.0)))?;
        self.context.with(|ctx| {
            let guest = Guest { ctx: &ctx, realm: self, running };
            let function = function.clone().restore(&ctx).map_err(engine_error)?;
            let input = ctx.json_parse(input).map_err(|error| guest.refused_input(error))?;
            let value = function.call((input,)).map_err(|error| guest.thrown(error))?;
            guest.run_jobs()?;
            let json = guest.stringify(guest.settled(value)?)?;
            // What `toJSON` set going belongs to this call too.
            guest.run_jobs()?;
            Ok(json)
        })
    }
}

/// Guest code at work in a realm.
struct Guest<'a, 'js> {
    ctx: &'a Ctx<'js>,
    realm: &'a Realm,
    running: &'a Running,
}

impl<'js> Guest<'_, 'js> {
    /// Runs jobs until none is left or the call must stop.
    fn run_jobs(&self) -> Result<(), JsError> {
        while self.ctx.execute_pending_job() {
            if self.running.must_stop() {
                // Replaced by what the isolate makes of its own flags.
                return Err(JsError::Engine("stopped".to_owned()));
            }
        }
        Ok(())
    }

    /// What a promise was settled with; any other value itself.
    fn settled(&self, value: Value<'js>) -> Result<Value<'js>, JsError> {
        let Some(promise) = value.as_promise() else { return Ok(value) };
        match promise.result::<Value>() {
            Some(result) => result.map_err(|error| self.thrown(error)),
            None => Err(JsError::InvalidResult(
                "the returned promise can never settle: it is pending and no job is left to run".to_owned(),
            )),
        }
    }

    fn stringify(&self, value: Value<'js>) -> Result<String, JsError> {
        let kind = value.type_of();
        match self.ctx.json_stringify(value) {
            Ok(Some(json)) => json.to_string().map_err(engine_error),
            Ok(None) => Err(JsError::InvalidResult(match kind {
                Type::Undefined => "the script returned undefined".to_owned(),
                Type::Symbol => "the script returned a symbol".to_owned(),
                kind if kind.interpretable_as(Type::Function) => "the script returned a function".to_owned(),
                _ => "toJSON of what the script returned gave nothing that JSON can hold".to_owned(),
            })),
            Err(error) => Err(match self.thrown(error) {
                JsError::Exception { name, message, .. } => {
                    JsError::InvalidResult(format!("{name}: {message}"))
                }
                JsError::StackOverflow => JsError::InvalidResult("too deeply nested".to_owned()),
                other => other,
            }),
        }
    }

    /// The function of a script, and the head it was compiled with.
    fn function(&self, script: &Script) -> Result<(Function<'js>, &'static str), JsError> {
        let with = |head| Ok((self.compile(script, head)?, head));
        if !script.mentions_await() {
            return with(PLAIN);
        }
        match with(ASYNC) {
            first @ Err(JsError::Syntax { .. }) => with(PLAIN).or(first),
            other => other,
        }
    }

    /// Makes a function of a body. The wrapper opens on the body's first line, so that the line numbers of
    /// stack traces are the guest's own.
    fn compile(&self, script: &Script, head: &str) -> Result<Function<'js>, JsError> {
        let closed = || JsError::Syntax {
            message: "the body closes the function it stands in".to_owned(),
            line: None,
            column: None,
        };
        let wrapped = wrapped(script, head);
        let value = self.evaluate(&wrapped, &script.name, &script.body, head.len() + 1)?;
        let function = value.into_function().ok_or_else(closed)?;
        let source_of = self.realm.source_of.clone().restore(self.ctx).map_err(engine_error)?;
        let source: String = source_of.call((This(function.clone()),)).map_err(|error| self.thrown(error))?;
        if wrapped != format!("({source})") {
            return Err(closed());
        }
        Ok(function)
    }

    /// Evaluates a source in the global scope, in sloppy mode. `own` is the guest's part of it, which starts
    /// in column `indent` + 1 of the first line.
    fn evaluate(&self, source: &str, name: &str, own: &str, indent: usize) -> Result<Value<'js>, JsError> {
        let name = shown(name);
        let mut options = EvalOptions::default();
        options.strict = false;
        options.filename = Some(name.clone());
        let value = self.ctx.eval_with_options(source, options);
        value.map_err(|error| self.misplaced(error, &name, own, indent))
    }

    /// The bytecode of a source that [`Guest::evaluate`] would evaluate.
    fn bytecode(&self, source: &str, name: &str, own: &str, indent: usize) -> Result<Vec<u8>, JsError> {
        let name = shown(name);
        bytecode::write(self.ctx, source, &name).map_err(|error| self.misplaced(error, &name, own, indent))
    }

    /// # Safety
    /// That of [`bytecode::run`].
    unsafe fn run_bytecode(&self, part: &[u8]) -> Result<Value<'js>, JsError> {
        // SAFETY: by this function's own contract.
        unsafe { bytecode::run(self.ctx, part) }.map_err(|error| self.thrown(error))
    }

    /// Why a source called `name` was not evaluated, with the place in the guest's own part of it.
    fn misplaced(&self, error: Error, name: &str, own: &str, indent: usize) -> JsError {
        match error {
            Error::InvalidString(_) => JsError::Syntax {
                message: "the source holds a NUL character".to_owned(),
                line: None,
                column: None,
            },
            error => match self.thrown(error) {
                JsError::Exception { name: kind, message, stack } if kind == "SyntaxError" => {
                    match place_in(&stack, name) {
                        Some(place) => {
                            let (line, column) = own_place(place, own, indent);
                            JsError::Syntax { message, line: Some(line), column: Some(column) }
                        }
                        None => JsError::Exception { name: kind, message, stack },
                    }
                }
                other => other,
            },
        }
    }

    fn refused_input(&self, error: Error) -> JsError {
        match error {
            Error::InvalidString(_) => JsError::Engine("the input is not JSON: it holds a NUL".to_owned()),
            error => match self.thrown(error) {
                JsError::Exception { message, .. } => {
                    JsError::Engine(format!("the input is not JSON: {message}"))
                }
                other => other,
            },
        }
    }

    /// What was thrown, read under the same deadline: getters of an error are guest code.
    fn thrown(&self, error: Error) -> JsError {
        if !error.is_exception() {
            return engine_error(error);
        }
        let value = self.ctx.catch();
        let Some(error) = value.as_object().filter(|object| object.is_error()) else {
            return JsError::Exception {
                name: "Thrown".to_owned(),
                message: self.text(value).unwrap_or_else(|| "a value that has no string form".to_owned()),
                stack: String::new(),
            };
        };
        let name = self.field(error, "name").unwrap_or_else(|| "Error".to_owned());
        let message = self.field(error, "message").unwrap_or_default();
        if name == "RangeError" && message == OVERFLOW {
            return JsError::StackOverflow;
        }
        JsError::Exception { name, message, stack: self.field(error, "stack").unwrap_or_default() }
    }

    fn field(&self, error: &Object<'js>, field: &str) -> Option<String> {
        match error.get::<_, Value>(field) {
            Ok(value) if value.is_undefined() => None,
            Ok(value) => self.text(value),
            Err(_) => {
                self.ctx.catch();
                None
            }
        }
    }

    /// The string form of a value, where it has one.
    fn text(&self, value: Value<'js>) -> Option<String> {
        if let Some(symbol) = value.as_symbol() {
            let description = symbol.description().ok().filter(|value| !value.is_undefined());
            let description = description.and_then(|value| self.text(value)).unwrap_or_default();
            return Some(format!("Symbol({description})"));
        }
        let Ok(Coerced(string)) = value.get::<Coerced<rquickjs::String>>() else {
            self.ctx.catch();
            return None;
        };
        // Only a string with a lone surrogate has no UTF-8 form.
        string.to_string().ok().or_else(|| {
            let well_formed = self.realm.well_formed.clone().restore(self.ctx).ok()?;
            well_formed.call((This(string),)).ok()
        })
    }
}

/// A body in the function that it is compiled as.
fn wrapped(script: &Script, head: &str) -> String {
    format!("({head}{}\n}})", script.body)
}

/// A script's name as stack traces show it.
fn shown(name: &str) -> String {
    name.replace(|c: char| c.is_control(), " ")
}

/// Line and column if the stack's first entry is the source itself and no function in it: then the source
/// did not parse. An error thrown while it ran (by `eval`, say) starts with a function.
fn place_in(stack: &str, name: &str) -> Option<(u32, u32)> {
    let place = stack.lines().next()?.trim_start().strip_prefix("at ")?.strip_prefix(name)?;
    let (line, column) = place.strip_prefix(':')?.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// A place in the wrapped source as one in the guest's own text, at most its end.
fn own_place((line, column): (u32, u32), own: &str, indent: usize) -> (u32, u32) {
    let column = if line == 1 { column.saturating_sub(indent as u32).max(1) } else { column };
    let lines = own.split('\n').count() as u32;
    if line <= lines {
        return (line, column);
    }
    let last = own.rsplit('\n').next().unwrap_or_default();
    (lines, last.chars().count() as u32 + 1)
}
