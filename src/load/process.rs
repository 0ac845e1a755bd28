//! What this process uses: memory, processor time, threads, descriptors and children.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
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

/// Resident memory of this process and, on top, what each of its children holds for itself alone, bytes: the
/// program's own pages, which they share, are counted once.
pub fn family_bytes() -> u64 {
    resident_bytes() + child_ids().unwrap_or_default().into_iter().map(private_bytes_of).sum::<u64>()
}

/// What another process holds in memory for itself alone, bytes; zero for one that has ended.
fn private_bytes_of(id: u32) -> u64 {
    #[cfg(target_os = "linux")]
    return i32::try_from(id)
        .ok()
        .and_then(|id| procfs::process::Process::new(id).ok()?.statm().ok())
        .map_or(0, |pages| pages.resident.saturating_sub(pages.shared) * procfs::page_size());
    #[cfg(not(target_os = "linux"))]
    {
        let _ = id;
        0
    }
}

/// The child processes by number, those included that have ended and that nobody has waited for; `None` where
/// the system does not tell.
pub fn child_ids() -> Option<Vec<u32>> {
    #[cfg(target_os = "linux")]
    {
        let own = procfs::process::Process::myself().ok()?;
        let mut ids = Vec::new();
        // A thread that has ended since has no children: the kernel gave them to another one.
        for task in own.tasks().ok()?.flatten() {
            match task.children() {
                Ok(of_this) => ids.extend(of_this),
                // A kernel may be built without the list.
                Err(_) if task.tid == own.pid() => return None,
                Err(_) => {}
            }
        }
        Some(ids)
    }
    #[cfg(not(target_os = "linux"))]
    None
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

/// What this process holds now, where the system tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    /// Its threads.
    pub threads: Option<u64>,
    /// Its open file descriptors.
    pub descriptors: Option<u64>,
    /// Its children.
    pub children: Option<Children>,
}

/// The child processes, those included that have ended and that nobody has waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Children {
    /// How many.
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
            children: child_ids().map(|ids| Children {
                count: ids.len() as u64,
                bytes: ids.into_iter().filter_map(memory_of).sum(),
            }),
        },
    );
    #[cfg(not(target_os = "linux"))]
    let census = Census {
        descriptors: std::fs::read_dir("/dev/fd").ok().map(|open| open.count() as u64),
        ..Census::default()
    };
    census
}

/// `None` for a process that has ended.
#[cfg(target_os = "linux")]
fn memory_of(id: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(id).ok()?).ok()?;
    proportional_of(&process).or_else(|| Some(process.statm().ok()?.resident * procfs::page_size()))
}

#[cfg(target_os = "linux")]
fn proportional_of(process: &procfs::process::Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.into_iter().find_map(|map| map.extension.map.get("Pss").copied())
}

/// Proportional set size of this process now, bytes: what it shares counts by its share. `None` where the system
/// does not tell.
pub fn proportional_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return proportional_of(&procfs::process::Process::myself().ok()?);
    #[cfg(not(target_os = "linux"))]
    None
}

/// The same of the child that has most, or its resident memory where the kernel does not tell; `None` without
/// children, or where the system does not tell of them.
pub fn largest_child_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return child_ids()?.into_iter().filter_map(memory_of).max();
    #[cfg(not(target_os = "linux"))]
    None
}

/// Processor time of the whole process so far.
pub fn cpu_of_process() -> Duration {
    cpu(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// Processor time of this process and of all its children so far, those that have ended included; of those that
/// live, to the kernel's tick of 10 ms.
pub fn cpu_of_family() -> Duration {
    let ended = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(Duration::ZERO, |usage| {
        let time = |spent: TimeVal| Duration::from_micros(spent.num_microseconds().unsigned_abs());
        time(usage.user_time()) + time(usage.system_time())
    });
    cpu_of_process() + ended + child_ids().unwrap_or_default().into_iter().map(cpu_of).sum::<Duration>()
}

/// Processor time of another process; zero for one that has ended.
fn cpu_of(id: u32) -> Duration {
    #[cfg(target_os = "linux")]
    return i32::try_from(id)
        .ok()
        .and_then(|id| procfs::process::Process::new(id).ok()?.stat().ok())
        .map_or(Duration::ZERO, |stat| {
            Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
        });
    #[cfg(not(target_os = "linux"))]
    {
        let _ = id;
        Duration::ZERO
    }
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
        assert!(proportional_bytes().is_none_or(|held| held >= 64 << 20), "nobody shares them");
        assert!(peak_bytes().is_none_or(|peak| peak >= before + (60 << 20)));
        let cpu = cpu_of_thread();
        let sum: u64 = block.iter().step_by(64).map(|byte| u64::from(*byte)).sum();
        assert_eq!(sum, 1 << 20);
        assert!(cpu_of_thread() > cpu && cpu_of_process() > Duration::ZERO);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn children_count_for_what_they_hold_and_spend() {
        use std::process::{Command, Stdio};
        let cpu = cpu_of_family();
        // A shell that grows to some megabytes, spends a while on it, and waits.
        let script = "i=0; s=x; while [ $i -lt 22 ]; do s=$s$s; i=$((i+1)); done; echo; read line";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        assert!(child_ids().unwrap().contains(&child.id()));
        let held = private_bytes_of(child.id());
        assert!(held > 4 << 20, "{held}");
        assert!(family_bytes() > held);
        assert!(largest_child_bytes().unwrap() > 4 << 20);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(private_bytes_of(child.id()), 0);
        assert!(cpu_of_family() > cpu);
    }
}
