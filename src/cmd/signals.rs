//! What a signal to end means.
//!
//! A run takes the first SIGINT or SIGTERM as a wish to end early and well: no more jobs are submitted, those
//! that were get their outcomes, the record is written. The second one ends the process as it would any other.
//!
//! A cell has a process group of its own, so that ctrl-C at a terminal reaches only its parent, which then
//! stops the cell by a SIGTERM. A cell that gets a signal from elsewhere (a service manager signals every
//! process of a service) drains just the same; it is never ended by a second one, as its parent sees to that.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};

use crate::load::EarlyStop;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Of a cell: from now on these signals ask for an early stop.
pub fn drain_on_signal() -> io::Result<EarlyStop> {
    let early_stop = EarlyStop::default();
    for signal in SIGNALS {
        flag::register(signal, early_stop.flag())?;
    }
    Ok(early_stop)
}

/// Of a cell's parent: the same, and the next such signal ends this process, by which its cell dies too.
pub fn drain_on_first_signal() -> io::Result<EarlyStop> {
    let early_stop = EarlyStop::default();
    for signal in SIGNALS {
        // In this order: the first signal finds the flag not yet set.
        flag::register_conditional_default(signal, early_stop.flag())?;
        flag::register(signal, early_stop.flag())?;
    }
    Ok(early_stop)
}

/// Of a server: ready at the first such signal; the next one ends this process.
///
/// # Panics
/// Outside a tokio runtime.
pub fn first_signal() -> io::Result<impl Future<Output = ()>> {
    // It is the runtime that waits; what this is for is the second signal.
    drain_on_first_signal()?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Asks a cell for an early stop.
pub fn ask_to_drain(cell: u32) {
    // Fails only for a cell that has ended.
    if let Ok(id) = i32::try_from(cell) {
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
}
