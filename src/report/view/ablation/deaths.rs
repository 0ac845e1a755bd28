//! Rounds whose host died: when, and who had been answered by then.

use crate::load::Stop;
use crate::record::Measurement;
use crate::report::Quantity;
use crate::report::view::text::{clean, shortened};

/// Characters of its last words that a page shows of a host.
const LAST_WORDS: usize = 160;

/// One round whose host died.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Death {
    pub round: u32,
    /// Signal or exit, and its last words.
    pub how: String,
    /// Seconds on the clock when it died.
    pub at_s: f64,
    /// Seconds that it was to run, where it was to run for a time.
    pub planned_s: Option<f64>,
    /// Good jobs answered rightly by then, at least.
    pub right: u64,
    /// Good jobs that had failed by then.
    pub failed: u64,
    /// Good jobs of the whole plan: nobody restarts a host here, and users go on asking.
    pub wanted: u64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Death {
    /// Of a round, if its host died while the clock ran.
    pub(super) fn of(row: &Measurement) -> Option<Self> {
        let died = row.died?;
        let planned_s = match row.plan.stop {
            Stop::After(time) => Some(time.as_secs_f64()),
            Stop::Count(_) => None,
        };
        Some(Self {
            round: row.round,
            how: shortened(&clean(row.error.as_deref().unwrap_or_default()), LAST_WORDS),
            at_s: died.at_s,
            planned_s,
            right: died.finished.saturating_sub(died.errors),
            failed: died.errors.min(died.finished),
            wanted: row.plan.good_jobs().unwrap_or(died.finished).max(died.finished),
            p50_us: died.p50_us,
            p99_us: died.p99_us,
        })
    }

    /// Seconds that its host was up of those planned, where it was to run for a time.
    pub(super) fn up(&self) -> Option<(f64, f64)> {
        self.planned_s.map(|planned| (self.at_s.min(planned), planned))
    }

    /// Good jobs that nobody was left to answer.
    pub fn unanswered(&self) -> u64 {
        self.wanted - self.right - self.failed
    }

    /// `killed after 3.20 s of 20.0 s: signal 6 (SIGABRT); at least 310 of 1,176 good jobs had been answered rightly
    /// by then`.
    pub fn told(&self) -> String {
        let whole = self.planned_s.filter(|planned| *planned >= self.at_s);
        let whole = whole.map_or(String::new(), |planned| format!(" of {}", Quantity::Seconds(planned)));
        format!(
            "killed after {}{whole}: {}; at least {} of {} good jobs had been answered rightly by then",
            Quantity::Seconds(self.at_s),
            self.how,
            Quantity::Count(self.right),
            Quantity::Count(self.wanted)
        )
    }
}
