//! Workers in processes of their own: an engine whose isolates live in children of this process.
//!
//! ```text
//! pool's worker thread ── Remote (isolate) ── Peer ══ socket ══ child::serve ── the engine's own isolate
//!                                │
//!                             Keeper: spawns, keeps a spare ready, takes back what is still good
//! ```
//!
//! To the pool a process is an isolate like any other, so queue, deadlines, restarts and reuse are the same code
//! as for threads. What differs: a call that ends with its process is [`JsError::Died`], and the interrupter,
//! which the pool uses at the outer deadline, is SIGKILL.

pub mod child;
mod keeper;
mod peer;
mod remote;
mod tail;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;

pub(crate) use self::peer::describe;
pub(crate) use self::tail::Tail;

use self::keeper::Keeper;
use self::remote::Remote;
use crate::engine::{Capabilities, EngineInfo, Isolate, JsEngine, JsError, Limits};

/// How to start a worker's process: a program that speaks the protocol on its standard input.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder it runs in; this process's own where there is none.
    pub folder: Option<PathBuf>,
    /// Whether it caps its own memory, as jsarena's worker does. That of any other is capped from here.
    pub caps_memory: bool,
}

/// An engine whose isolates live in child processes, one each.
///
/// Children are killed and reaped when it is dropped, and they die with this process whatever happens to it.
pub struct ProcessEngine {
    info: EngineInfo,
    keeper: Arc<Keeper>,
}

/// Isolates one process makes before it is replaced, so that what an engine leaks with each stays bounded.
const MOST_ISOLATES: u32 = 256;

impl ProcessEngine {
    /// Processes for an engine that is known already. Starts none yet.
    ///
    /// # Errors
    /// [`JsError::Engine`] when the system gives no thread.
    pub fn new(command: WorkerCommand, info: EngineInfo) -> Result<Self, JsError> {
        let info = EngineInfo { thread_stack: Self::STACK, ..info };
        Ok(Self { info, keeper: Arc::new(Keeper::start(command)?) })
    }

    /// Processes for whatever engine the program has. Starts the first, and asks it.
    ///
    /// # Errors
    /// [`JsError::Engine`] when the program does not start, or does not speak the protocol.
    pub fn ask(id: &str, command: WorkerCommand) -> Result<Self, JsError> {
        let keeper = Keeper::start(command)?;
        let welcome = keeper.ask()?;
        let info = EngineInfo {
            id: id.to_owned(),
            engine_version: welcome.engine_version,
            binding_version: welcome.binding_version,
            thread_stack: Self::STACK,
            capabilities: welcome.capabilities,
            notes: welcome.notes,
        };
        Ok(Self { info, keeper: Arc::new(keeper) })
    }

    /// Of the thread here, which waits and copies. The engine's own stack is in the child.
    const STACK: ByteSize = ByteSize::kib(512);
}

impl JsEngine for ProcessEngine {
    fn info(&self) -> EngineInfo {
        self.info.clone()
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        let peer = self.keeper.take(limits)?;
        Ok(Box::new(Remote::new(peer, Arc::clone(&self.keeper), self.info.capabilities.heap_stats)))
    }
}

/// Most memory that a process may take on top of what it holds when its isolate is made: twice the heap, for
/// collectors copy, and as much again as engines need beside it. Without a limit of the heap there is none.
fn memory_cap(limits: &Limits) -> Option<ByteSize> {
    limits.heap.map(|heap| ByteSize::b(heap.as_u64().saturating_mul(2)) + ByteSize::mib(128))
}

/// Growth of a process's memory, between two isolates or realms, at which it is replaced: far enough below the cap
/// that no innocent job meets that for what others have left.
fn worn_at(cap: ByteSize) -> ByteSize {
    ByteSize::b(cap.as_u64() / 4)
}

/// What a worker says of its engine in its greeting.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct WelcomedEngine {
    engine_version: String,
    #[serde(default)]
    binding_version: String,
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default)]
    notes: Vec<String>,
}

/// A worker's greeting.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Welcome {
    protocol: u32,
    engine: WelcomedEngine,
}

impl From<EngineInfo> for Welcome {
    fn from(info: EngineInfo) -> Self {
        let EngineInfo { engine_version, binding_version, capabilities, notes, .. } = info;
        let engine = WelcomedEngine { engine_version, binding_version, capabilities, notes };
        Self { protocol: super::wire::PROTOCOL, engine }
    }
}
