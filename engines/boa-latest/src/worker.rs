//! One request after the other, each with its reply.

use std::any::Any;
use std::io;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};

use serde::Deserialize;
use serde_json::json;

use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::isolate::Isolate;
use crate::wire::{self, Frame};

/// Serves the host until it hangs up.
///
/// # Errors
/// What the socket says.
pub fn serve(mut socket: UnixStream) -> io::Result<()> {
    let mut worker = Worker { isolate: None, most_bytes: u32::MAX as usize };
    while let Some(request) = wire::read(&mut socket)? {
        // What a panic leaves behind is not used again: the host drops this worker.
        let done = panic::catch_unwind(AssertUnwindSafe(|| worker.answer(&request)));
        let panicked = done.is_err();
        let answer = done.unwrap_or_else(|panic| Err(Fault::Panic { message: message_of(&*panic) }));
        let spent = panicked || worker.isolate.as_ref().is_some_and(Isolate::is_spent);
        match answer {
            Ok(body) => wire::write(&mut socket, request.kind, spent, &body)?,
            Err(fault) => wire::write(&mut socket, wire::ERROR, spent, &serde_json::to_vec(&fault)?)?,
        }
    }
    Ok(())
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    message.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

struct Worker {
    isolate: Option<Isolate>,
    /// Longest body that the host takes.
    most_bytes: usize,
}

#[derive(Deserialize)]
struct Hello {
    max_body: u32,
}

impl Worker {
    fn answer(&mut self, request: &Frame) -> Result<Vec<u8>, Fault> {
        let body = &request.body;
        match request.kind {
            wire::HELLO => {
                let hello: Hello = serde_json::from_slice(body).map_err(Fault::engine)?;
                self.most_bytes = hello.max_body as usize;
                Ok(greeting().into_bytes())
            }
            // Boa has no limits to be given.
            wire::CREATE => self.renew(),
            wire::LOAD => {
                let (micros, script) = body.split_first_chunk().ok_or_else(too_short)?;
                let deadline = Deadline::after(u64::from_le_bytes(*micros));
                let script = serde_json::from_slice(script).map_err(Fault::engine)?;
                Ok(self.isolate()?.load(&script, deadline)?.to_le_bytes().to_vec())
            }
            wire::CALL => {
                let (script, rest) = body.split_first_chunk().ok_or_else(too_short)?;
                let (micros, input) = rest.split_first_chunk().ok_or_else(too_short)?;
                let deadline = Deadline::after(u64::from_le_bytes(*micros));
                let input = std::str::from_utf8(input).map_err(Fault::engine)?;
                let answer = self.isolate()?.call(u32::from_le_bytes(*script), input, deadline)?;
                if answer.len() > self.most_bytes {
                    return Err(Fault::invalid(format!("{} bytes are too many", answer.len())));
                }
                Ok(answer.into_bytes())
            }
            wire::RESET => {
                self.isolate()?;
                self.renew()
            }
            wire::HEAP => Ok(b"null".to_vec()),
            kind => Err(Fault::engine(format!("no request has the kind {kind}"))),
        }
    }

    fn renew(&mut self) -> Result<Vec<u8>, Fault> {
        // The old one first: both at a time could be too much.
        self.isolate = None;
        self.isolate = Some(Isolate::new()?);
        Ok(Vec::new())
    }

    fn isolate(&mut self) -> Result<&mut Isolate, Fault> {
        self.isolate.as_mut().ok_or_else(|| Fault::engine("there is no isolate: create comes first"))
    }
}

fn too_short() -> Fault {
    Fault::engine("the request is too short")
}

/// Boa publishes no version at run time; the lock file it was built from has it.
fn version() -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = lock.split_once("name = \"boa_engine\"\nversion = \"").map(|(_, entry)| entry);
    entry.and_then(|entry| entry.split('"').next()).unwrap_or("of an unknown version")
}

fn greeting() -> String {
    let version = version();
    json!({
        "protocol": 1,
        "engine": {
            "engine_version": format!("Boa {version}"),
            "binding_version": format!("boa_engine {version}"),
            "capabilities": { "interruption": "partial" },
            "notes": [
                "a bytecode interpreter; built with Annex B and Temporal, without Intl",
                "the deadline stops the script's own functions and chains of promise jobs, by the means that the built-in Boa has",
                "code called by a builtin (array callbacks, getters, toJSON), and one promise job (all that follows an await), is not stopped in time: its loops end by an iteration limit no honest run reaches, often many deadlines later",
                "Boa keeps every realm of a context until the context goes, so a reset makes a new context",
                "one builtin call (a regular expression, JSON, sort) is never stopped",
                "a timeout costs the worker; no interruption can be caught by the script",
                "no heap limit, no heap figures, and its stack is counted in frames: 512, the engine's default",
                "input nested deeper than 1000 levels is refused; a much deeper source or result overflows the native stack, which is a crash",
            ],
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_lock_file() {
        assert!(version().starts_with("0."), "{}", version());
    }
}
