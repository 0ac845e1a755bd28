//! What a worker runs jobs on: its isolate, the scripts loaded into it, and when it gets a new one.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::Arc;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::engine::{Deadline, Interrupter, Isolate, JsEngine, JsError, Limits, Script, ScriptId};

/// What the next job of a worker finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// The same globals: fastest, for scripts that trust each other.
    Keep,
    /// A new realm in the same isolate.
    Reset,
    /// A new isolate.
    Fresh,
    /// Whatever the server behind a URL leaves; nobody here knows.
    Unknown,
}

impl Reuse {
    /// All that a pool can be told, least separating first.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Reset, Self::Fresh];

    /// The name on the command line and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Reset => "reset",
            Self::Fresh => "fresh",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Reuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Reuse {
    type Err = UnknownReuse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reuse| reuse.as_str() == text)
            .ok_or_else(|| UnknownReuse(text.to_owned()))
    }
}

/// A name that is no reuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown reuse `{0}` (known: keep, reset, fresh)")]
pub struct UnknownReuse(String);

/// When an isolate is replaced for its age or size, whatever the reuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recycle {
    /// After this many jobs.
    pub after_jobs: Option<u64>,
    /// Once its heap holds this much; looked at every [`Recycle::HEAP_LOOK`] jobs, as looking may walk it.
    pub above_heap: Option<ByteSize>,
}

impl Recycle {
    /// Jobs between two looks at the heap.
    pub const HEAP_LOOK: u64 = 64;
}

/// Scripts one isolate holds before it is replaced, and their source in all: engines cannot unload one, and a server
/// gets ever new ones.
const MOST_SCRIPTS: usize = 1024;
const MOST_SOURCE: ByteSize = ByteSize::mib(16);

/// What a session is made of; crosses to the thread that will own it.
#[derive(Clone)]
pub(super) struct SessionConfig {
    pub engine: Arc<dyn JsEngine>,
    pub limits: Limits,
    pub reuse: Reuse,
    pub recycle: Recycle,
}

/// An isolate in use: made, called and dropped on one thread.
pub(super) struct Session {
    config: SessionConfig,
    isolate: Option<Live>,
}

struct Live {
    isolate: Box<dyn Isolate>,
    interrupter: Option<Interrupter>,
    /// Keyed by address: the script is kept alive beside it, so no other can get that address.
    loaded: HashMap<*const Script, (Arc<Script>, ScriptId)>,
    /// Bytes of source of all of them.
    source: usize,
    jobs: u64,
}

impl Live {
    /// Whether it holds as many scripts as one isolate may.
    fn is_full(&self) -> bool {
        self.loaded.len() >= MOST_SCRIPTS || self.source as u64 >= MOST_SOURCE.as_u64()
    }
}

/// How a call left its session.
pub(super) struct Ended {
    /// The job's outcome.
    pub outcome: Outcome,
    /// What is left to run the next one on.
    pub fate: Fate,
}

/// What a call left of the worker that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It can go on, once the session is renewed.
    Fit,
    /// A panic went through the engine: neither isolate nor thread is to be trusted.
    Panicked,
    /// The process that held the isolate is gone.
    Died,
}

impl Session {
    pub fn new(config: SessionConfig) -> Self {
        Self { config, isolate: None }
    }

    /// Makes the isolate if there is none, so that the next job does not wait for it.
    pub fn prepare(&mut self) -> Result<(), JsError> {
        self.live().map(|_| ())
    }

    /// Runs one job. Never unwinds.
    pub fn run(&mut self, script: &Arc<Script>, input: &str, deadline: &Deadline) -> Ended {
        match catch_unwind(AssertUnwindSafe(|| self.call(script, input, deadline))) {
            Ok(result) => {
                let fate = if matches!(result, Err(JsError::Died(_))) { Fate::Died } else { Fate::Fit };
                Ended { outcome: result.into(), fate }
            }
            Err(payload) => {
                self.discard();
                Ended { outcome: Outcome::Panic(panic_message(payload.as_ref())), fate: Fate::Panicked }
            }
        }
    }

    fn call(&mut self, script: &Arc<Script>, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        let live = self.live()?;
        live.jobs += 1;
        let id = match live.loaded.get(&Arc::as_ptr(script)) {
            Some((_, id)) => *id,
            None => {
                let id = live.isolate.load(script, deadline)?;
                live.loaded.insert(Arc::as_ptr(script), (Arc::clone(script), id));
                live.source += script.source_bytes();
                id
            }
        };
        live.isolate.call(id, input, deadline)
    }

    /// Makes the session fit for its next job, between jobs. Says whether a new isolate had to be made for
    /// another reason than [`Reuse::Fresh`].
    pub fn renew(&mut self) -> Result<bool, JsError> {
        let Some(live) = &mut self.isolate else {
            self.prepare()?;
            return Ok(true);
        };
        let mut worn_out = live.isolate.is_spent()
            || live.is_full()
            || self.config.recycle.after_jobs.is_some_and(|most| live.jobs >= most)
            || self.config.recycle.above_heap.is_some_and(|most| {
                live.jobs.is_multiple_of(Recycle::HEAP_LOOK)
                    && live.isolate.heap().is_some_and(|heap| heap.used > most)
            });
        if !worn_out && self.config.reuse == Reuse::Reset {
            live.loaded.clear();
            live.source = 0;
            live.isolate.reset()?;
            // It may have noticed what it holds.
            worn_out = live.isolate.is_spent();
        }
        if worn_out || self.config.reuse == Reuse::Fresh {
            self.discard();
            self.prepare()?;
        }
        Ok(worn_out)
    }

    /// Bytes that the isolate's heap holds, where there is one and its engine tells.
    pub fn heap_bytes(&mut self) -> u64 {
        let heap = self.isolate.as_mut().and_then(|live| live.isolate.heap());
        heap.map_or(0, |heap| heap.used.as_u64())
    }

    /// Drops the isolate. A panic of its destructor goes no further.
    pub fn discard(&mut self) {
        let isolate = self.isolate.take();
        if catch_unwind(AssertUnwindSafe(|| drop(isolate))).is_err() {
            tracing::warn!(engine = self.config.engine.info().id, "an isolate panicked while it was dropped");
        }
    }

    /// What stops the isolate's call in progress, where there is an isolate and its engine has a way.
    pub fn interrupter(&self) -> Option<Interrupter> {
        self.isolate.as_ref()?.interrupter.clone()
    }

    fn live(&mut self) -> Result<&mut Live, JsError> {
        if self.isolate.is_none() {
            let isolate = self.config.engine.create(&self.config.limits)?;
            let interrupter = isolate.interrupter();
            self.isolate = Some(Live { isolate, interrupter, loaded: HashMap::new(), source: 0, jobs: 0 });
        }
        self.isolate.as_mut().ok_or_else(|| JsError::Engine("the isolate went away".to_owned()))
    }
}

/// What a panic said, if it said it in text.
pub(super) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
