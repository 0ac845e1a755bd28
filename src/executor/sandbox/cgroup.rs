//! Control groups (v2), the parent's side: a cap on memory that no one inside can get round.
//!
//! A process may make groups below its own only where that was handed to it, which systemd does with
//! `Delegate=yes` and container runtimes mostly do not. And the kernel gives controllers only to groups
//! without processes of their own: a service that is to use this must live in a leaf of what was delegated to
//! it (`DelegateSubgroup=` does that). Neither being so, there is no [`Group::root`], and `RLIMIT_DATA` is
//! what remains.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use bytesize::ByteSize;

use super::Measure;

/// The group of one worker process. Dropping it kills what is left in it and removes it.
#[derive(Debug)]
pub struct Group {
    folder: PathBuf,
    measure: Measure,
}

/// What a group may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimit {
    /// All memory of the process, its program and the kernel's share included; no swap on top of it.
    pub memory: ByteSize,
    /// Processes and threads.
    pub pids: u32,
}

/// Why there is no group.
#[derive(Debug, thiserror::Error)]
#[error("control group: {}: {source}", .path.display())]
pub struct GroupError {
    path: PathBuf,
    source: io::Error,
}

const CONTROLLERS: &str = "cgroup.controllers";
const SUBTREE: &str = "cgroup.subtree_control";
const PROCESSES: &str = "cgroup.procs";

/// How often removing is tried, and the pause between: a killed process leaves its group a moment later.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

impl Group {
    /// The folder in which this process may make groups with a cap on memory: its own group's or, where its
    /// own is a leaf, the one above. `None` where nothing of the kind was delegated to it.
    pub fn root() -> Option<PathBuf> {
        let own = own_folder()?;
        let above = own.parent().map(Path::to_path_buf);
        [Some(own), above].into_iter().flatten().find(|folder| gives_memory(folder))
    }

    /// Makes the group `name` in `root` with these limits, for one process to be added.
    ///
    /// The group's cap on memory is required. What else the kernel does not offer (swap accounting, a limit on
    /// processes) is told by [`Group::measure`].
    ///
    /// # Errors
    /// When the group cannot be made, or memory cannot be capped in it; nothing is left behind then.
    pub fn create(root: &Path, name: &str, limit: GroupLimit) -> Result<Self, GroupError> {
        // Without processes in `root` they may be switched on here; switched on already, this changes nothing.
        for controller in ["+memory", "+pids"] {
            let _ = fs::write(root.join(SUBTREE), controller);
        }
        let folder = root.join(name);
        fs::create_dir(&folder).map_err(|source| GroupError { path: folder.clone(), source })?;
        let mut group = Self { folder, measure: Measure::none("") };
        group.set("memory.max", limit.memory.as_u64())?;
        let missing: Vec<&str> =
            [("memory.swap.max", 0), ("memory.oom.group", 1), ("pids.max", limit.pids.into())]
                .into_iter()
                .filter(|(file, value)| group.set(file, *value).is_err())
                .map(|(file, _)| file)
                .collect();
        let cap = format!("{} in all", limit.memory);
        group.measure = if missing.is_empty() {
            Measure::full("cgroup v2", cap)
        } else {
            Measure::partial("cgroup v2", format!("{cap}; no {}", missing.join(", ")))
        };
        Ok(group)
    }

    /// Moves a process into the group, with what it starts from then on. To be done by the parent, before the
    /// process takes its first job.
    ///
    /// # Errors
    /// When the kernel does not move it: it is gone, or the group it is in was not delegated too.
    pub fn add(&self, pid: u32) -> Result<(), GroupError> {
        self.set(PROCESSES, pid.into())
    }

    /// The cap on memory as this group has it: what stands in the worker's report in place of its own.
    pub fn measure(&self) -> Measure {
        self.measure.clone()
    }

    fn set(&self, file: &str, value: u64) -> Result<(), GroupError> {
        let path = self.folder.join(file);
        fs::write(&path, value.to_string()).map_err(|source| GroupError { path, source })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Since Linux 5.14; before it the group holds at most a process that the parent has killed.
        if let Ok(mut kill) = fs::OpenOptions::new().write(true).open(self.folder.join("cgroup.kill")) {
            let _ = kill.write_all(b"1");
        }
        for _ in 0..TRIES {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(PAUSE),
                Ok(()) | Err(_) => return,
            }
        }
        tracing::warn!(group = %self.folder.display(), "a control group is still busy and stays behind");
    }
}

/// Whether groups made in this folder can have their memory capped, by this process.
fn gives_memory(folder: &Path) -> bool {
    let has = |file: &str, word: &str| {
        fs::read_to_string(folder.join(file))
            .is_ok_and(|words| words.split_whitespace().any(|known| known == word))
    };
    let writable = |path: &Path| nix::unistd::access(path, nix::unistd::AccessFlags::W_OK).is_ok();
    let free_of_processes =
        || fs::read_to_string(folder.join(PROCESSES)).is_ok_and(|processes| processes.trim().is_empty());
    writable(folder)
        && writable(&folder.join(PROCESSES))
        && (has(SUBTREE, "memory")
            || has(CONTROLLERS, "memory") && writable(&folder.join(SUBTREE)) && free_of_processes())
}

/// The folder of the group this process is in, as mounted here.
#[cfg(target_os = "linux")]
pub fn own_folder() -> Option<PathBuf> {
    let process = procfs::process::Process::myself().ok()?;
    let group = process.cgroups().ok()?.into_iter().find(|group| group.hierarchy == 0)?.pathname;
    let mounts = process.mountinfo().ok()?;
    mounts.into_iter().filter(|mount| mount.fs_type == "cgroup2").find_map(|mount| {
        let below = Path::new(&group).strip_prefix(&mount.root).ok()?;
        Some(mount.mount_point.join(below))
    })
}

/// There are none elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn own_folder() -> Option<PathBuf> {
    None
}

/// Against a folder that looks like a control group and is none: what is written where, not what it does.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::sandbox::Standing;

    const LIMIT: GroupLimit = GroupLimit { memory: ByteSize::mib(64), pids: 32 };

    fn imitation(controllers: &str, subtree: &str, processes: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [(CONTROLLERS, controllers), (SUBTREE, subtree), (PROCESSES, processes)] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn only_a_folder_that_hands_memory_on_is_taken() {
        let check = |controllers, subtree, processes, taken| {
            let folder = imitation(controllers, subtree, processes);
            assert_eq!(gives_memory(folder.path()), taken, "{controllers:?} {subtree:?} {processes:?}");
        };
        check("cpu memory pids\n", "memory pids\n", "", true);
        check("cpu memory pids\n", "memory\n", "17\n", true);
        check("cpu memory pids\n", "", "", true);
        check("cpu memory pids\n", "", "17\n", false);
        check("cpu pids\n", "", "", false);
        check("memory.high\n", "", "", false);
        assert!(!gives_memory(Path::new("/nonexistent")));
    }

    #[test]
    fn limits_and_process_are_written_and_the_group_goes_with_its_handle() {
        let root = imitation("memory pids", "", "");
        let group = Group::create(root.path(), "worker-7", LIMIT).unwrap();
        group.add(4711).unwrap();
        assert_eq!(group.measure().standing, Standing::Full);

        let folder = root.path().join("worker-7");
        let written = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(written("memory.max"), "67108864");
        assert_eq!(written("memory.swap.max"), "0");
        assert_eq!(written("memory.oom.group"), "1");
        assert_eq!(written("pids.max"), "32");
        assert_eq!(written(PROCESSES), "4711");

        // The files of a real group go with its folder; an imitation's must go first.
        for file in fs::read_dir(&folder).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        drop(group);
        assert!(!folder.exists());
    }

    #[test]
    fn a_name_taken_is_an_error_that_names_it() {
        let root = imitation("memory", "memory", "");
        fs::create_dir(root.path().join("worker-7")).unwrap();
        let error = Group::create(root.path(), "worker-7", LIMIT).unwrap_err();
        assert!(error.to_string().contains("worker-7"), "{error}");
    }
}
