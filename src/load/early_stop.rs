//! Stopping a load before its plan says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish, from whatever thread or signal handler, that no more jobs be submitted. What has been submitted
/// still gets its outcome. Clones are one and the same wish.
#[derive(Debug, Clone, Default)]
pub struct EarlyStop(Arc<AtomicBool>);

impl EarlyStop {
    /// Wishes it.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was wished.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The flag itself, for a signal handler to set.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
