//! Memory as tables.

use crate::record::{MemoryFigures, Slope};
use crate::report::Quantity;
use crate::report::view::{Report, Taken, clean};

use super::Section;
use super::table::{Entry, Mark, Table};

/// Nothing without footprint rows.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    (!report.taken.is_empty()).then(|| Section {
        anchor: "footprint",
        title: "Memory",
        lead: "Each isolate on a thread of its own, with the workload loaded and called once. An isolate: the slope of \
               resident memory over their number (Theil–Sen, with its 95 % interval). Worker process: its proportional set \
               size, which counts what it shares by its share. Growth: what 1,000 jobs leave in the process, and in the \
               engine's own heap, under reuse keep; marked where the interval lies above nought. Smallest heap: the least \
               limit under which all calls answered rightly, to 5 %, each probe in a fresh process."
            .to_owned(),
        tables: report.taken.iter().map(|taken| table(report, taken)).collect(),
        plots: Vec::new(),
    })
}

fn table(report: &Report<'_>, taken: &Taken) -> Table {
    let columns =
        ["Engine", "An isolate", "First isolate", "Worker process", "Growth", "Heap growth", "Smallest heap"];
    let mut table = Table::new(&*report.workloads[taken.workload].name, &columns);
    for (place, figures) in &taken.engines {
        let engine = &report.engines[*place];
        let head = Entry::engine(*place, engine);
        match figures {
            Ok(figures) => {
                table.rows.push(std::iter::once(head).chain(row(figures)).collect());
                table.notes.extend(reasons(&engine.name, figures));
            }
            Err(why) => table.push_without_figures(vec![head], why),
        }
    }
    table
}

fn row(figures: &MemoryFigures) -> [Entry; 6] {
    let bytes = |bytes: Option<u64>| bytes.map_or_else(Entry::nothing, Entry::bytes);
    let first = figures.isolates.first().map(|point| point.rss_bytes.saturating_sub(figures.base_bytes));
    let growth = figures.growth.as_ref();
    let size = |bytes: f64| Quantity::Bytes(bytes.max(0.0).round() as u64);
    let Slope { bytes: isolate, interval: [low, high] } = figures.per_isolate_bytes;
    let isolate = Entry::figure(Some(isolate), size).with_note(format!("{} to {}", size(low), size(high)));
    [
        isolate,
        bytes(first),
        bytes(figures.worker_process_pss_bytes),
        grown(growth.map(|growth| growth.rss_per_1000_jobs)),
        grown(growth.and_then(|growth| growth.heap_per_1000_jobs)),
        bytes(figures.smallest_heap.map(|heap| heap.bytes)),
    ]
}

fn grown(slope: Option<Slope>) -> Entry {
    let Some(Slope { bytes, interval: [low, high] }) = slope else { return Entry::nothing() };
    let growth = |bytes: f64| Quantity::Growth(bytes.round() as i64);
    let mark = if low > 0.0 { Mark::Bad } else { Mark::Plain };
    let entry = Entry::figure(Some(bytes), growth).marked(mark);
    entry.with_note(format!("{} to {}", growth(low), growth(high)))
}

/// Why there is no figure where there is none.
fn reasons(engine: &str, figures: &MemoryFigures) -> Vec<String> {
    let named = [
        ("worker process", &figures.no_worker_process),
        ("growth", &figures.no_growth),
        ("smallest heap", &figures.no_smallest_heap),
    ];
    let reasons = named.into_iter().filter_map(|(figure, why)| Some((figure, why.as_deref()?)));
    reasons.map(|(figure, why)| format!("{engine}, {figure}: {}.", clean(why))).collect()
}
