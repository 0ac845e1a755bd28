//! The newest Boa as a worker of jsarena: speaks the protocol of `PROTOCOL.md` over its standard input.
//!
//! A package of its own, because jsarena's lock file cannot hold a Boa after 0.21: RustyScript needs an older
//! serde than Boa 0.22 does. What holds for every Boa is the adapter's of the main package, taken from there
//! and not copied (`json.rs`, `jobs.rs`); all else is written against this version and against the protocol.

mod deadline;
mod fault;
mod guest;
mod isolate;
#[path = "../../../src/engine/boa/jobs.rs"]
mod jobs;
#[path = "../../../src/engine/boa/json.rs"]
mod json;
mod realm;
mod thrown;
mod wire;
mod worker;

use std::error::Error;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

/// What 512 frames of JavaScript, the parser and `JSON.stringify` can use of native stack.
const STACK: usize = 64 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(false)?;
    let serving = thread::Builder::new().stack_size(STACK).spawn(move || worker::serve(socket))?;
    match serving.join() {
        Ok(done) => Ok(done?),
        Err(_) => Err("the worker's thread panicked".into()),
    }
}
