//! One containment row in words.

use crate::executor::OutcomeKind;
use crate::record::{Containment, ContainmentVerdict as Verdict};
use crate::report::Quantity;

use crate::report::view::{clean, shortened};

/// The most characters of one reason: tables group by it.
const REASON: usize = 80;
/// The most characters of a row's own account.
const DETAIL: usize = 240;

/// What became of a script in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) enum Fate {
    /// The record has no such row.
    Absent,
    /// It could not be run, for this reason.
    NotRun(String),
    /// It was run and judged.
    Judged {
        verdict: Verdict,
        /// Why it is no better verdict, without figures, so that scripts can be grouped by it; empty when contained.
        why: String,
        /// The row in one line, with its figures.
        told: String,
    },
}

impl Fate {
    pub(super) fn of(row: &Containment) -> Self {
        match row.verdict {
            Some(verdict) => Self::Judged { verdict, why: why(row, verdict), told: told(row, verdict) },
            None => Self::NotRun(why_not_run(row)),
        }
    }

    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Judged { verdict, .. } => Some(*verdict),
            Self::Absent | Self::NotRun(_) => None,
        }
    }
}

pub(super) fn why_not_run(row: &Containment) -> String {
    clean(row.error.as_deref().unwrap_or("it has neither a verdict nor a reason"))
}

/// A verdict in words.
pub(in crate::report) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Contained => "contained",
        Verdict::Degraded => "degraded",
        Verdict::NeighboursHurt => "neighbours hurt",
        Verdict::HostKilled => "host killed",
    }
}

/// A verdict in one letter, so that colour is never all that tells.
pub(in crate::report) fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Contained => "C",
        Verdict::Degraded => "D",
        Verdict::NeighboursHurt => "N",
        Verdict::HostKilled => "K",
    }
}

fn outcome_word(outcome: OutcomeKind) -> String {
    outcome.as_str().replace('_', " ")
}

fn why(row: &Containment, verdict: Verdict) -> String {
    match verdict {
        Verdict::Contained => return String::new(),
        Verdict::HostKilled => {
            // Up to its first colon: what follows differs from script to script.
            let how = row.detail.as_deref().map(clean);
            let how = how.as_deref().map(|how| how.split(": ").next().unwrap_or(how));
            return how.map_or_else(|| "nobody saw how".to_owned(), |how| shortened(how, REASON));
        }
        Verdict::Degraded | Verdict::NeighboursHurt => {}
    }
    let mut reasons = Vec::new();
    if row.neighbours.lost > 0 {
        reasons.push("innocent jobs lost".to_owned());
    }
    reasons
        .extend(row.leftovers.iter().map(|left| format!("left over: {}", shortened(&clean(left), REASON))));
    reasons.extend(unexpected(row));
    if row.outcome.is_none() {
        reasons.push("no outcome".to_owned());
    }
    if row.leaked.threads > 0 {
        reasons.push("threads leaked".to_owned());
    }
    if row.leaked.children > 0 {
        reasons.push("child processes leaked".to_owned());
    }
    if row.recovery_ms.is_none() {
        reasons.push("the pool never recovered".to_owned());
    }
    // By elimination: nothing else degrades a row.
    if reasons.is_empty() {
        reasons.push(
            match verdict {
                Verdict::Degraded => "slow to recover",
                _ => "innocent jobs hurt",
            }
            .to_owned(),
        );
    }
    reasons.join("; ")
}

/// `ok instead of timeout`.
fn unexpected(row: &Containment) -> Option<String> {
    let outcome = row.outcome?;
    if row.expected.is_empty() || row.expected.contains(&outcome) {
        return None;
    }
    // Scripts name the same outcomes in different orders; sorted, they stand together.
    let mut expected = row.expected.clone();
    expected.sort();
    let expected: Vec<String> = expected.into_iter().map(outcome_word).collect();
    Some(format!("{} instead of {}", outcome_word(outcome), expected.join(" or ")))
}

/// The row's own account of itself, or what its figures say where it has none; and how long it all took.
fn told(row: &Containment, verdict: Verdict) -> String {
    let millis = |time: f64| Quantity::Latency(time * 1e3).to_string();
    let mut parts = Vec::new();
    let outcome = row.outcome.map(outcome_word);
    match row.detail.as_deref().map(|detail| shortened(&clean(detail), DETAIL)) {
        Some(detail) => {
            parts.extend(outcome.filter(|outcome| !detail.contains(outcome.as_str())));
            parts.push(detail);
        }
        None => {
            parts.extend(outcome);
            let why = why(row, verdict);
            parts.extend((!why.is_empty()).then_some(why));
        }
    }
    if let Some(time) = row.overrun_ms.filter(|time| *time > 0.0) {
        parts.push(format!("overran by {}", millis(time)));
    }
    if row.host_survived {
        let never = || "never recovered".to_owned();
        parts.push(row.recovery_ms.map_or_else(never, |time| format!("recovered in {}", millis(time))));
    }
    format!("{}: {}", word(verdict), parts.join("; "))
}
