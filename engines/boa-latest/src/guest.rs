//! Guest code at work under a deadline.
//!
//! Boa has no interrupt. The one way to regain control is its budgeted evaluation of a *script*, which yields
//! after so many instructions; functions called by builtins (`map`, `sort`, getters, `toJSON`) and promise
//! jobs run outside that budget. For those there is a late stop: the limit on loop iterations per function
//! call is set to more than any interpreter could run before the deadline.

use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::task::{self, Waker};

use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsError, JsObject, JsString, JsValue, Source};

use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::jobs::Jobs;
use crate::thrown;

/// Instructions, weighed by cost, between two looks at the clock: a fraction of a millisecond.
const BUDGET: u32 = 20_000;

/// More loop iterations in a second than this interpreter can run on any machine.
const ITERATIONS_PER_SECOND: f64 = 250e6;

/// The context, for the time of one request.
pub struct Guest<'a> {
    pub context: &'a mut Context,
    jobs: &'a Rc<Jobs>,
    deadline: Deadline,
    broken: bool,
}

impl<'a> Guest<'a> {
    pub fn new(context: &'a mut Context, jobs: &'a Rc<Jobs>, deadline: Deadline) -> Self {
        let iterations = deadline.remaining().as_secs_f64() * ITERATIONS_PER_SECOND;
        context.runtime_limits_mut().set_loop_iteration_limit(iterations as u64);
        Self { context, jobs, deadline, broken: false }
    }

    /// Whether an evaluation was left in the middle, and its frames with it, or the engine said that it had
    /// met what it thought impossible.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Evaluates a script by the budget.
    pub fn evaluate(&mut self, script: &boa_engine::Script) -> Result<JsValue, Fault> {
        let done = {
            let mut evaluation = pin!(script.evaluate_async_with_budget(self.context, BUDGET));
            let mut waiting = task::Context::from_waker(Waker::noop());
            loop {
                match evaluation.as_mut().poll(&mut waiting) {
                    task::Poll::Ready(done) => break Some(done),
                    task::Poll::Pending if self.deadline.has_passed() => break None,
                    task::Poll::Pending => {}
                }
            }
        };
        match done {
            Some(done) => done.map_err(|error| self.fault(error)),
            None => {
                self.broken = true;
                Err(Fault::Timeout)
            }
        }
    }

    /// Evaluates a source in the global scope. `own` is the guest's part of it, which starts in column
    /// `indent` + 1 of the first line.
    pub fn evaluate_source(
        &mut self,
        source: &str,
        name: &str,
        own: &str,
        indent: u32,
    ) -> Result<JsValue, Fault> {
        let source = Source::from_reader(source.as_bytes(), Some(Path::new(name)));
        let script = boa_engine::Script::parse(source, None, self.context).map_err(|error| {
            thrown::syntax(error.as_native().map_or("", |error| error.message()), own, indent)
        })?;
        self.evaluate(&script)
    }

    /// Makes a function of a body. The head opens on the body's first line, so that the line numbers of stack
    /// traces are the guest's own. Boa's parser of function bodies stops at a stray `}` without a word, so
    /// what proves that the body did not close its function is the function's source text.
    pub fn compile(
        &mut self,
        name: &str,
        body: &str,
        head: &str,
        source_of: &JsObject,
    ) -> Result<JsValue, Fault> {
        let wrapped = format!("{head}{body}\n}}");
        let indent = head.len() as u32 + 1;
        let value = self.evaluate_source(&format!("({wrapped})"), name, body, indent)?;
        let is_whole = value.is_callable()
            && match source_of.call(&value, &[], self.context) {
                Ok(source) => source.as_string().is_some_and(|source| source == wrapped.as_str()),
                Err(error) => return Err(self.fault(error)),
            };
        if is_whole {
            return Ok(value);
        }
        let message = "the body closes the function it stands in".to_owned();
        Err(Fault::Syntax { message, line: None, column: None })
    }

    /// Runs jobs until none is left or the time is up.
    pub fn run_jobs(&mut self) -> Result<(), Fault> {
        while let Some(done) = self.jobs.run_next(self.context) {
            // Any other error is a rejection that nobody listens to.
            if let Err(error) = done
                && error.as_engine().is_some()
            {
                return Err(self.fault(error));
            }
            if self.deadline.has_passed() {
                return Err(Fault::Timeout);
            }
        }
        self.context.clear_kept_objects();
        Ok(())
    }

    /// What a promise was settled with; any other value itself.
    pub fn settled(&mut self, value: JsValue) -> Result<JsValue, Fault> {
        let promise = value.as_object().and_then(|object| JsPromise::from_object(object.clone()).ok());
        match promise.map(|promise| promise.state()) {
            None => Ok(value),
            Some(PromiseState::Fulfilled(value)) => Ok(value),
            Some(PromiseState::Rejected(reason)) => Err(self.fault(JsError::from_opaque(reason))),
            Some(PromiseState::Pending) => Err(Fault::invalid(
                "the returned promise can never settle: it is pending and no job is left to run \
                 (or it recursed too deep after an await, which Boa does not tell)",
            )),
        }
    }

    /// JSON text of an answer.
    pub fn stringify(&mut self, stringify: &JsObject, value: &JsValue) -> Result<String, Fault> {
        match stringify.call(&JsValue::undefined(), std::slice::from_ref(value), self.context) {
            Ok(json) => match json.as_string() {
                Some(json) => json.to_std_string().map_err(Fault::engine),
                None => Err(Fault::invalid(match value {
                    value if value.is_undefined() => "the script returned undefined",
                    value if value.is_symbol() => "the script returned a symbol",
                    value if value.is_callable() => "the script returned a function",
                    _ => "toJSON of what the script returned gave nothing that JSON can hold",
                })),
            },
            Err(error) => Err(match self.fault(error) {
                Fault::Exception { name, message, .. } => Fault::invalid(format!("{name}: {message}")),
                other => other,
            }),
        }
    }

    /// Sets a property of an object that no guest has.
    pub fn set(&mut self, object: &JsObject, key: JsString, value: JsValue) -> Result<(), Fault> {
        object.set(key, value, false, self.context).map(drop).map_err(|error| self.fault(error))
    }

    fn fault(&mut self, error: JsError) -> Fault {
        self.broken |= thrown::is_engine_panic(&error);
        thrown::fault(error, self.context)
    }
}
