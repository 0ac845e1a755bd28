//! The cap on memory that a process can set itself.
//!
//! `RLIMIT_DATA` counts private writable mappings (since Linux 4.7), which is what `VmData` shows. It is the
//! one memory limit that V8 survives: V8 reserves tens of gigabytes of addresses without access and makes
//! them writable piece by piece. `RLIMIT_AS` counts the reservations, `RLIMIT_DATA` the pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytesize::ByteSize;
use nix::sys::resource::{Resource, setrlimit};
use procfs::FromRead;
use procfs::process::Status;
use rustix::process::{Pid, Rlimit, prlimit};

use super::Measure;

const BY: &str = "rlimit data";
const STATUS: &str = "/proc/self/status";

/// Room for the whole file, several times over.
const MOST: usize = 16 * 1024;

/// The process's own status, opened while /proc can still be reached.
pub(super) fn open_status() -> io::Result<File> {
    File::open(STATUS)
}

/// Allows `cap` more than what the process holds now.
pub(super) fn cap(cap: ByteSize, status: &File) -> Measure {
    let held = match held(status) {
        Ok(held) => held,
        Err(why) => return Measure::none(format!("{cap} asked for: {why}")),
    };
    let limit = held.as_u64().saturating_add(cap.as_u64());
    match setrlimit(Resource::RLIMIT_DATA, limit, limit) {
        Ok(()) => Measure::full(BY, format!("{cap} on top of the {held} held when ready")),
        Err(error) => Measure::none(format!("{cap} asked for: {BY}: {error}")),
    }
}

/// The same for another process.
pub(super) fn cap_other(process: u32, cap: ByteSize) -> Measure {
    let none =
        |why: &dyn std::fmt::Display| Measure::none(format!("{cap} asked for: process {process}: {why}"));
    let Some(id) = i32::try_from(process).ok().and_then(Pid::from_raw) else { return none(&"no such") };
    let status = procfs::process::Process::new(id.as_raw_nonzero().get()).and_then(|other| other.status());
    let held = match status.map(|status| status.vmdata) {
        Ok(Some(held)) => ByteSize::kib(held),
        Ok(None) => return none(&"no VmData"),
        Err(error) => return none(&error),
    };
    let limit = Some(held.as_u64().saturating_add(cap.as_u64()));
    match prlimit(Some(id), rustix::process::Resource::Data, Rlimit { current: limit, maximum: limit }) {
        Ok(_) => Measure::full(BY, format!("{cap} on top of the {held} held when ready")),
        Err(error) => none(&error),
    }
}

pub(super) fn offered() -> Measure {
    match open_status().map_err(|error| error.to_string()).and_then(|status| held(&status)) {
        Ok(_) => Measure::full(BY, "no control group to be had: a compromised engine can get round it"),
        Err(why) => Measure::none(why),
    }
}

/// What `RLIMIT_DATA` counts, as the kernel counts it now.
pub(super) fn held(status: &File) -> Result<ByteSize, String> {
    let mut text = vec![0; MOST];
    // From the start, whoever read it before.
    let length = status.read_at(&mut text, 0).map_err(|error| format!("{STATUS}: {error}"))?;
    let status = Status::from_read(&text[..length]).map_err(|error| format!("{STATUS}: {error}"))?;
    status.vmdata.map(ByteSize::kib).ok_or_else(|| format!("{STATUS} has no VmData"))
}
