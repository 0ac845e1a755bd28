//! The starts as tables.

use crate::record::Spread;
use crate::report::Quantity;
use crate::report::view::{Report, Started, plural};

use super::Section;
use super::table::{Entry, Mark, Table};

/// Nothing without startup rows.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    (!report.started.is_empty()).then(|| Section {
        anchor: "startup",
        title: "Cold start",
        lead: "From nothing to an answer, each time in a fresh process whose program file is in the page cache. Process: \
               until it says that it is there. Engine: the first isolate, with all that is done once a process. Load: \
               setup and compilation, or taking up what was compiled before. With a snapshot the isolate comes with \
               all that in its heap, and load only finds the script there. First result: these and the first call. \
               Isolate: a second one beside the first. Figures are medians; the lowest and the highest follow the first \
               result, and behind a load with an aid stands what part it is of one without."
            .to_owned(),
        tables: report.started.iter().map(|started| table(report, started)).collect(),
        plots: Vec::new(),
    })
}

fn table(report: &Report<'_>, started: &Started) -> Table {
    let columns =
        ["Engine", "Aid", "First result", "Process", "Engine", "Load", "First call", "Next call", "Isolate"];
    let mut table = Table::new(&*report.workloads[started.workload].name, &columns);
    table.columns[1].numeric = false;
    for start in &started.starts {
        let engine = &report.engines[start.engine];
        let aid = Entry::text(start.aid.as_str().replace('_', " "));
        let aid = match start.aid_bytes {
            Some(bytes) => aid.with_note(Quantity::Bytes(bytes).to_string()),
            None => aid,
        };
        let head = vec![Entry::engine(start.engine, engine), aid];
        let times = match &start.times {
            Ok(times) => times,
            Err(why) => {
                table.push_without_figures(head, why);
                continue;
            }
        };
        let median = |spread: Spread| Entry::figure(Some(spread.median), Quantity::Latency);
        let Spread { min, max, .. } = times.first_result_us;
        let range = format!(
            "{} to {}; {}",
            Quantity::Latency(min),
            Quantity::Latency(max),
            plural(start.repetitions.into(), "start")
        );
        let first = median(times.first_result_us).with_note(range);
        let first = first.marked(if start.is_soonest { Mark::Best } else { Mark::Plain });
        let load = match start.load_ratio {
            Some(ratio) => median(times.load_us).with_note(Quantity::Share(ratio).to_string()),
            None => median(times.load_us),
        };
        let mut row = head;
        row.extend([first, median(times.process_us), median(times.engine_us), load]);
        row.extend([times.first_call_us, times.next_call_us, times.isolate_us].map(median));
        table.rows.push(row);
    }
    table
}
