//! The order of things on Linux.

use std::fs::File;
use std::sync::OnceLock;
use std::time::Duration;

use bytesize::ByteSize;

use super::{Confinement, Measure, Report, cgroup, cpu, landlock, memory, process};

/// What [`enter`] leaves for [`lock`].
struct Entered {
    report: Report,
    /// Opened while it still could be.
    status: std::io::Result<File>,
}

static ENTERED: OnceLock<Entered> = OnceLock::new();

/// What the process held when [`lock`] was called.
static HELD_WHEN_LOCKED: OnceLock<ByteSize> = OnceLock::new();

const AFTER_LOCK: &str = "not before the first isolate is ready";

/// The first half: everything that must be done before there are threads, or can be.
///
/// Call it once, from the only thread there is: Landlock holds for the calling thread and those it starts
/// later. When the parent is gone already, the process ends here as it would have ended a moment later, by
/// `SIGKILL`. Descriptors above 2 are closed, whoever they belong to.
///
/// The parent death signal is sent when the *thread* that started this process ends. Start workers from a
/// thread that stays.
pub fn enter(confinement: &Confinement) -> Report {
    // First of all, since it bounds how long anything below may go unwatched.
    let parent_death = process::die_with(confinement.parent);
    let core_dumps = process::no_core_dumps();
    let descriptors = process::close_descriptors();
    process::private_files();
    let status = memory::open_status();
    let (filesystem, network) =
        if confinement.filter { landlock::restrict() } else { (switched_off(), switched_off()) };
    let report = Report {
        memory: Measure::none(AFTER_LOCK),
        cpu: cpu::measure(),
        core_dumps,
        descriptors,
        parent_death,
        filesystem,
        network,
        syscalls: Measure::none(AFTER_LOCK),
    };
    ENTERED.get_or_init(|| Entered { report, status }).report.clone()
}

/// The second half: caps memory and leaves only the system calls of a running engine, for every thread.
///
/// Call it once, when the engine and its first isolate are ready, before any guest's script. The report is of
/// everything, what [`enter`] did included. From here on a system call that no engine needs ends the process
/// by `SIGSYS`, with its name on standard error; what libraries merely try fails with an error.
pub fn lock(confinement: &Confinement) -> Report {
    let entered = ENTERED.get();
    let mut report = entered
        .map_or_else(|| Report::nothing("never entered the sandbox"), |entered| entered.report.clone());
    report.cpu = cpu::measure();
    let held = entered.and_then(|entered| memory::held(entered.status.as_ref().ok()?).ok());
    held.map(|held| HELD_WHEN_LOCKED.get_or_init(|| held));
    report.memory = match (confinement.memory, entered.map(|entered| &entered.status)) {
        (None, _) => Measure::none("no cap was asked for"),
        (Some(cap), Some(Ok(status))) => memory::cap(cap, status),
        (Some(cap), Some(Err(error))) => {
            Measure::none(format!("{cap} asked for: /proc/self/status: {error}"))
        }
        (Some(cap), None) => match memory::open_status() {
            Ok(status) => memory::cap(cap, &status),
            Err(error) => Measure::none(format!("{cap} asked for: /proc/self/status: {error}")),
        },
    };
    report.syscalls =
        if confinement.filter { filter(confinement, landlock::restricts(&report)) } else { switched_off() };
    report
}

/// Lets the process use `more` CPU time from now on, summed over its threads; past it, `SIGXCPU` ends it.
///
/// The kernel counts whole seconds, so that up to two more may pass. Call it before each job with what the
/// job may use, never from two threads at once. It reads the process's CPU clock, and sets the limit only when
/// that differs from the one in force. A limit left over from a job that was allowed more is lowered.
///
/// A compromised engine can raise the limit again (the call itself needs that freedom); the parent's deadline
/// is what stops that one.
///
/// # Errors
/// What the kernel said when it would not set the limit.
pub fn allow_cpu(more: Duration) -> std::io::Result<()> {
    cpu::allow(more)
}

/// How much more memory the process holds than when it was locked, as its cap counts it; `None` before that, and
/// where the kernel does not tell. A worker whose engine keeps what it should give back can be replaced before
/// an innocent job meets the cap.
pub fn growth() -> Option<ByteSize> {
    let when_locked = *HELD_WHEN_LOCKED.get()?;
    let now = memory::held(ENTERED.get()?.status.as_ref().ok()?).ok()?;
    Some(ByteSize::b(now.as_u64().saturating_sub(when_locked.as_u64())))
}

/// Caps the memory of another process of this user, as [`lock`] does for the process it is called in: `cap` on
/// top of what it holds now. For a worker that is not ours, and so does not do it itself.
pub fn cap_memory_of(process: u32, cap: ByteSize) -> Measure {
    memory::cap_other(process, cap)
}

/// What this kernel offers, without entering anything.
pub fn available() -> Report {
    let (filesystem, network) = landlock::offered();
    let memory = match cgroup::Group::root() {
        Some(_) => Measure::full("cgroup v2", "and rlimit data"),
        None => memory::offered(),
    };
    Report {
        memory,
        cpu: cpu::measure(),
        core_dumps: Measure::full(process::CORE, ""),
        descriptors: process::descriptors_offered(),
        parent_death: Measure::full(process::DEATH, ""),
        filesystem,
        network,
        syscalls: filter_offered(),
    }
}

fn switched_off() -> Measure {
    Measure::none("switched off")
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::seccomp::{filter, offered as filter_offered};

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn filter(_: &Confinement, _: bool) -> Measure {
    filter_offered()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn filter_offered() -> Measure {
    Measure::none(format!("not available: no list of system calls for {}", std::env::consts::ARCH))
}
