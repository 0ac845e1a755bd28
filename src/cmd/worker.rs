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
use crate::executor::sandbox::{self, Confinement};
use crate::executor::worker_process::child;

/// Serves the host on standard input with an engine that is built in, or becomes another program that does.
pub fn serve(args: &WorkerArgs) -> Result<Verdict, Failure> {
    let confinement = Confinement::new(args.parent);
    if let Some((program, rest)) = args.exec.split_first() {
        // The filters are made for our engines: another program has its own files to read. Its host caps its
        // memory, once it knows how much there may be.
        let report = sandbox::enter(&Confinement { filter: false, ..confinement });
        tracing::debug!(?report, program, "confined");
        let error = process::Command::new(program).args(rest).exec();
        return Err(Failure::Run(anyhow!("{program}: {error}")));
    }
    let id = args.engine.as_deref().unwrap_or_default();
    let entry = registry::find(id).with_context(|| format!("unknown engine {id}"))?;
    let engine = entry.engine().map_err(anyhow::Error::from)?;
    let executable_memory = engine.info().capabilities.jit;
    let confinement = Confinement { executable_memory, filter: !args.unfiltered, ..confinement };
    sandbox::enter(&confinement);
    let host = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    child::serve(engine, host, confinement).map_err(anyhow::Error::from)?;
    // A guest may still run: nothing is torn down that the exit does not tear down anyway.
    process::exit(0);
}
