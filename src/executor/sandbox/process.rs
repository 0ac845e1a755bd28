//! What is asked of the process itself: core dumps, descriptors, the parent's death, new files.

use std::fs;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, raise};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{close, getppid};

use super::Measure;

pub(super) const CORE: &str = "rlimit core";
pub(super) const DEATH: &str = "parent death signal";
const DESCRIPTORS: &str = "closed, rlimit nofile";

/// Where the open descriptors of a process are listed.
const LIST: &str = "/proc/self/fd";

/// Most descriptors a worker holds. An engine's event loop takes about five, and while an isolate is replaced
/// there may be two of them.
const MOST: u64 = 64;

/// No core dumps. A limit of zero would keep files from being written but not stop a handler that the dump is
/// piped to; the kernel keeps to neither at exactly 1, which is too small for a file as well.
pub(super) fn no_core_dumps() -> Measure {
    match setrlimit(Resource::RLIMIT_CORE, 1, 1) {
        Ok(()) => Measure::full(CORE, ""),
        Err(error) => Measure::none(format!("{CORE}: {error}")),
    }
}

/// Closes everything above standard error and bounds what can be opened.
///
/// They are closed and not just marked for closing on exec: this process executes nothing, it goes on itself.
pub(super) fn close_descriptors() -> Measure {
    let inherited: Vec<i32> = match fs::read_dir(LIST) {
        Ok(entries) => {
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        }
        Err(error) => return Measure::none(format!("{LIST}: {error}")),
    };
    let mut closed = 0;
    for descriptor in inherited.into_iter().filter(|descriptor| *descriptor > 2) {
        match close(descriptor) {
            Ok(()) => closed += 1,
            // The listing's own.
            Err(Errno::EBADF) => {}
            Err(error) => return Measure::partial(DESCRIPTORS, format!("descriptor {descriptor}: {error}")),
        }
    }
    match setrlimit(Resource::RLIMIT_NOFILE, MOST, MOST) {
        Ok(()) => Measure::full(DESCRIPTORS, format!("{closed} closed, at most {MOST} open")),
        Err(error) => Measure::partial("closed", format!("{closed} closed; rlimit nofile: {error}")),
    }
}

pub(super) fn descriptors_offered() -> Measure {
    match fs::metadata(LIST) {
        Ok(_) => Measure::full(DESCRIPTORS, ""),
        Err(error) => Measure::none(format!("{LIST}: {error}")),
    }
}

/// Ties the process's life to its parent's.
///
/// When the parent went before the signal was asked for, nobody sends it; then this process sends it itself.
pub(super) fn die_with(parent: u32) -> Measure {
    if let Err(error) = prctl::set_pdeathsig(Signal::SIGKILL) {
        return Measure::none(format!("{DEATH}: {error}"));
    }
    if u32::try_from(getppid().as_raw()) != Ok(parent) {
        let _ = raise(Signal::SIGKILL);
    }
    Measure::full(DEATH, "SIGKILL")
}

/// Files that are made nevertheless are nobody else's, and nothing executed gains privileges. The latter is
/// what Landlock and seccomp ask for too; here it holds without them.
pub(super) fn private_files() {
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    let _ = prctl::set_no_new_privs();
}
