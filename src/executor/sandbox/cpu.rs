//! The cap on CPU time, raised job by job.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};

use super::Measure;

const BY: &str = "rlimit cpu";

/// The limit in force, in seconds of the process's CPU clock. Starts with none known.
static IN_FORCE: AtomicU64 = AtomicU64::new(u64::MAX);

pub(super) fn measure() -> Measure {
    Measure::full(BY, "set for each job, in whole seconds")
}

pub(super) fn allow(more: Duration) -> io::Result<()> {
    let used = Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?);
    let limit = seconds(used, more);
    if limit == IN_FORCE.load(Ordering::Relaxed) {
        return Ok(());
    }
    // The hard limit stays: once lowered it could never be raised again.
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    setrlimit(Resource::RLIMIT_CPU, limit.min(hard), hard)?;
    IN_FORCE.store(limit, Ordering::Relaxed);
    Ok(())
}

/// The whole second after which `more` has surely passed.
fn seconds(used: Duration, more: Duration) -> u64 {
    used.saturating_add(more).as_secs().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_next_whole_second_after_what_is_allowed() {
        let check = |used, more, limit| {
            assert_eq!(
                seconds(Duration::from_millis(used), Duration::from_millis(more)),
                limit,
                "{used} {more}"
            );
        };
        check(0, 0, 1);
        check(0, 999, 1);
        check(0, 1000, 2);
        check(900, 200, 2);
        check(12_300, 25_000, 38);
        assert_eq!(seconds(Duration::from_secs(1), Duration::MAX), u64::MAX);
    }
}
