//! What a server's process holds, as the kernel tells it.

use std::fmt;

use procfs::process::Process;

#[derive(Debug, Clone)]
pub struct Holdings {
    pub descriptors: usize,
    pub threads: usize,
    /// Threads that read what children print.
    pub readers: usize,
    pub children: Vec<i32>,
    pub resident: u64,
}

impl Holdings {
    /// What the process of that number holds now.
    pub fn of(id: u32) -> Self {
        let process = Process::new(id.try_into().unwrap()).unwrap();
        let mut children: Vec<i32> = Vec::new();
        let (mut threads, mut readers) = (0, 0);
        // A thread may have ended since it was listed, and its children are another one's.
        for task in process.tasks().unwrap().flatten() {
            threads += 1;
            readers += usize::from(task.stat().is_ok_and(|stat| stat.comm == "jsarena-tail"));
            children.extend(task.children().unwrap_or_default().into_iter().map(|id| id as i32));
        }
        Self {
            descriptors: process.fd_count().unwrap(),
            threads,
            readers,
            children,
            resident: process.statm().unwrap().resident * procfs::page_size(),
        }
    }

    /// Whether there is no more of anything that is counted than there was.
    pub fn is_back_to(&self, before: &Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.children.len() == before.children.len()
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptors, threads, children, resident, .. } = self;
        let (children, resident) = (children.len(), resident >> 20);
        write!(f, "{descriptors} descriptors, {threads} threads, {children} children, {resident} MiB")
    }
}

/// Whether that process is still there, also one that nobody has waited for.
pub fn is_there(id: i32) -> bool {
    Process::new(id).is_ok()
}
