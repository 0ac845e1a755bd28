//! What a worker process does to itself, so that neither a guest's script nor an engine that a guest has
//! taken over can do harm outside of it.
//!
//! A worker calls, in this order: [`enter`] first thing in `main`, while it has one thread; its engine and its
//! first isolate; [`lock`], after which only the system calls of a running engine are left; and [`allow_cpu`]
//! before each job. What the kernel does not offer is reported, never an error: each measure stands alone.
//!
//! | measure | what does it | against |
//! |---|---|---|
//! | memory | `RLIMIT_DATA` ([`lock`]), a control group where there is one ([`Group`], the parent's side) | the heap that grows past its engine's own limit |
//! | cpu | `RLIMIT_CPU` ([`allow_cpu`]) | a script that its engine does not stop, when the parent is late too |
//! | core dumps | `RLIMIT_CORE` | guests' data on disk or in a crash collector |
//! | descriptors | closed, and few allowed | whatever a parent's library left open |
//! | parent death | the parent death signal | a worker that outlives its pool |
//! | filesystem, network | Landlock | reading and writing files, connecting, binding |
//! | syscalls | seccomp, an allow-list | everything else the kernel offers |
//!
//! What it does not do: hide that a file exists (no content can be read, but `stat` answers a compromised
//! engine), bound the number of threads without a control group, or stop a compromised engine from taking
//! memory past `RLIMIT_DATA` by making filled pages read-only; only a control group sees through that.
//! The environment is the parent's to clear.

mod cgroup;
mod report;

#[cfg(target_os = "linux")]
mod cpu;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod process;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seccomp;

#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod linux;

pub use cgroup::{Group, GroupError, GroupLimit, own_folder as own_group};
pub use linux::{allow_cpu, available, cap_memory_of, enter, growth, lock};
pub use report::{Measure, Report, Standing};

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

/// How a worker process is to be confined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Most memory it may take on top of what it holds when [`lock`] is called; `None` leaves it unlimited.
    /// The stacks of later threads count, and so does everything else its engine allocates: leave room above
    /// the heap limit.
    pub memory: Option<ByteSize>,
    /// Whether Landlock and seccomp are used. Off only to find out whether they are what stands in the way.
    pub filter: bool,
    /// Whether new executable memory may be had after [`lock`]: what an engine with a JIT needs, and one
    /// without never.
    pub executable_memory: bool,
    /// Process id of the parent, with which the worker must not outlive it.
    pub parent: u32,
}

impl Confinement {
    /// All measures for a child of `parent`, with executable memory and without a cap on memory.
    pub fn new(parent: u32) -> Self {
        Self { memory: None, filter: true, executable_memory: true, parent }
    }
}
