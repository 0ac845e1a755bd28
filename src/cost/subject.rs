//! What is measured: an engine on a workload.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use crate::engine::{Deadline, Isolate, JsEngine, JsError, Limits, ScriptId};
use crate::workload::Workload;

/// An engine on a workload.
pub struct Subject {
    /// The engine.
    pub engine: Arc<dyn JsEngine>,
    /// The workload.
    pub workload: Workload,
    /// What its isolates may use.
    pub limits: Limits,
    /// Time for each load and each call.
    pub allowed: Duration,
}

impl Subject {
    /// What `work` gives on a thread that has the stack which the engine asks for.
    pub(super) fn on_thread<T: Send>(
        &self,
        work: impl FnOnce(&Self) -> anyhow::Result<T> + Send,
    ) -> anyhow::Result<T> {
        thread::scope(|scope| {
            let thread = self.thread()?.spawn_scoped(scope, || work(self)).context("a thread")?;
            thread.join().unwrap_or_else(|_| Err(anyhow!("a panic ended the isolate's thread")))
        })
    }

    /// A thread in the making, fit to own an isolate.
    pub(super) fn thread(&self) -> anyhow::Result<thread::Builder> {
        let stack = self.engine.info().stack_bytes();
        Ok(thread::Builder::new().name("jsarena-isolate".to_owned()).stack_size(stack))
    }

    /// An isolate with the workload loaded.
    pub(super) fn loaded(&self) -> anyhow::Result<(Box<dyn Isolate>, ScriptId)> {
        let mut isolate = self.engine.create(&self.limits)?;
        let script = isolate.load(&self.workload.script, &self.deadline())?;
        Ok((isolate, script))
    }

    /// Calls the workload's script, and leaves its answer to be checked.
    pub(super) fn call(&self, isolate: &mut dyn Isolate, script: ScriptId) -> Result<String, JsError> {
        isolate.call(script, &self.workload.input, &self.deadline())
    }

    /// Calls it and checks the answer.
    pub(super) fn answer(&self, isolate: &mut dyn Isolate, script: ScriptId) -> anyhow::Result<()> {
        self.check(&self.call(isolate, script)?)
    }

    /// Whether an answer is right.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, answer: &str) -> anyhow::Result<()> {
        match self.workload.expected.explain(answer) {
            None => Ok(()),
            Some(why) => bail!("wrong answer: {why}"),
        }
    }

    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.allowed)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::Script;
    use crate::engine::fake::Fake;
    use crate::workload::{Expected, select};

    /// The fake engine on a script of its own, which is to answer 2.
    pub fn subject(body: &str) -> Subject {
        let mut workload = select(&["seed/one-plus-one".to_owned()]).unwrap().remove(0);
        workload.script = Arc::new(Script::new("t", body));
        workload.expected = Expected::new("2", 0.0).unwrap();
        let limits = Limits { heap: Some(bytesize::ByteSize::mib(1)), ..Limits::default() };
        Subject { engine: Arc::new(Fake::default()), workload, limits, allowed: Duration::from_secs(20) }
    }
}
