//! What this process uses: memory, processor time, threads, descriptors and children.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Resident memory of this process now, bytes; zero where the system does not tell.
pub fn resident_bytes() -> u64 {
    #[cfg(target_os = "linux")]
    let resident = procfs::process::Process::myself()
        .and_then(|process| process.statm())
        .map_or(0, |pages| pages.resident * procfs::page_size());
    #[cfg(not(target_os = "linux"))]
    let resident = {
        let mut system = sysinfo::System::new();
        let own = sysinfo::Pid::from_u32(std::process::id());
        system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[own]), true);
        system.process(own).map_or(0, sysinfo::Process::memory)
    };
    resident
}

/// Lets the kernel forget the high-water mark so far, where it keeps one.
pub fn forget_peak() {
    // Where it cannot be forgotten, the mark of the whole process is above that of the run: still a bound.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The kernel's own high-water mark of resident memory, bytes, where it keeps one.
pub fn peak_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return procfs::process::Process::myself().ok()?.status().ok()?.vmhwm.map(|kib| kib * 1024);
    #[cfg(not(target_os = "linux"))]
    None
}

/// What this process holds now, where the system tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    pub threads: Option<u64>,
    pub descriptors: Option<u64>,
    pub children: Option<Children>,
}

/// The child processes, those included that have ended and that nobody has waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Children {
    pub count: u64,
    /// Proportional set sizes where the kernel tells, so that what they share is counted once; resident
    /// memory otherwise.
    pub bytes: u64,
}

/// Counts what this process holds.
pub fn census() -> Census {
    #[cfg(target_os = "linux")]
    let census = procfs::process::Process::myself().map_or_else(
        |_| Census::default(),
        |own| Census {
            threads: own.stat().ok().and_then(|stat| u64::try_from(stat.num_threads).ok()),
            descriptors: own.fd_count().ok().map(|count| count as u64),
            children: children(&own).ok(),
        },
    );
    #[cfg(not(target_os = "linux"))]
    let census = Census {
        descriptors: std::fs::read_dir("/dev/fd").ok().map(|open| open.count() as u64),
        ..Census::default()
    };
    census
}

/// A kernel may be built without the list of children; then this is an error.
#[cfg(target_os = "linux")]
fn children(own: &procfs::process::Process) -> procfs::ProcResult<Children> {
    let mut children = Children::default();
    for task in own.tasks()? {
        // A thread that has ended since has no children: the kernel gave them to another one.
        let Ok(task) = task else { continue };
        match task.children() {
            Ok(ids) => {
                children.count += ids.len() as u64;
                children.bytes += ids.into_iter().map(|id| memory_of(id).unwrap_or(0)).sum::<u64>();
            }
            Err(error) if task.tid == own.pid() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(children)
}

/// `None` for a process that has ended.
#[cfg(target_os = "linux")]
fn memory_of(id: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(id).ok()?).ok()?;
    let proportional = process.smaps_rollup().ok().and_then(|rollup| {
        rollup.memory_map_rollup.into_iter().find_map(|map| map.extension.map.get("Pss").copied())
    });
    proportional.or_else(|| Some(process.statm().ok()?.resident * procfs::page_size()))
}

/// Processor time of the whole process so far.
pub fn cpu_of_process() -> Duration {
    cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// Processor time of the calling thread so far.
pub fn cpu_of_thread() -> Duration {
    cpu(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn cpu(clock: ClockId) -> Duration {
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processor_time_are_seen() {
        let before = resident_bytes();
        let block = vec![1u8; 64 << 20];
        assert!(resident_bytes() >= before + (60 << 20), "64 MiB more are resident");
        assert!(peak_bytes().is_none_or(|peak| peak >= before + (60 << 20)));
        let cpu = cpu_of_thread();
        let sum: u64 = block.iter().step_by(64).map(|byte| u64::from(*byte)).sum();
        assert_eq!(sum, 1 << 20);
        assert!(cpu_of_thread() > cpu && cpu_of_process() > Duration::ZERO);
    }
}
