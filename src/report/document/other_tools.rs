//! Other load tools as a table.

use crate::report::Quantity;
use crate::report::view::{Report, Told};

use super::Section;
use super::table::{Entry, Mark, Table};

/// How to read it, for whoever has not thought of it before.
const NOTES: [&str; 3] = [
    "Closed loops hide queueing (coordinated omission): a client that waits for a slow answer sends nothing meanwhile, so \
     what users would have waited is missing from their percentiles. Hold their tails against a row of an open loop. wrk \
     adds waits that it infers from its mean interval; the other tools do not say in their results which loop it was.",
    "Percentiles of different tools differ in resolution: Locust gives whole milliseconds, from 100 ms on two digits, hey \
     tenths of a millisecond, wrk's text three digits or four. A dash is a figure that a tool does not give, that is too \
     small for it, or for which there were too few requests.",
    "Where a tool and the server share a machine they share its processors: what a hungry tool takes the server lacks. \
     Tools count differently too: wrk only requests that were answered, the others also those that failed.",
];

const TITLE: &str = "The same server, seen by several tools";

/// Nothing without results of other tools.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    (!report.other_tools.is_empty()).then(|| Section {
        anchor: "other-tools",
        title: "Other load tools",
        lead: "What other tools told, as they told it, beside what jsarena measured of servers behind URLs."
            .to_owned(),
        tables: vec![table(&report.other_tools)],
        plots: Vec::new(),
    })
}

fn table(rows: &[Told]) -> Table {
    let mut table = Table::new(
        TITLE,
        &[
            "Tool",
            "Target",
            "Clients",
            "Duration",
            "Requests",
            "Requests/s",
            "p50",
            "p90",
            "p95",
            "p99",
            "p99.9",
            "Max",
            "Mean",
            "Errors",
        ],
    );
    table.columns[1].numeric = false;
    for row in rows {
        let mut entries = vec![tool(row), target(row), count(row.clients)];
        entries.push(Entry::figure(row.duration_s, Quantity::Seconds));
        entries.push(count(row.requests));
        entries.push(Entry::figure(row.requests_per_s, Quantity::Rate));
        entries.extend(row.latency.map(latency));
        entries.push(errors(row).with_note(&*row.kinds));
        table.rows.push(entries);
    }
    table.notes = NOTES.map(str::to_owned).to_vec();
    table
}

/// For a terminal, which has no room for addresses; nothing without results of other tools.
pub(in crate::report) fn brief(report: &Report<'_>) -> Option<Table> {
    let columns = ["Tool", "Source", "Rate", "p50", "p95", "p99", "Max", "Errors"];
    let mut table = Table::new("Other load tools", &columns);
    table.columns[1].numeric = false;
    for row in &report.other_tools {
        let [p50, _, p95, p99, _, max, _] = row.latency.map(latency);
        // One file of Locust has many endpoints.
        let endpoint = row.target.as_deref().filter(|target| !target.contains("://"));
        let source = Entry::text(&*row.source).with_note(endpoint.unwrap_or_default());
        let rate = Entry::figure(row.requests_per_s, Quantity::Rate);
        table.rows.push(vec![Entry::text(&*row.tool), source, rate, p50, p95, p99, max, errors(row)]);
    }
    table.notes = vec![NOTES[0].to_owned()];
    (!table.rows.is_empty()).then_some(table)
}

fn tool(row: &Told) -> Entry {
    Entry::text(&*row.tool).with_note(&*row.source)
}

fn target(row: &Told) -> Entry {
    row.target.as_deref().map_or_else(|| Entry::text("–"), Entry::text)
}

fn count(count: Option<u64>) -> Entry {
    count.map_or_else(|| Entry::figure(None, Quantity::Mean), Entry::count)
}

fn latency(time: Option<f64>) -> Entry {
    Entry::figure(time, Quantity::Latency)
}

fn errors(row: &Told) -> Entry {
    let mark = if row.errors.is_some_and(|errors| errors > 0) { Mark::Bad } else { Mark::Plain };
    count(row.errors).marked(mark)
}
