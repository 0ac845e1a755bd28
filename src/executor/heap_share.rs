//! A worker's part in what the heaps of its pool hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::session::Session;
use super::stats::Counters;

/// What one worker last saw of its heap, as part of its pool's figure. Looking may walk the heap, so it is done now and
/// then. Dropped, it takes its part back.
pub(super) struct HeapShare {
    counters: Arc<Counters>,
    bytes: u64,
    looked: Option<Instant>,
}

impl HeapShare {
    const LOOK_EVERY: Duration = Duration::from_secs(1);

    pub fn new(counters: &Arc<Counters>) -> Self {
        Self { counters: Arc::clone(counters), bytes: 0, looked: None }
    }

    /// Looks, unless it has lately. The figure is a part of those counters from now on.
    pub fn look(&mut self, now: Instant, session: &mut Session, counters: &Arc<Counters>) {
        if self.looked.is_none_or(|last| now.duration_since(last) >= Self::LOOK_EVERY) {
            self.looked = Some(now);
            if !Arc::ptr_eq(&self.counters, counters) {
                self.is(0);
                self.counters = Arc::clone(counters);
            }
            self.is(session.heap_bytes());
        }
    }

    fn is(&mut self, bytes: u64) {
        self.counters.heap_bytes.exchange(self.bytes, bytes);
        self.bytes = bytes;
    }
}

impl Drop for HeapShare {
    fn drop(&mut self) {
        self.is(0);
    }
}
