//! What this process uses: resident memory and processor time.

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

/// Resident memory of another process now, bytes; zero if there is none such, or the system does not tell.
pub fn resident_bytes_of(id: u32) -> u64 {
    #[cfg(target_os = "linux")]
    return i32::try_from(id)
        .ok()
        .and_then(|id| procfs::process::Process::new(id).ok()?.statm().ok())
        .map_or(0, |pages| pages.resident * procfs::page_size());
    #[cfg(not(target_os = "linux"))]
    return 0;
}

/// Child processes of this one that live, by process number.
pub fn children() -> Vec<u32> {
    #[cfg(target_os = "linux")]
    return procfs::process::Process::myself()
        .and_then(|process| process.tasks())
        .map(|tasks| tasks.flatten().filter_map(|task| task.children().ok()).flatten().collect())
        .unwrap_or_default();
    #[cfg(not(target_os = "linux"))]
    return Vec::new();
}

/// The names of this process's threads, as far as the system keeps them (15 characters on Linux).
pub fn threads() -> Vec<String> {
    #[cfg(target_os = "linux")]
    return procfs::process::Process::myself()
        .and_then(|process| process.tasks())
        .map(|tasks| tasks.flatten().filter_map(|task| task.stat().ok()).map(|stat| stat.comm).collect())
        .unwrap_or_default();
    #[cfg(not(target_os = "linux"))]
    return Vec::new();
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
