//! The time a request may take.

use std::time::{Duration, Instant};

/// The end of the time allowed.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So many microseconds from now.
    pub fn after(micros: u64) -> Self {
        // A century is for ever, and an instant can hold it.
        let most = Duration::from_secs(100 * 365 * 24 * 3600);
        Self(Instant::now() + Duration::from_micros(micros).min(most))
    }

    pub fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }

    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
