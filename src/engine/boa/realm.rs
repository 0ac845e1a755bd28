//! One realm: its global scope, the scripts loaded into it, and guest code at work in it.

use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Waker};

use boa_engine::builtins::error::Error;
use boa_engine::builtins::promise::PromiseState;
use boa_engine::error::JsNativeErrorKind;
use boa_engine::object::builtins::JsPromise;
use boa_engine::property::Attribute;
use boa_engine::{Context, JsObject, JsString, JsValue, Source, js_string};

use super::jobs::Jobs;
use super::json;
use crate::engine::{Deadline, JsError, Script, ScriptId};

/// Instructions, weighed by cost, between two looks at the clock: a fraction of a millisecond.
const BUDGET: u32 = 20_000;

/// More loop iterations in a second than this interpreter can run on any machine.
const ITERATIONS_PER_SECOND: f64 = 250e6;

/// The binding by which the calling script reaches its function and input. A constant in the scope that
/// scripts share, so that it is no property of the global object and cannot be replaced.
const SLOT: &str = "$jsarena";

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
    /// The script whose function the slot holds.
    in_slot: Option<ScriptId>,
}

impl Realm {
    /// Prepares the realm that the context is in for calls.
    pub fn furnish(context: &mut Context) -> Result<Self, JsError> {
        let failed = |error: boa_engine::JsError| JsError::Engine(error.to_string());
        let slot = JsObject::with_null_proto();
        let handed_over = js_string!(SLOT);
        context.register_global_property(handed_over, slot.clone(), Attribute::all()).map_err(failed)?;
        let bind = format!("const {SLOT} = globalThis.{SLOT}; delete globalThis.{SLOT};");
        // The property is configurable, so a constant may be declared over it; then it goes.
        context.eval(Source::from_bytes(&bind)).map_err(failed)?;
        let call = format!("(0, {SLOT}.f)({SLOT}.i)");
        let kernel = boa_engine::Script::parse(Source::from_bytes(&call), None, context).map_err(failed)?;
        let mut builtin = |path: &str| {
            let value = context.eval(Source::from_bytes(path)).map_err(failed)?;
            value.as_object().ok_or_else(|| JsError::Engine(format!("there is no {path}")))
        };
        let stringify = builtin("JSON.stringify")?;
        let source_of = builtin("Function.prototype.toString")?;
        Ok(Self { slot, kernel, stringify, source_of, scripts: Vec::new(), in_slot: None })
    }

    pub fn load(&mut self, script: &Script, guest: &mut Guest) -> Result<ScriptId, JsError> {
        for source in &script.setup {
            guest.evaluate_source(source, &script.name, source, 0)?;
            guest.run_jobs()?;
        }
        let plain = "function(input){";
        let function = if script.mentions_await() {
            let first = guest.compile(script, "async function(input){", &self.source_of);
            match first {
                Err(JsError::Syntax { .. }) => guest.compile(script, plain, &self.source_of).or(first),
                other => other,
            }
        } else {
            guest.compile(script, plain, &self.source_of)
        }?;
        let id = u32::try_from(self.scripts.len())
            .map_err(|_| JsError::Engine("more scripts than an isolate can number".to_owned()))?;
        self.scripts.push(function);
        Ok(ScriptId(id))
    }

    pub fn call(&mut self, script: ScriptId, input: &str, guest: &mut Guest) -> Result<String, JsError> {
        let function = self
            .scripts
            .get(script.0 as usize)
            .ok_or_else(|| JsError::Engine(format!("no script {} is loaded", script.0)))?;
        let input = json::parse(input, guest.context)
            .map_err(|wrong| JsError::Engine(format!("the input is not JSON: {wrong}")))?;
        if self.in_slot != Some(script) {
            guest.set(&self.slot, js_string!("f"), function.clone())?;
            self.in_slot = Some(script);
        }
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

/// Guest code at work under a deadline.
pub struct Guest<'a> {
    pub context: &'a mut Context,
    jobs: &'a Rc<Jobs>,
    stop: &'a AtomicBool,
    deadline: &'a Deadline,
    /// A call is stopped for good, once it is.
    stopped: bool,
    cut_off: bool,
}

impl<'a> Guest<'a> {
    pub fn new(
        context: &'a mut Context,
        jobs: &'a Rc<Jobs>,
        stop: &'a AtomicBool,
        deadline: &'a Deadline,
    ) -> Self {
        let iterations = deadline.remaining().as_secs_f64() * ITERATIONS_PER_SECOND;
        context.runtime_limits_mut().set_loop_iteration_limit(iterations as u64);
        Self { context, jobs, stop, deadline, stopped: false, cut_off: false }
    }

    /// Whether the call is over its deadline or was interrupted.
    pub fn must_stop(&mut self) -> bool {
        self.stopped = self.stopped || self.stop.load(Ordering::Relaxed) || self.deadline.has_passed();
        self.stopped
    }

    /// Whether an evaluation was left in the middle, and the context with it.
    pub fn was_cut_off(&self) -> bool {
        self.cut_off
    }

    fn timeout(&mut self) -> JsError {
        self.stopped = true;
        JsError::Timeout { ran: self.deadline.ran() }
    }

    /// Evaluates a script by the budget.
    fn evaluate(&mut self, script: &boa_engine::Script) -> Result<JsValue, JsError> {
        let (stop, deadline) = (self.stop, self.deadline);
        let done = {
            let mut evaluation = pin!(script.evaluate_async_with_budget(self.context, BUDGET));
            let mut waiting = task::Context::from_waker(Waker::noop());
            loop {
                match evaluation.as_mut().poll(&mut waiting) {
                    task::Poll::Ready(done) => break Some(done),
                    task::Poll::Pending if stop.load(Ordering::Relaxed) || deadline.has_passed() => {
                        break None;
                    }
                    task::Poll::Pending => {}
                }
            }
        };
        match done {
            Some(done) => done.map_err(|error| self.thrown(error)),
            None => {
                self.cut_off = true;
                Err(self.timeout())
            }
        }
    }

    /// Runs jobs until none is left or the call must stop.
    fn run_jobs(&mut self) -> Result<(), JsError> {
        while let Some(done) = self.jobs.run_next(self.context) {
            // Any other error is a rejection that nobody listens to.
            if let Err(error) = done
                && is_limit(&error)
            {
                return Err(self.thrown(error));
            }
            if self.must_stop() {
                return Err(self.timeout());
            }
        }
        self.context.clear_kept_objects();
        Ok(())
    }

    /// What a promise was settled with; any other value itself.
    fn settled(&mut self, value: JsValue) -> Result<JsValue, JsError> {
        let promise = value.as_object().and_then(|object| JsPromise::from_object(object.clone()).ok());
        match promise.map(|promise| promise.state()) {
            None => Ok(value),
            Some(PromiseState::Fulfilled(value)) => Ok(value),
            Some(PromiseState::Rejected(reason)) => {
                Err(self.thrown(boa_engine::JsError::from_opaque(reason)))
            }
            Some(PromiseState::Pending) => Err(JsError::InvalidResult(
                "the returned promise can never settle: it is pending and no job is left to run \
                 (or it recursed too deep after an await, which Boa does not tell)"
                    .to_owned(),
            )),
        }
    }

    fn stringify(&mut self, stringify: &JsObject, value: &JsValue) -> Result<String, JsError> {
        match stringify.call(&JsValue::undefined(), std::slice::from_ref(value), self.context) {
            Ok(json) => match json.as_string() {
                Some(json) => json.to_std_string().map_err(|error| JsError::Engine(error.to_string())),
                None => Err(JsError::InvalidResult(
                    match value {
                        value if value.is_undefined() => "the script returned undefined",
                        value if value.is_symbol() => "the script returned a symbol",
                        value if value.is_callable() => "the script returned a function",
                        _ => "toJSON of what the script returned gave nothing that JSON can hold",
                    }
                    .to_owned(),
                )),
            },
            Err(error) => Err(match self.thrown(error) {
                JsError::Exception { name, message, .. } => {
                    JsError::InvalidResult(format!("{name}: {message}"))
                }
                other => other,
            }),
        }
    }

    /// Makes a function of a body. The wrapper opens on the body's first line, so that the line numbers of
    /// stack traces are the guest's own. Boa's parser of function bodies stops at a stray `}` without a word,
    /// so what proves that the body did not close its wrapper is the function's source text.
    fn compile(&mut self, script: &Script, head: &str, source_of: &JsObject) -> Result<JsValue, JsError> {
        let wrapped = format!("{head}{}\n}}", script.body);
        let indent = head.len() as u32 + 1;
        let value = self.evaluate_source(&format!("({wrapped})"), &script.name, &script.body, indent)?;
        let is_whole = value.is_callable()
            && match source_of.call(&value, &[], self.context) {
                Ok(source) => source.as_string().is_some_and(|source| source == wrapped.as_str()),
                Err(error) => return Err(self.thrown(error)),
            };
        if is_whole {
            return Ok(value);
        }
        Err(JsError::Syntax {
            message: "the body closes the function it stands in".to_owned(),
            line: None,
            column: None,
        })
    }

    /// Evaluates a source in the global scope. `own` is the guest's part of it, which starts in column
    /// `indent` + 1 of the first line.
    fn evaluate_source(
        &mut self,
        source: &str,
        name: &str,
        own: &str,
        indent: u32,
    ) -> Result<JsValue, JsError> {
        let source = Source::from_reader(source.as_bytes(), Some(Path::new(name)));
        let script = boa_engine::Script::parse(source, None, self.context)
            .map_err(|error| syntax(error.as_native().map_or("", |error| error.message()), own, indent))?;
        self.evaluate(&script)
    }

    fn set(&mut self, object: &JsObject, key: JsString, value: JsValue) -> Result<(), JsError> {
        object.set(key, value, false, self.context).map(drop).map_err(|error| self.thrown(error))
    }

    /// What was thrown. Getters of an error are guest code, which the iteration limit stops.
    fn thrown(&mut self, error: boa_engine::JsError) -> JsError {
        if is_limit(&error) {
            return if error.to_string().contains("loop iteration") {
                self.timeout()
            } else {
                JsError::StackOverflow
            };
        }
        self.describe(error).unwrap_or_else(|limit| self.thrown(limit))
    }

    /// Name, message and stack; the limit that reading them exceeded, if it did.
    fn describe(&mut self, error: boa_engine::JsError) -> Result<JsError, boa_engine::JsError> {
        let value = error.to_opaque(self.context);
        let Some(object) = value.as_object().filter(|object| object.is::<Error>()) else {
            let message = self.text(&value)?;
            return Ok(JsError::Exception {
                name: "Thrown".to_owned(),
                message: message.unwrap_or_else(|| "a value that has no string form".to_owned()),
                stack: String::new(),
            });
        };
        let name = self.field(&object, js_string!("name"))?.unwrap_or_else(|| "Error".to_owned());
        let message = self.field(&object, js_string!("message"))?.unwrap_or_default();
        let stack = match self.field(&object, js_string!("stack"))? {
            Some(stack) => stack,
            None => backtrace(&error),
        };
        Ok(JsError::Exception { name, message, stack })
    }

    fn field(&mut self, error: &JsObject, field: JsString) -> Result<Option<String>, boa_engine::JsError> {
        match error.get(field, self.context) {
            Ok(value) if value.is_undefined() => Ok(None),
            Ok(value) => self.text(&value),
            Err(error) if is_limit(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The string form of a value, where it has one.
    fn text(&mut self, value: &JsValue) -> Result<Option<String>, boa_engine::JsError> {
        if let Some(symbol) = value.as_symbol() {
            return Ok(Some(symbol.descriptive_string().to_std_string_lossy()));
        }
        match value.to_string(self.context) {
            Ok(text) => Ok(Some(text.to_std_string_lossy())),
            Err(error) if is_limit(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Whether this is one of the engine's own limits, which no guest can throw.
fn is_limit(error: &boa_engine::JsError) -> bool {
    error.as_native().is_some_and(|error| matches!(error.kind, JsNativeErrorKind::RuntimeLimit))
}

/// The engine's own trace: it shows it to its host only, after the error's text.
fn backtrace(error: &boa_engine::JsError) -> String {
    let shown = error.to_string();
    let lines: Vec<_> = shown.lines().rev().take_while(|line| line.starts_with("    at ")).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A syntax error at its place in the guest's own text, which the engine tells in the message only.
fn syntax(message: &str, own: &str, indent: u32) -> JsError {
    let number_after = |word: &str| {
        let (_, rest) = message.rsplit_once(word)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    let lines = own.split('\n').count() as u32;
    let (line, column) = match (number_after("line "), number_after("col ")) {
        (Some(1), Some(column)) => (1, column.saturating_sub(indent).max(1)),
        (Some(line), Some(column)) if line <= lines => (line, column),
        // The source ended too early, or where the wrapper closes it.
        _ => (lines, own.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1),
    };
    JsError::Syntax { message: message.to_owned(), line: Some(line), column: Some(column) }
}
