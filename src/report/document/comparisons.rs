//! Engines held against one another, as tables.

use crate::record::Comparison;
use crate::report::Quantity;
use crate::report::view::{Pair, Report, Row, Setting};
use crate::stats::compare::ComparisonVerdict;

use super::table::{Entry, Mark, Table};
use super::{Section, row_name};

/// Nothing without comparisons.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let comparisons = report.comparisons();
    let [least, most] = comparisons.minimal_effects()?;
    let effect = if least < most {
        format!("{} to {}", Quantity::Share(least), Quantity::Share(most))
    } else {
        Quantity::Share(least).to_string()
    };
    Some(Section {
        anchor: "comparisons",
        title: "Differences",
        lead: format!(
            "The first engine's figure divided by the second's, with its 95 % interval over the rounds; of a \
             percentile over typical rounds, where that tells more. Over all workloads, the geometric mean of those that both completed with jobs enough. Faster and slower are said of the first engine, where the \
             difference is significant after the correction for the number of comparisons, and not below {effect} (the \
             minimal effect, or the A/A floor if that is larger). {}.",
            comparisons.told()
        ),
        tables: report.ranked().filter_map(|setting| over_all(report, setting)).collect(),
        plots: Vec::new(),
    })
}

/// Geometric means over the workloads that both engines completed.
pub(in crate::report) fn over_all(report: &Report<'_>, setting: &Setting) -> Option<Table> {
    let row = setting.rows.first()?;
    // One workload is its own mean.
    let of_all = setting.rows.len() > 1;
    let over = if of_all { "all workloads" } else { &row.label };
    let title = format!("{}, {over}", setting.name);
    let mut table = Table::new(title, &["Engines", "Throughput", "p50", "p95", "p99"]);
    let pairs = report.pairs(setting, row, of_all);
    table.rows = pairs.iter().map(|pair| line(names(report, pair), pair)).collect();
    (!table.rows.is_empty()).then_some(table)
}

/// The pairs of one workload, under every setting.
pub(super) fn of_rows(report: &Report<'_>, rows: &[(&Setting, &Row)]) -> Option<Table> {
    let heads = ["Engines", "Throughput", "p50", "p95", "p99"];
    let mut table = Table::new("Differences", &heads);
    for (setting, row) in rows {
        for pair in report.pairs(setting, row, false) {
            let name = format!("{}, {}", names(report, &pair), row_name(setting, row));
            table.rows.push(line(name, &pair));
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn names(report: &Report<'_>, pair: &Pair<'_>) -> String {
    let [a, b] = pair.engines.map(|place| &*report.engines[place].name);
    format!("{a} : {b}")
}

fn line(name: String, pair: &Pair<'_>) -> Vec<Entry> {
    let figures = pair.metrics.iter().map(|comparison| match comparison {
        Some(comparison) => entry(comparison),
        None => Entry::figure(None, Quantity::Ratio).with_note("too few jobs").marked(Mark::Missing),
    });
    std::iter::once(Entry::text(name)).chain(figures).collect()
}

fn entry(comparison: &Comparison) -> Entry {
    let Comparison { ratio, interval: [low, high], verdict, .. } = *comparison;
    let mark = match verdict {
        ComparisonVerdict::Faster | ComparisonVerdict::Slower => Mark::Plain,
        ComparisonVerdict::NoDifference => Mark::Same,
        ComparisonVerdict::NotEnoughData => Mark::Missing,
    };
    let range = format!("{} – {}", Quantity::Ratio(low), Quantity::Ratio(high));
    Entry::figure(Some(ratio), Quantity::Ratio)
        .with_note(format!("{}; {range}", verdict.as_str()))
        .marked(mark)
}
