//! The tables of the scorecard.

use serde::Serialize;

use crate::record::ContainmentVerdict as Verdict;
use crate::report::Quantity;
use crate::report::view::{
    Class, Column, Counts, Group, Recovery, Report, Scorecard, letter, list, plural, shortened, some_of, word,
};

use super::map::{Bars, ClassMap, bars, class_map};
use super::table::{Entry, Mark, Table};

/// Where it sorts that a pool never recovered: behind every time.
const NEVER: f64 = 1e15;
/// Scripts that a digest names before it says how many more there are.
const NAMED: usize = 4;
/// The most characters of a reason that stands instead of figures.
const REASON: usize = 100;

/// The scorecard laid out.
#[derive(Debug, Serialize)]
pub(in crate::report) struct ContainmentSection {
    pub lead: String,
    pub bars: Vec<Bars>,
    pub summary: Table,
    pub classes: Table,
    /// Heat maps, for pages that can show them.
    pub maps: Vec<ClassMap>,
    /// What was not contained, a table an isolation.
    pub faults: Vec<Table>,
    pub not_run: Option<Table>,
}

/// The section of a report, if it has containment rows.
pub(super) fn section(report: &Report<'_>) -> Option<ContainmentSection> {
    let scorecard = report.scorecard.as_ref()?;
    Some(ContainmentSection {
        lead: lead(scorecard),
        bars: bars(report, scorecard),
        summary: summary(report, scorecard),
        classes: classes(report, scorecard),
        maps: scorecard.classes.iter().map(|class| class_map(report, scorecard, class)).collect(),
        faults: scorecard.groups.iter().filter_map(|group| faults(report, group)).collect(),
        not_run: not_run(report, scorecard),
    })
}

fn lead(scorecard: &Scorecard) -> String {
    format!(
        "Each of {} ran in a fresh host process on each engine under each isolation, with innocent jobs beside it.",
        plural(scorecard.scripts, "hostile script")
    )
}

/// Every figure, a row for each engine and isolation.
pub(in crate::report) fn summary(report: &Report<'_>, scorecard: &Scorecard) -> Table {
    let columns = [
        "Engine",
        "Isolation",
        "Scripts",
        "Contained",
        "Degraded",
        "Neighbours hurt",
        "Host killed",
        "Worst overrun",
        "Recovery p99",
        "Recovery max",
        "Replaced: max",
        "Innocent jobs lost",
        "Innocent p99 ÷ quiet",
        "Leaked",
        "Peak RSS",
    ];
    let mut table = Table::new("Engines × isolations", &columns);
    table.columns[1].numeric = false;
    for (group, column) in scorecard.columns() {
        let tally = &column.tally;
        let mut row =
            vec![name(report, column), Entry::text(&*group.name), Entry::count(tally.counts.total())];
        row.push(contained_share(tally.counts));
        row.extend(FAULTS.map(|verdict| {
            let count = tally.counts.get(verdict);
            Entry::count(count).judged((count > 0).then_some(verdict))
        }));
        row.extend([
            overrun(column).with_note(overrun_note(column)),
            recovery(tally.recovery.p99),
            recovery(tally.recovery.max).with_note(never(tally.recovery)),
            recovery(tally.recovery_of_replaced.max).with_note(of_count(tally.recovery_of_replaced)),
            Entry::faults(tally.lost).with_note(format!("of {}", Quantity::Count(tally.submitted))),
            slowdown(column).with_note(
                tally.p99.map_or(String::new(), |(beside, _)| Quantity::Latency(beside).to_string()),
            ),
            Entry::faults(tally.leaked),
            peak(column).with_note(tally.peak.as_ref().map_or("", |(_, script)| script)),
        ]);
        table.rows.push(row);
    }
    table
}

/// The same for a terminal: what fits its width.
pub(in crate::report) fn brief_summary(report: &Report<'_>, scorecard: &Scorecard) -> Table {
    let columns = ["Engine", "Isolation", "Contained", "Otherwise", "Overrun", "Recovery", "p99", "Peak RSS"];
    let mut table = Table::new("Containment", &columns);
    table.columns[1].numeric = false;
    table.columns[3].numeric = false;
    for (group, column) in scorecard.columns() {
        let tally = &column.tally;
        table.rows.push(vec![
            name(report, column),
            Entry::text(&*group.name),
            contained_of(tally.counts),
            Entry::text(letters(tally.counts)),
            overrun(column),
            recovery(tally.recovery.max),
            slowdown(column),
            peak(column),
        ]);
    }
    table
}

/// What its letters and figures mean.
pub(in crate::report) fn brief_key() -> String {
    format!(
        "{}; overrun, recovery and RSS are the worst; p99 is that of innocent jobs as a multiple of theirs in quiet.",
        key()
    )
}

/// What is not contained, mildest first.
const FAULTS: [Verdict; 3] = [Verdict::Degraded, Verdict::NeighboursHurt, Verdict::HostKilled];

fn name(report: &Report<'_>, column: &Column) -> Entry {
    Entry::engine(column.engine, &report.engines[column.engine])
}

fn contained_share(counts: Counts) -> Entry {
    let all = counts.worst() == Some(Verdict::Contained);
    Entry::figure(Some(share(counts)), Quantity::Share).marked(if all { Mark::Best } else { Mark::Plain })
}

fn share(counts: Counts) -> f64 {
    counts.contained() as f64 / counts.total().max(1) as f64
}

fn contained_of(counts: Counts) -> Entry {
    let text = format!("{}/{}", Quantity::Count(counts.contained()), Quantity::Count(counts.total()));
    Entry { numeric: true, sort: Some(share(counts)), ..Entry::text(text) }.judged(counts.worst())
}

fn overrun(column: &Column) -> Entry {
    Entry::figure(column.tally.overrun.as_ref().map(|(time, _)| *time), |time| Quantity::Latency(time * 1e3))
}

fn overrun_note(column: &Column) -> String {
    let script =
        column.tally.overrun.as_ref().filter(|(time, _)| *time > 0.0).map(|(_, script)| script.clone());
    let endless = match column.tally.endless {
        0 => None,
        count => Some(format!("{} unknown", Quantity::Count(count))),
    };
    script.into_iter().chain(endless).collect::<Vec<_>>().join("; ")
}

fn recovery(time: Option<f64>) -> Entry {
    match time {
        Some(time) if time.is_infinite() => {
            Entry { numeric: true, sort: Some(NEVER), ..Entry::text("never") }.judged(Some(Verdict::Degraded))
        }
        time => Entry::figure(time, |time| Quantity::Latency(time * 1e3)),
    }
}

fn of_count(recovery: Recovery) -> String {
    if recovery.count == 0 { String::new() } else { format!("of {}", recovery.count) }
}

fn never(recovery: Recovery) -> String {
    match recovery.never {
        0 => String::new(),
        count => format!("{} did not", plural(count, "pool")),
    }
}

fn slowdown(column: &Column) -> Entry {
    let ratio = column.tally.p99.filter(|(_, quiet)| *quiet > 0.0).map(|(beside, quiet)| beside / quiet);
    Entry::figure(ratio, Quantity::Ratio)
}

fn peak(column: &Column) -> Entry {
    match &column.tally.peak {
        Some((bytes, _)) => Entry::bytes(*bytes),
        None => Entry { numeric: true, ..Entry::text("–") },
    }
}

/// Contained of run, by class and column, with the letters of what was not.
fn classes(report: &Report<'_>, scorecard: &Scorecard) -> Table {
    let mut table = Table::new("Classes of harm", &["Class", "Scripts"]);
    table.lead = format!("Contained of run. Otherwise {}.", key());
    table.columns.extend(
        scorecard
            .columns()
            .map(|(group, column)| Entry { numeric: true, ..name(report, column).with_note(&*group.name) }),
    );
    for class in &scorecard.classes {
        let mut row = vec![Entry::text(class_name(class)), Entry::count(class.scripts.len() as u64)];
        row.extend((0..table.columns.len() - 2).map(|column| {
            let counts = class.counts(column);
            if counts.total() == 0 {
                Entry::nothing()
            } else {
                contained_of(counts).with_note(letters(counts))
            }
        }));
        table.rows.push(row);
    }
    table
}

pub(super) fn class_name(class: &Class) -> &str {
    if class.name.is_empty() { "without a class" } else { &class.name }
}

/// `D degraded, N neighbours hurt, K host killed`.
fn key() -> String {
    FAULTS.map(|verdict| format!("{} {}", letter(verdict), word(verdict))).join(", ")
}

/// `2 K, 1 D`, worst first.
pub(super) fn letters(counts: Counts) -> String {
    let told = FAULTS.into_iter().rev().filter(|verdict| counts.get(*verdict) > 0);
    let told: Vec<String> =
        told.map(|v| format!("{} {}", Quantity::Count(counts.get(v)), letter(v))).collect();
    told.join(", ")
}

/// What was not contained under one isolation, by engine and reason, worst first; nothing when all was.
fn faults(report: &Report<'_>, group: &Group) -> Option<Table> {
    let mut table = Table::new(&*group.name, &["Verdict", "Engine", "Scripts", "Why", "Which"]);
    for place in [1, 3, 4] {
        table.columns[place].numeric = false;
    }
    for verdict in FAULTS.into_iter().rev() {
        for column in &group.columns {
            for fault in column.faults.iter().filter(|fault| fault.verdict == verdict) {
                table.rows.push(vec![
                    Entry::text(word(verdict)).judged(Some(verdict)),
                    name(report, column),
                    Entry::count(fault.scripts.len() as u64),
                    Entry::text(&*fault.why),
                    Entry::text(fault.scripts.join(", ")),
                ]);
            }
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn not_run(report: &Report<'_>, scorecard: &Scorecard) -> Option<Table> {
    let mut table = Table::new("Not run", &["Engine", "Isolation", "Rows", "Why"]);
    table.columns[1].numeric = false;
    table.columns[3].numeric = false;
    table.rows.extend(scorecard.not_run.iter().map(|not_run| {
        vec![
            Entry::engine(not_run.engine, &report.engines[not_run.engine]),
            Entry::text(list(&not_run.groups)),
            Entry::count(not_run.rows),
            Entry::text(&*not_run.reason).marked(Mark::Missing),
        ]
    }));
    (!table.rows.is_empty()).then_some(table)
}

/// For a digest: a line for each engine and isolation under which the host died, with the scripts, then what could
/// not be run.
pub(in crate::report) fn brief_lines(report: &Report<'_>, scorecard: &Scorecard) -> Vec<String> {
    let mut lines = Vec::new();
    for (group, column) in scorecard.columns() {
        let killers = column.faults.iter().filter(|fault| fault.verdict == Verdict::HostKilled);
        let scripts: Vec<String> = killers.flat_map(|fault| fault.scripts.iter().cloned()).collect();
        if !scripts.is_empty() {
            let engine = &report.engines[column.engine].name;
            lines.push(format!("Killed the host, {engine} {}: {}.", group.name, some_of(&scripts, NAMED)));
        }
    }
    // The verdict tells of an engine that is not there.
    for not_run in scorecard.not_run.iter().filter(|not_run| report.engines[not_run.engine].missing.is_none())
    {
        lines.push(format!(
            "Not run, {} {}: {} ({}).",
            report.engines[not_run.engine].name,
            list(&not_run.groups),
            plural(not_run.rows, "row"),
            shortened(&not_run.reason, REASON)
        ));
    }
    lines
}
