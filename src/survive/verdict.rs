//! From what was seen of a trial to its row.

use bytesize::ByteSize;

use super::Sighting;
use crate::executor::OutcomeKind;
use crate::record::{Containment, ContainmentVerdict};

/// What became of the host of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEnd {
    /// It lived, and ended when it was done.
    Survived,
    /// It died, so.
    Died(String),
    /// It was killed for holding more than [`HOST_MEMORY`](crate::load::HOST_MEMORY), so many bytes.
    TooBig(u64),
}

/// Longest time after which the pool must have answered a good job again, milliseconds: nobody who waits for a
/// page should notice.
const PROMPT_MS: f64 = 1000.0;

/// Fills `row`, which says what was tried, with what was seen, and judges it.
pub fn judge(mut row: Containment, seen: Sighting, end: &HostEnd) -> Containment {
    let told = what_else(&seen);
    row.outcome = seen.outcome;
    row.host_survived = *end == HostEnd::Survived;
    row.ran_ms = seen.ran_ms;
    row.overrun_ms = seen.overrun_ms;
    row.peak_rss_bytes = (seen.peak_rss_bytes > 0).then_some(seen.peak_rss_bytes);
    row.recovery_ms = seen.recovery_ms;
    row.replaced = seen.replaced;
    row.leftovers = seen.leftovers;
    row.leaked = seen.leaked;
    row.restarts = seen.restarts;
    row.neighbours = seen.neighbours;
    row.detail = match end {
        HostEnd::Survived => Some(seen.detail.into_iter().chain(told).collect::<Vec<_>>().join("; ")),
        HostEnd::Died(how) => Some(how.clone()),
        HostEnd::TooBig(held) => {
            row.peak_rss_bytes = Some(*held);
            Some(format!("killed at its memory limit: it held {}", ByteSize::b(*held)))
        }
    };
    row.verdict = Some(verdict(&row));
    row
}

/// What the row's own fields do not say.
fn what_else(seen: &Sighting) -> Option<String> {
    let lost = seen.losses.first().map(|how| format!("an innocent job was lost: {how}"));
    let threads =
        (!seen.leaked_threads.is_empty()).then(|| format!("left {}", seen.leaked_threads.join(", ")));
    let all: Vec<String> = lost.into_iter().chain(threads).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn verdict(row: &Containment) -> ContainmentVerdict {
    if !row.host_survived {
        ContainmentVerdict::HostKilled
    } else if row.neighbours.lost > 0 || !row.leftovers.is_empty() {
        ContainmentVerdict::NeighboursHurt
    } else if !is_expected(row.outcome, &row.expected)
        || row.recovery_ms.is_none_or(|took| took > PROMPT_MS)
        || row.leaked.total() > 0
    {
        ContainmentVerdict::Degraded
    } else {
        ContainmentVerdict::Contained
    }
}

/// Nothing declared, nothing wrong; but an outcome there must be.
fn is_expected(outcome: Option<OutcomeKind>, expected: &[OutcomeKind]) -> bool {
    outcome.is_some_and(|outcome| expected.is_empty() || expected.contains(&outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::{Isolation, Reuse};
    use crate::record::{Leaked, Neighbours};

    fn row() -> Containment {
        let expected = vec![OutcomeKind::Timeout];
        let script = ("loop/plain".to_owned(), Some("loop".to_owned()), expected);
        Containment::untried(script, "boa", Isolation::Thread, Reuse::Reset)
    }

    fn good() -> Sighting {
        Sighting {
            complete: true,
            detail: Some("stopped".to_owned()),
            outcome: Some(OutcomeKind::Timeout),
            recovery_ms: Some(3.0),
            ..Sighting::default()
        }
    }

    #[test]
    fn the_worst_that_applies_is_the_verdict() {
        use ContainmentVerdict::{Contained, Degraded, HostKilled, NeighboursHurt};
        let lived = HostEnd::Survived;
        let died = HostEnd::Died("signal 6 (SIGABRT)".to_owned());
        let lost = Neighbours { submitted: 9, lost: 1, ..Neighbours::default() };
        let losses = vec!["rejected: the queue is full".to_owned()];
        let leaked = Leaked { threads: 1, children: 0 };
        let leaked_threads = vec!["worker".to_owned()];
        for (seen, end, verdict, detail) in [
            (good(), &lived, Contained, "stopped"),
            (Sighting { outcome: Some(OutcomeKind::Ok), ..good() }, &lived, Degraded, "stopped"),
            (Sighting { outcome: None, ..good() }, &lived, Degraded, "stopped"),
            (Sighting { recovery_ms: None, ..good() }, &lived, Degraded, "stopped"),
            (Sighting { recovery_ms: Some(1500.0), ..good() }, &lived, Degraded, "stopped"),
            (Sighting { leaked, leaked_threads, ..good() }, &lived, Degraded, "stopped; left worker"),
            (
                Sighting { leaked, neighbours: lost.clone(), losses, ..good() },
                &lived,
                NeighboursHurt,
                "stopped; an innocent job was lost: rejected: the queue is full",
            ),
            (Sighting { leftovers: vec!["loot".to_owned()], ..good() }, &lived, NeighboursHurt, "stopped"),
            (Sighting { neighbours: lost, ..good() }, &died, HostKilled, "signal 6 (SIGABRT)"),
            (good(), &HostEnd::TooBig(3 << 30), HostKilled, "killed at its memory limit: it held 3.0 GiB"),
        ] {
            let judged = judge(row(), seen, end);
            assert_eq!(
                (judged.verdict, judged.detail.as_deref()),
                (Some(verdict), Some(detail)),
                "{judged:?}"
            );
        }
        let undeclared = Containment { expected: Vec::new(), ..row() };
        let judged = judge(undeclared, Sighting { outcome: Some(OutcomeKind::Ok), ..good() }, &lived);
        assert_eq!(judged.verdict, Some(Contained));
    }

    #[test]
    fn what_was_seen_before_a_host_died_is_kept() {
        let judged = judge(row(), good(), &HostEnd::TooBig(3 << 30));
        assert_eq!((judged.outcome, judged.recovery_ms), (Some(OutcomeKind::Timeout), Some(3.0)));
        assert_eq!(judged.peak_rss_bytes, Some(3 << 30));
    }
}
