//! What both V8 engines say about themselves.

use ::deno_core::v8;
use bytesize::ByteSize;

use super::super::super::{Capabilities, EngineInfo, Interruption};

/// Their common part, with what is each one's own.
pub(in super::super) fn info(id: &str, binding_version: String, timers: bool, notes: &[&str]) -> EngineInfo {
    let shared = [
        "one builtin call over a huge array or text (indexOf, reverse, a sort of a sparse array, JSON.parse) is \
         stopped only when it returns",
        "a builtin that asks for more than a gigabyte of heap, or more than 2^27 elements, at once aborts the \
         process: isolate by process where that matters",
        "ArrayBuffers and WebAssembly memories lie outside the heap limit",
        "loop unrolling is off in V8's optimising compiler: with it, some endless loops heed no deadline",
        "V8 compiles and collects garbage on background threads that all isolates of the process share",
        "setup that goes into a start-up snapshot runs without WebAssembly, SharedArrayBuffer and the newest built-ins, \
         and must leave no object of Intl; freezing or filling in built-ins there ends the process",
    ];
    EngineInfo {
        id: id.to_owned(),
        engine_version: format!("V8 {}", v8::V8::get_version()),
        binding_version,
        // V8 takes 984 KiB for JavaScript whatever the thread has; the rest is for native code below it.
        thread_stack: ByteSize::mib(4),
        capabilities: Capabilities {
            interruption: Interruption::Full,
            heap_limit: true,
            heap_stats: true,
            reset_in_place: false,
            jit: true,
            wasm: true,
            timers,
        },
        notes: notes.iter().chain(&shared).map(|&note| note.to_owned()).collect(),
    }
}
