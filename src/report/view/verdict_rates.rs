//! How often comparisons were right: counted, together over the servers, and in a sentence.

use crate::record::{Asked, RunRecord, VerdictRate};
use crate::report::Quantity;

use super::text::list;

/// What came of the comparisons that were counted.
#[derive(Debug)]
pub(in crate::report) struct VerdictRates {
    /// Of each server.
    pub rows: Vec<VerdictRate>,
    /// Of all servers together: what is judged.
    pub together: Vec<VerdictRate>,
    pub headline: String,
}

/// Nothing where none were counted.
pub(super) fn verdict_rates(record: &RunRecord) -> Option<VerdictRates> {
    let rows = record.verdicts.clone();
    let together = VerdictRate::together(&rows);
    (!rows.is_empty()).then(|| VerdictRates { headline: headline(&together), rows, together })
}

fn headline(together: &[VerdictRate]) -> String {
    let same: Vec<&VerdictRate> = together.iter().filter(|rate| rate.asked() == Asked::Same).collect();
    let told = |rate: &&VerdictRate| format!("{} by {}", Quantity::Share(rate.different()), rate.metric);
    let compared = same.first().map_or(0, |rate| rate.comparisons());
    let found: Vec<String> = together
        .iter()
        .filter(|rate| rate.asked() == Asked::Found)
        .map(|rate| {
            let injected = Quantity::Share(rate.injected);
            format!(
                "{injected} more service time was found in {} by {}",
                Quantity::Share(rate.found()),
                rate.metric
            )
        })
        .collect();
    let holds = if together.iter().all(VerdictRate::is_as_asked) { "hold" } else { "do not hold" };
    format!(
        "The verdicts {holds}: of {} comparisons of a server with itself were called different {}; {}.",
        Quantity::Count(compared.into()),
        list(&same.iter().map(told).collect::<Vec<_>>()),
        list(&found)
    )
}
