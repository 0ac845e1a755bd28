//! The scorecard in one sentence.

use crate::record::ContainmentVerdict as Verdict;
use crate::report::Quantity;
use crate::report::view::Engine;
use crate::report::view::text::{list, plural};

use super::{Column, Group, Scorecard};

/// What each isolation contained, and how often it did not.
pub(in crate::report::view) fn headline(scorecard: &Scorecard, engines: &[Engine]) -> String {
    let scripts = plural(scorecard.scripts, "hostile script");
    if scorecard.groups.is_empty() {
        return format!("None of {scripts} could be run.");
    }
    let groups: Vec<String> =
        scorecard.groups.iter().enumerate().map(|(place, group)| of_group(place, group, engines)).collect();
    format!("{scripts}: {}.", groups.join("; "))
}

fn of_group(place: usize, group: &Group, engines: &[Engine]) -> String {
    let total = group.total();
    // The verb once; the eye finds the figures.
    let verb = if place == 0 { " contained" } else { "" };
    let of = format!(
        "{}{verb} {} of {}",
        group.name,
        Quantity::Count(total.contained()),
        Quantity::Count(total.total())
    );
    if total.contained() == total.total() {
        return match group.columns.as_slice() {
            [only] => format!("{of} on {}", engines[only.engine].name),
            columns => format!("{of} on all {} engines", columns.len()),
        };
    }
    let told = [
        (Verdict::HostKilled, "killed the host"),
        (Verdict::NeighboursHurt, "hurt neighbours"),
        (Verdict::Degraded, "degraded"),
    ];
    let faults: Vec<String> = told
        .into_iter()
        .filter(|(verdict, _)| total.get(*verdict) > 0)
        .map(|(verdict, what)| {
            let text = format!("{} {what}", Quantity::Count(total.get(verdict)));
            match verdict {
                // The gravest is worth its names; the tables have all of them.
                Verdict::HostKilled => format!("{text} ({})", by_engine(&group.columns, verdict, engines)),
                _ => text,
            }
        })
        .collect();
    format!("{of}, while {}", list(&faults))
}

/// `boa 21, quickjs 3`, most first.
fn by_engine(columns: &[Column], verdict: Verdict, engines: &[Engine]) -> String {
    let mut counts: Vec<(u64, usize)> =
        columns.iter().map(|column| (column.tally.counts.get(verdict), column.engine)).collect();
    counts.retain(|(count, _)| *count > 0);
    counts.sort_by_key(|&(count, engine)| (std::cmp::Reverse(count), engine));
    let name =
        |(count, engine): &(u64, usize)| format!("{} {}", engines[*engine].name, Quantity::Count(*count));
    counts.iter().map(name).collect::<Vec<_>>().join(", ")
}
