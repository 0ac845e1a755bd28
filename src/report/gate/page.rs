//! The gate for people: a terminal, or a comment on a pull request.

use super::{Gate, GateRow};
use crate::report::document::{Entry, Mark, Shown, Table};
use crate::report::view::{plural, some_of};
use crate::report::{Quantity, markdown, terminal};
use crate::stats::compare::{ComparisonVerdict, Metric};

/// Rows that a terminal shows of each kind.
const SHOWN: usize = 20;

/// What it came to, in one sentence.
pub(super) fn headline(gate: &Gate) -> String {
    let count = |verdict| gate.of(verdict).count() as u64;
    let told = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", Quantity::Count(count)));
    let worse = [
        told(gate.broken.len() as u64, if gate.broken.len() == 1 { "cell broke" } else { "cells broke" }),
        told(count(ComparisonVerdict::Slower), "got worse"),
    ];
    let worse: Vec<String> = worse.into_iter().flatten().collect();
    let rest: Vec<String> = [
        told(count(ComparisonVerdict::Faster), "got better"),
        told(count(ComparisonVerdict::NoDifference), "did not change"),
        told(count(ComparisonVerdict::NotEnoughData), "had not enough data to tell"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let of = plural(gate.rows.len() as u64, "figure");
    let rest = if rest.is_empty() { "nothing else".to_owned() } else { rest.join(", ") };
    if worse.is_empty() {
        format!("Passed: nothing got worse. Of {of}, {rest}.")
    } else {
        let places: Vec<String> = gate
            .broken
            .iter()
            .map(|broken| broken.cell.place())
            .chain(
                gate.of(ComparisonVerdict::Slower)
                    .map(|row| format!("{} of {}", row.metric, row.cell.place())),
            )
            .collect();
        format!("Failed: {} ({}). Of {of}, {rest}.", worse.join(", "), some_of(&places, 3))
    }
}

/// What became of one figure, in words.
pub(super) fn change(row: &GateRow) -> String {
    let figure = |figure: Option<f64>| entry(row.metric, figure).text;
    let (Some(ratio), Some([low, high]), Some(p)) = (row.ratio, row.interval, row.p) else {
        return "too few jobs or rounds to tell".to_owned();
    };
    format!(
        "{}: {} after {}, {} ({} – {}), p {p:.4}, counts from {}",
        row.verdict.as_str(),
        figure(row.new),
        figure(row.base),
        Quantity::Ratio(ratio),
        Quantity::Ratio(low),
        Quantity::Ratio(high),
        Quantity::Share(row.threshold)
    )
}

fn entry(metric: Metric, figure: Option<f64>) -> Entry {
    Entry::figure(figure, |value| metric.quantity(value))
}

pub(super) fn text(gate: &Gate) -> String {
    let mut text = terminal::wrapped(&gate.headline, "");
    for (title, verdict) in
        [("Got worse", ComparisonVerdict::Slower), ("Got better", ComparisonVerdict::Faster)]
    {
        let rows: Vec<&GateRow> = gate.of(verdict).collect();
        if !rows.is_empty() {
            let shown = table(rows.iter().copied().take(SHOWN));
            text.push_str(&format!("\n{title}\n{}", terminal::table(&shown)));
            if rows.len() > SHOWN {
                text.push_str(&format!("and {} more (--format json has all)\n", rows.len() - SHOWN));
            }
        }
    }
    for broken in &gate.broken {
        text.push_str(&terminal::wrapped(&format!("! {}: {}", broken.cell.place(), broken.reason), "  "));
    }
    for note in &gate.notes {
        text.push_str(&terminal::wrapped(&format!("- {note}"), "  "));
    }
    text
}

pub(super) fn markdown(gate: &Gate) -> String {
    let escaped = |text: &str| markdown::escape(text);
    let sign = if gate.passed { "✅" } else { "❌" };
    let mut text = format!("## {sign} jsarena gate\n\n{}\n\n", escaped(&gate.headline));
    text.push_str(&format!("New: {} · old: {}\n\n", escaped(&gate.new), escaped(&gate.base)));
    if !gate.broken.is_empty() {
        text.push_str("### Broke\n\n");
        for broken in &gate.broken {
            text.push_str(&format!("- **{}**: {}\n", escaped(&broken.cell.place()), escaped(&broken.reason)));
        }
        text.push('\n');
    }
    for (title, verdict, folded) in [
        ("Got worse", ComparisonVerdict::Slower, false),
        ("Got better", ComparisonVerdict::Faster, false),
        ("Had not enough data", ComparisonVerdict::NotEnoughData, true),
        ("Did not change", ComparisonVerdict::NoDifference, true),
    ] {
        let rows: Vec<&GateRow> = gate.of(verdict).collect();
        if rows.is_empty() {
            continue;
        }
        let written = markdown::table(&table(rows.iter().copied()));
        if folded {
            let count = plural(rows.len() as u64, "figure");
            text.push_str(&format!(
                "<details><summary>{title}: {count}</summary>\n\n{written}\n</details>\n\n"
            ));
        } else {
            text.push_str(&format!("### {title}\n\n{written}\n"));
        }
    }
    for note in &gate.notes {
        text.push_str(&format!("- {}\n", escaped(note)));
    }
    text.trim_end().to_owned() + "\n"
}

fn table<'a>(rows: impl Iterator<Item = &'a GateRow>) -> Table {
    let heads = ["Cell", "Figure", "Old", "New", "New : old", "Counts from"];
    let mut table = Table::new("", &heads);
    table.columns[1].numeric = false;
    for row in rows {
        let ratio = Entry::figure(row.ratio, Quantity::Ratio);
        let ratio = match row.interval {
            Some([low, high]) => {
                ratio.with_note(format!("{} – {}", Quantity::Ratio(low), Quantity::Ratio(high)))
            }
            None => ratio.with_note("too few jobs or rounds"),
        };
        let mark = if row.verdict == ComparisonVerdict::Slower { Mark::Bad } else { Mark::Plain };
        table.rows.push(vec![
            Entry::text(row.cell.place()),
            Entry::text(row.metric.as_str()),
            entry(row.metric, row.base),
            entry(row.metric, row.new),
            ratio.marked(mark),
            Entry::figure(Some(row.threshold), Quantity::Share),
        ]);
    }
    table
}
