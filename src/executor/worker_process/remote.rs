//! An isolate that lives in a child process.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::keeper::Keeper;
use super::peer::{Failure, Peer};
use crate::engine::{Deadline, HeapStats, Interrupter, Isolate, JsError, Script, ScriptId};
use crate::executor::wire::{self, Fault, Frame, Heap, Kind};

pub(super) struct Remote {
    /// Taken when it is dropped.
    peer: Option<Peer>,
    keeper: Arc<Keeper>,
    has_heap_stats: bool,
    spent: bool,
    state: Arc<AtomicU8>,
}

/// No guest's code runs: there is nothing to interrupt.
const IDLE: u8 = 0;
/// A call is in progress.
const RUNNING: u8 = 1;
/// The interrupter killed the process under a call.
const KILLED: u8 = 2;

/// A script that was stopped after so long costs its process too: the spare is quicker at hand than a heap full
/// of what it made is given back. After less than that, another process would be the greater cost.
const WORTH_A_PROCESS: Duration = Duration::from_millis(100);

impl Remote {
    pub fn new(peer: Peer, keeper: Arc<Keeper>, has_heap_stats: bool) -> Self {
        Self { peer: Some(peer), keeper, has_heap_stats, spent: false, state: Arc::default() }
    }

    fn peer(&mut self) -> Result<&mut Peer, JsError> {
        self.peer.as_mut().ok_or_else(|| JsError::Engine("the isolate went away".to_owned()))
    }

    /// Runs guest code over there. The deadline is kept there too: here nothing is timed.
    fn run(&mut self, kind: Kind, parts: &[&[u8]], deadline: &Deadline) -> Result<Frame, JsError> {
        self.state.store(RUNNING, Ordering::SeqCst);
        let reply = self.peer()?.request(kind, parts);
        let killed = self.state.compare_exchange(RUNNING, IDLE, Ordering::SeqCst, Ordering::SeqCst).is_err();
        self.spent |= killed;
        match reply {
            Ok(frame) => {
                self.spent |= frame.spent;
                Ok(frame)
            }
            Err(Failure::Fault { fault: Fault::Panic { message }, .. }) => {
                self.spent = true;
                // It goes on here as it would have gone on there, where the panic hook has had its say.
                resume_unwind(Box::new(message))
            }
            Err(Failure::Fault { fault, spent }) => {
                let ran = deadline.ran();
                self.spent |= spent || (fault == Fault::Timeout && ran >= WORTH_A_PROCESS);
                Err(fault.into_error(ran))
            }
            Err(Failure::Broken(error)) => {
                self.spent = true;
                let how = self.peer()?.end(&error);
                Err(if killed { JsError::Timeout { ran: deadline.ran() } } else { JsError::Died(how) })
            }
        }
    }
}

impl Isolate for Remote {
    fn load(&mut self, script: &Script, deadline: &Deadline) -> Result<ScriptId, JsError> {
        let text = serde_json::to_vec(script).map_err(|error| JsError::Engine(error.to_string()))?;
        let frame = self.run(Kind::Load, &[&wire::micros(deadline.remaining()), &text], deadline)?;
        let id = frame.u32_at(0).map_err(|error| {
            self.spent = true;
            JsError::Engine(error.to_string())
        })?;
        Ok(ScriptId(id))
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        let allowed = wire::micros(deadline.remaining());
        let parts = [&script.0.to_le_bytes()[..], &allowed, input.as_bytes()];
        let frame = self.run(Kind::Call, &parts, deadline)?;
        frame.text().map_err(|error| JsError::InvalidResult(error.to_string()))
    }

    fn reset(&mut self) -> Result<(), JsError> {
        let reset = self.peer()?.ask(Kind::Reset);
        self.spent |= !matches!(&reset, Ok(frame) if !frame.spent);
        reset.map(|_| ())
    }

    fn heap(&mut self) -> Option<HeapStats> {
        if !self.has_heap_stats || self.spent {
            return None;
        }
        let asked = self.peer().ok()?.ask(Kind::Heap);
        let frame = asked.inspect_err(|_| self.spent = true).ok()?;
        frame.json::<Option<Heap>>().ok()?.map(Into::into)
    }

    /// Kills the process, which is what the pool wants of a worker that it has given up.
    fn interrupter(&self) -> Option<Interrupter> {
        let (process, state) = (Arc::clone(&self.peer.as_ref()?.process), Arc::clone(&self.state));
        Some(Interrupter::new(move || {
            if state.compare_exchange(RUNNING, KILLED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                process.kill();
            }
        }))
    }

    fn is_spent(&self) -> bool {
        self.spent
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(peer) = self.peer.take() {
            if self.spent {
                self.keeper.bury(peer);
            } else {
                self.keeper.take_back(peer);
            }
        }
    }
}
