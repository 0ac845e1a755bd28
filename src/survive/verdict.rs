//! From what was seen of a trial to its row.

use super::Sighting;
use crate::executor::OutcomeKind;
use crate::record::{Containment, ContainmentVerdict, Leaked};

/// What became of the host of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEnd {
    /// It lived, and ended when it was done.
    Survived,
    /// It died, so.
    Died(String),
}

/// Longest time after which the pool must have answered a good job again, milliseconds: nobody who waits for a
/// page should notice.
const PROMPT_MS: f64 = 1000.0;

/// Fills `row`, which says what was tried, with what was seen, and judges it.
pub fn judge(mut row: Containment, seen: Sighting, end: &HostEnd) -> Containment {
    row.outcome = seen.outcome;
    row.detail = seen.detail;
    row.host_survived = *end == HostEnd::Survived;
    row.ran_ms = seen.ran_ms;
    row.overrun_ms = seen.overrun_ms;
    row.peak_rss_bytes = (seen.peak_rss_bytes > 0).then_some(seen.peak_rss_bytes);
    row.recovery_ms = seen.recovery_ms;
    row.leftovers = seen.leftovers;
    row.leaked = seen.leaked;
    row.restarts = seen.restarts;
    row.neighbours = seen.neighbours;
    if let HostEnd::Died(how) = end {
        row.detail = Some(match seen.memory_passed {
            Some(held) => format!("killed at its memory limit: it held {} MiB", held >> 20),
            None => how.clone(),
        });
        row.peak_rss_bytes = row.peak_rss_bytes.or(seen.memory_passed);
    } else if let Some(reason) = reason(&row, &seen.losses, &seen.leaked_threads) {
        row.detail = Some(row.detail.map_or(reason.clone(), |detail| format!("{reason}; {detail}")));
    }
    row.verdict = Some(verdict(&row));
    row
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

/// Why a row is not contained, in words.
fn reason(row: &Containment, losses: &[String], threads: &[String]) -> Option<String> {
    let mut reasons = Vec::new();
    if row.neighbours.lost > 0 {
        let first = losses.first().map(|how| format!(" ({how})")).unwrap_or_default();
        reasons.push(format!(
            "{} of {} innocent jobs lost{first}",
            row.neighbours.lost, row.neighbours.submitted
        ));
    }
    if let Some(first) = row.leftovers.first() {
        reasons.push(format!("left over: {first}"));
    }
    if !is_expected(row.outcome, &row.expected) {
        let expected: Vec<&str> = row.expected.iter().map(|kind| kind.as_str()).collect();
        reasons.push(format!("expected {}", expected.join(" or ")));
    }
    match row.recovery_ms {
        None => reasons.push("no good job was answered after it".to_owned()),
        Some(took) if took > PROMPT_MS => reasons.push(format!("the next good job took {took:.0} ms")),
        Some(_) => {}
    }
    if row.leaked.total() > 0 {
        let named = if threads.is_empty() { String::new() } else { format!(" ({})", threads.join(", ")) };
        let Leaked { threads, children } = row.leaked;
        reasons.push(format!("left {threads} threads{named} and {children} children"));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::{Isolation, Reuse};
    use crate::record::Neighbours;

    fn row() -> Containment {
        Containment {
            script: "loop/plain".to_owned(),
            class: Some("loop".to_owned()),
            engine: "boa".to_owned(),
            isolation: Isolation::Thread,
            reuse: Reuse::Reset,
            outcome: None,
            expected: vec![OutcomeKind::Timeout],
            detail: None,
            verdict: None,
            host_survived: false,
            ran_ms: None,
            overrun_ms: None,
            peak_rss_bytes: None,
            recovery_ms: None,
            leftovers: Vec::new(),
            leaked: Leaked::default(),
            restarts: 0,
            neighbours: Neighbours::default(),
            error: None,
        }
    }

    fn good() -> Sighting {
        Sighting {
            complete: true,
            outcome: Some(OutcomeKind::Timeout),
            recovery_ms: Some(3.0),
            ..Sighting::default()
        }
    }

    #[test]
    fn the_worst_that_applies_is_the_verdict() {
        use ContainmentVerdict::{Contained, Degraded, HostKilled, NeighboursHurt};
        let died = HostEnd::Died("signal 6 (SIGABRT)".to_owned());
        let lost = Neighbours { submitted: 9, lost: 1, ..Neighbours::default() };
        let leaked = Leaked { threads: 1, children: 0 };
        for (seen, end, verdict, detail) in [
            (good(), HostEnd::Survived, Contained, None),
            (
                Sighting { outcome: Some(OutcomeKind::Ok), ..good() },
                HostEnd::Survived,
                Degraded,
                Some("expected timeout"),
            ),
            (
                Sighting { recovery_ms: None, ..good() },
                HostEnd::Survived,
                Degraded,
                Some("no good job was answered"),
            ),
            (
                Sighting { recovery_ms: Some(1500.0), ..good() },
                HostEnd::Survived,
                Degraded,
                Some("took 1500 ms"),
            ),
            (Sighting { leaked, ..good() }, HostEnd::Survived, Degraded, Some("left 1 threads")),
            (
                Sighting { leaked, neighbours: lost.clone(), ..good() },
                HostEnd::Survived,
                NeighboursHurt,
                Some("1 of 9 innocent"),
            ),
            (
                Sighting { leftovers: vec!["loot".to_owned()], ..good() },
                HostEnd::Survived,
                NeighboursHurt,
                Some("left over: loot"),
            ),
            (Sighting { neighbours: lost, ..good() }, died.clone(), HostKilled, Some("signal 6")),
            (
                Sighting { memory_passed: Some(3 << 30), ..Sighting::default() },
                died,
                HostKilled,
                Some("it held 3072 MiB"),
            ),
        ] {
            let judged = judge(row(), seen, &end);
            assert_eq!(judged.verdict, Some(verdict), "{judged:?}");
            let told = judged.detail.as_deref().unwrap_or_default();
            assert!(told.contains(detail.unwrap_or_default()), "{detail:?}: {told}");
        }
        let undeclared = Containment { expected: Vec::new(), ..row() };
        let judged =
            judge(undeclared, Sighting { outcome: Some(OutcomeKind::Ok), ..good() }, &HostEnd::Survived);
        assert_eq!(judged.verdict, Some(Contained));
    }
}
