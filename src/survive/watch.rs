//! Looks at the host while a trial goes on: its threads, its children, and the memory of them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::load::process;

/// Time between two looks at memory.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Watches memory from a thread of its own until it is dropped.
pub(super) struct Watch {
    peak: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Watch {
    /// Starts.
    pub fn start() -> std::io::Result<Self> {
        let watch = Self { peak: Arc::default(), ended: Arc::default() };
        let (peak, ended) = (Arc::clone(&watch.peak), Arc::clone(&watch.ended));
        thread::Builder::new().name("jsarena-watch".to_owned()).spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                peak.fetch_max(process::family_bytes(), Ordering::Relaxed);
                thread::sleep(LOOK_EVERY);
            }
        })?;
        Ok(watch)
    }

    /// The most memory that this process and its children held together, bytes. What came and went between two
    /// looks is in it only for this process, whose own high-water mark the kernel keeps.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed).max(process::peak_bytes().unwrap_or_default())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
