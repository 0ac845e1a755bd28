//! Tables about one workload, and the failures and the memory of all.

use crate::executor::OutcomeKind;
use crate::report::Quantity;
use crate::report::view::{Cell, Figures, Latency, Report, Row, Setting};
use crate::stats::MemoryUse;
use crate::stats::compare::Metric;

use super::row_name;
use super::table::{Entry, Mark, Table};

type Rows<'a> = [(&'a Setting, &'a Row)];

/// Fills a table with the lines of every engine under every setting of one workload.
pub(super) fn fill(
    table: &mut Table,
    report: &Report<'_>,
    rows: &Rows<'_>,
    line: impl Fn(&Figures) -> Vec<Vec<Entry>>,
) {
    for (setting, row) in rows {
        for (place, (engine, cell)) in report.engines.iter().zip(&row.cells).enumerate() {
            let head = || vec![Entry::engine(place, engine), Entry::text(row_name(setting, row))];
            match cell.figures() {
                Some(figures) => {
                    table.rows.extend(line(figures).into_iter().map(|rest| [head(), rest].concat()));
                }
                None => table.push_without_figures(head(), &cell.fault().unwrap_or_default()),
            }
        }
    }
}

/// Percentiles of response and service time.
pub(super) fn latency(report: &Report<'_>, rows: &Rows<'_>) -> Table {
    let columns = ["Engine", "Setting", "Time", "p50", "p90", "p95", "p99", "p99.9", "max", "mean"];
    let mut table = Table::new("Latency", &columns);
    table.columns[1].numeric = false;
    table.columns[2].numeric = false;
    let line = |name: &str, latency: &Latency| {
        let percentiles = [
            latency.p50(),
            latency.p90(),
            latency.p95(),
            latency.p99(),
            latency.p999(),
            latency.max(),
            latency.mean(),
        ];
        let mut line = vec![Entry::text(name)];
        line.extend(percentiles.into_iter().map(|value| Entry::figure(value, Quantity::Latency)));
        line
    };
    fill(&mut table, report, rows, |figures| {
        vec![line("response", &figures.response), line("service", &figures.service)]
    });
    table
}

/// Throughput and what went wrong.
pub(super) fn load(report: &Report<'_>, rows: &Rows<'_>) -> Table {
    let columns = [
        "Engine",
        "Setting",
        "Throughput",
        "Rounds",
        "p50 by round",
        "p99 by round",
        "Jobs",
        "Errors",
        "Wrong answers",
        "Panics",
        "Restarts",
        "Lost workers",
        "Retries",
    ];
    let mut table = Table::new("Throughput and errors", &columns);
    table.columns[1].numeric = false;
    fill(&mut table, report, rows, |figures| {
        let throughput = Entry::figure(Some(figures.throughput.value), Quantity::Rate);
        let range = figures.throughput.range(Quantity::Rate).unwrap_or_default();
        let offered = figures.offered.map(|offered| format!("of {} offered", Quantity::Rate(offered)));
        let note = [offered.unwrap_or_default(), range].into_iter().filter(|part| !part.is_empty());
        let rounds = match figures.failed_rounds() {
            0 => Entry::count(figures.rounds.into()),
            failed => {
                Entry::count(figures.rounds.into()).with_note(format!("{failed} failed")).marked(Mark::Bad)
            }
        };
        let range =
            |range: Option<String>| Entry { numeric: true, ..Entry::text(range.unwrap_or("–".to_owned())) };
        vec![vec![
            throughput.with_note(note.collect::<Vec<_>>().join("; ")),
            rounds,
            range(figures.p50.range(Quantity::Latency)),
            range(figures.p99.range(Quantity::Latency).filter(|_| figures.response.p99().is_some())),
            Entry::count(figures.submitted),
            Entry::figure(Some(figures.error_rate()), Quantity::Share).marked(if figures.errors() > 0 {
                Mark::Bad
            } else {
                Mark::Plain
            }),
            Entry::faults(figures.wrong_answers),
            Entry::faults(figures.panics),
            Entry::faults(figures.restarts),
            Entry::faults(figures.lost_workers),
            Entry::count(figures.retries),
        ]]
    });
    table
}

/// What the figures are worth; nothing where no engine has rounds enough.
pub(super) fn intervals(report: &Report<'_>, rows: &Rows<'_>) -> Option<Table> {
    let of_row = |(_, row): &(&Setting, &Row)| row.cells.iter().any(has_intervals);
    if !rows.iter().any(of_row) {
        return None;
    }
    let columns = ["Engine", "Setting", "Throughput", "p50", "p95", "p99"];
    let mut table = Table::new("95 % intervals over the rounds", &columns);
    table.columns[1].numeric = false;
    fill(&mut table, report, rows, |figures| {
        let entry = |metric: Metric| {
            let Some([low, high]) = figures.intervals.get(&metric) else { return Entry::nothing() };
            let quantity = if metric.quantile().is_some() { Quantity::Latency } else { Quantity::Rate };
            Entry { numeric: true, ..Entry::text(format!("{} – {}", quantity(*low), quantity(*high))) }
        };
        vec![Metric::ALL.into_iter().map(entry).collect()]
    });
    Some(table)
}

fn has_intervals(cell: &Cell) -> bool {
    cell.figures().is_some_and(|figures| !figures.intervals.is_empty())
}

/// How the jobs ended.
pub(super) fn outcomes(report: &Report<'_>, rows: &Rows<'_>) -> Table {
    let names = OutcomeKind::ALL.map(|kind| kind.as_str().replace('_', " "));
    let columns: Vec<&str> =
        ["Engine", "Setting"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let mut table = Table::new("Outcomes by kind", &columns);
    table.columns[1].numeric = false;
    fill(&mut table, report, rows, |figures| {
        let entry = |kind| match (kind, figures.outcomes.get(kind)) {
            (OutcomeKind::Ok, count) => Entry::count(count),
            (_, count) => Entry::faults(count),
        };
        vec![OutcomeKind::ALL.into_iter().map(entry).collect()]
    });
    table
}

/// Memory, processor time, threads and queues.
pub(super) fn resources(report: &Report<'_>, rows: &Rows<'_>) -> Table {
    let columns = [
        "Engine",
        "Setting",
        "RSS start",
        "RSS end",
        "RSS peak",
        "CPU workers",
        "CPU generator",
        "Blocking threads",
        "Blocking queue",
        "Queue mean",
        "Queue max",
        "Recycled",
        "Pacer late p99",
    ];
    let mut table = Table::new("Resources", &columns);
    table.columns[1].numeric = false;
    let none = || Entry::figure(None, Quantity::Mean);
    fill(&mut table, report, rows, |figures| {
        let bytes = |of: fn(MemoryUse) -> u64| figures.rss.map_or_else(none, |rss| Entry::bytes(of(rss)));
        let share = figures.generator_share().map(|share| Quantity::Share(share).to_string());
        vec![vec![
            bytes(|rss| rss.start),
            bytes(|rss| rss.end),
            bytes(|rss| rss.peak),
            Entry::figure(figures.cpu_workers, Quantity::Seconds),
            Entry::figure(Some(figures.cpu_generator), Quantity::Seconds)
                .with_note(share.unwrap_or_default()),
            Entry::count(figures.blocking.threads_max),
            Entry::count(figures.blocking.queue_max),
            Entry::figure(Some(figures.queue_mean), Quantity::Mean),
            Entry::count(figures.queue_max),
            Entry::count(figures.recycled),
            Entry::figure(figures.pacer_p99, Quantity::Latency),
        ]]
    });
    table
}

/// Everything that did not end in a right answer, with the messages; nothing when all did.
pub(in crate::report) fn failures(report: &Report<'_>) -> Option<Table> {
    let mut table = Table::new("Failures", &["Engine", "Setting", "Workload", "What", "Message"]);
    table.columns.iter_mut().for_each(|column| column.numeric = false);
    for (place, engine) in report.engines.iter().enumerate() {
        if let Some(reason) = &engine.missing {
            table.rows.push(vec![
                Entry::engine(place, engine),
                Entry::text("all"),
                Entry::text("all"),
                Entry::text("not measured").marked(Mark::Missing),
                Entry::text(&**reason),
            ]);
        }
    }
    for setting in &report.settings {
        for row in &setting.rows {
            for (place, (engine, cell)) in report.engines.iter().zip(&row.cells).enumerate() {
                for (what, message) in faults(cell) {
                    table.rows.push(vec![
                        Entry::engine(place, engine),
                        Entry::text(row_name(setting, row)),
                        Entry::text(&*report.workloads[row.workload].name),
                        Entry::text(what).marked(Mark::Bad),
                        Entry::text(message),
                    ]);
                }
            }
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn faults(cell: &Cell) -> Vec<(String, String)> {
    let rounds = |failed: u32, all: u32| format!("{failed} of {all} rounds failed");
    match cell {
        Cell::Missing(_) | Cell::NotMeasured => Vec::new(),
        Cell::Failed(reasons) => {
            let all = reasons.iter().map(|reason| reason.rounds).sum();
            reasons.iter().map(|reason| (rounds(reason.rounds, all), reason.text.clone())).collect()
        }
        Cell::Measured(figures) => {
            let all = figures.rounds + figures.failed_rounds();
            let mut faults: Vec<(String, String)> = figures
                .failed
                .iter()
                .map(|reason| (rounds(reason.rounds, all), reason.text.clone()))
                .collect();
            let mut kinds: Vec<String> = OutcomeKind::ALL
                .into_iter()
                .filter(|kind| *kind != OutcomeKind::Ok && figures.outcomes.get(*kind) > 0)
                .map(|kind| {
                    let count = Quantity::Count(figures.outcomes.get(kind));
                    format!("{count} {}", kind.as_str().replace('_', " "))
                })
                .collect();
            if figures.wrong_answers > 0 {
                kinds.insert(0, format!("{} wrong", Quantity::Count(figures.wrong_answers)));
            }
            if !kinds.is_empty() || !figures.messages.is_empty() {
                faults.push((kinds.join(", "), figures.messages.join(" · ")));
            }
            faults
        }
    }
}

/// Resident memory of each engine over the workloads of a setting.
pub(super) fn memory(report: &Report<'_>, setting: &Setting) -> Table {
    let columns = ["Engine", "Lowest start", "Highest peak", "at workload", "Largest growth", "at workload"];
    let mut table = Table::new(&*setting.name, &columns);
    table.columns[3].numeric = false;
    table.columns[5].numeric = false;
    table.lead =
        "Growth is from the first job on the clock to the last, on average over the rounds.".to_owned();
    for (place, engine) in report.engines.iter().enumerate() {
        let cells: Vec<(&Row, MemoryUse)> =
            setting.rows.iter().filter_map(|row| Some((row, row.cells[place].figures()?.rss?))).collect();
        let peak = cells.iter().max_by_key(|(_, rss)| rss.peak);
        let growth = cells.iter().max_by_key(|(_, rss)| rss.growth());
        let start = cells.iter().map(|(_, rss)| rss.start).min();
        let (Some((peak_row, peak)), Some((growth_row, growth)), Some(start)) = (peak, growth, start) else {
            let reason = engine.missing.as_deref().unwrap_or("no figures");
            table.push_without_figures(vec![Entry::engine(place, engine)], reason);
            continue;
        };
        let grown = growth.growth();
        table.rows.push(vec![
            Entry::engine(place, engine),
            Entry::bytes(start),
            Entry::bytes(peak.peak),
            Entry::text(&*peak_row.label),
            Entry {
                numeric: true,
                sort: Some(grown as f64),
                ..Entry::text(Quantity::Growth(grown).to_string())
            },
            Entry::text(&*growth_row.label),
        ]);
    }
    table
}
