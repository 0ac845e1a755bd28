//! `jsarena worker`: the program of a worker's process, for a parent jsarena. PROTOCOL.md is what it speaks.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process;

use anyhow::{Context, anyhow};

use super::{Failure, Verdict};
use crate::cli::WorkerArgs;
use crate::engine::registry;
use crate::executor::worker_process::child;

/// Serves the host on standard input with an engine that is built in, or becomes another program that does.
pub fn serve(args: &WorkerArgs) -> Result<Verdict, Failure> {
    if let Some((program, rest)) = args.exec.split_first() {
        let error = process::Command::new(program).args(rest).exec();
        return Err(Failure::Run(anyhow!("{program}: {error}")));
    }
    let id = args.engine.as_deref().unwrap_or_default();
    let entry = registry::find(id).with_context(|| format!("unknown engine {id}"))?;
    let engine = entry.engine().map_err(anyhow::Error::from)?;
    let host = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    child::serve(engine, host).map_err(anyhow::Error::from)?;
    // A guest may still run: nothing is torn down that the exit does not tear down anyway.
    process::exit(0);
}
