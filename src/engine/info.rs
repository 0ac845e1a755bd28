//! What an engine is and can do, as `jsarena engines` shows it.

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an engine is: identity, versions and capabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EngineInfo {
    /// The name used on the command line and in records.
    pub id: String,
    /// The engine's own name and version, asked of the engine at run time where it publishes one.
    pub engine_version: String,
    /// The Rust binding's name and version.
    pub binding_version: String,
    /// Stack the thread that owns an isolate should have, in bytes.
    #[schemars(with = "u64")]
    #[serde(with = "plain_bytes")]
    pub thread_stack: ByteSize,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What a user should know, a sentence each: quirks, gaps, the choice of route.
    pub notes: Vec<String>,
}

impl EngineInfo {
    /// [`EngineInfo::thread_stack`] as threads are told it.
    pub fn stack_bytes(&self) -> usize {
        usize::try_from(self.thread_stack.as_u64()).unwrap_or(usize::MAX)
    }
}

/// What an engine can do. What it cannot is left to process isolation, not papered over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Capabilities {
    /// Whether and where the deadline stops running JavaScript.
    pub interruption: Interruption,
    /// Whether [`Limits::heap`](super::Limits::heap) is enforced by the engine.
    pub heap_limit: bool,
    /// Whether [`Isolate::heap`](super::Isolate::heap) gives figures.
    pub heap_stats: bool,
    /// Whether `reset` makes a new realm in the same isolate; otherwise it makes a new isolate.
    pub reset_in_place: bool,
    /// Compiles JavaScript to machine code.
    pub jit: bool,
    /// Has `WebAssembly`.
    pub wasm: bool,
    /// Has timers, so that a promise may wait on `setTimeout`.
    pub timers: bool,
}

/// Whether and where a deadline stops running JavaScript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interruption {
    /// Any JavaScript code is stopped: loops, callbacks of builtins, promise jobs, result conversion.
    Full,
    /// Some is: loops in the script's own functions. The engine's notes say what is not.
    Partial,
    /// None is.
    #[default]
    None,
}

mod plain_bytes {
    use bytesize::ByteSize;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &ByteSize, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(bytes.as_u64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ByteSize, D::Error> {
        u64::deserialize(from).map(ByteSize::b)
    }
}
