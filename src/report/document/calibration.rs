//! The calibration as tables.

use crate::record::{CalibrationRun, DriverLimits};
use crate::report::Quantity;
use crate::report::view::{Calibrated, CalibratedCase, Report, clean};

use super::Section;
use super::table::{Entry, Mark, Table};

/// Nothing without calibration rows.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let calibrated = report.calibrated.as_ref()?;
    let tables = tables(calibrated);
    Some(Section {
        anchor: "calibration",
        title: "Calibration",
        lead: "The load driver on servers whose response times are known: due times and service times come from the \
               seed, so each job's response time follows from them (Lindley's recursion). A reference is the percentile \
               of those very jobs."
            .to_owned(),
        tables,
        plots: Vec::new(),
    })
}

/// Its tables.
pub(in crate::report) fn tables(calibrated: &Calibrated) -> Vec<Table> {
    let pacing = pacing(calibrated);
    [percentiles(calibrated)]
        .into_iter()
        .chain(pacing)
        .chain(calibrated.instrument.driver.map(driver))
        .collect()
}

fn percentiles(calibrated: &Calibrated) -> Table {
    let first = calibrated.cases.first();
    let names = first.map_or(Vec::new(), |case| {
        case.percentiles.iter().map(|row| clean(&row.percentile)).collect::<Vec<_>>()
    });
    let heads: Vec<&str> = std::iter::once("Case").chain(names.iter().map(String::as_str)).collect();
    let mut table =
        Table::new("Percentiles of response time: measured, and how far from the reference", &heads);
    table.even = true;
    table.rows = calibrated.cases.iter().map(row).collect();
    table
}

fn row(case: &CalibratedCase) -> Vec<Entry> {
    let figure = |row: &crate::record::Calibration| {
        let mark = if row.is_near() { Mark::Plain } else { Mark::Bad };
        let entry = Entry::figure(Some(row.measured_us), Quantity::Latency).marked(mark);
        entry.with_note(format!("{:+.2} %", row.error * 100.0))
    };
    std::iter::once(Entry::text(&*case.name)).chain(case.percentiles.iter().map(figure)).collect()
}

fn pacing(calibrated: &Calibrated) -> Option<Table> {
    let runs: Vec<(&str, &CalibrationRun)> =
        calibrated.cases.iter().filter_map(|case| Some((&*case.name, case.run.as_ref()?))).collect();
    let columns = [
        "Case",
        "Rate",
        "Jobs",
        "Failed",
        "Pacer late, p50",
        "p99",
        "max",
        "Service, p50",
        "Generator's CPU a job",
    ];
    let mut table = Table::new("The runs, and how late the pacer was", &columns);
    for (name, run) in &runs {
        let late = run.pacer_lateness_us;
        let mut row = vec![
            Entry::text(*name),
            Entry::figure(Some(run.rate_per_s), Quantity::Rate),
            Entry::count(run.submitted),
            Entry::faults(run.failed),
        ];
        row.extend([late.p50, late.p99, late.max].map(|us| Entry::figure(Some(us), Quantity::Latency)));
        row.push(Entry::figure(Some(run.service_us.p50), Quantity::Latency));
        row.push(Entry::figure(Some(run.generator_cpu_per_job_us), Quantity::Latency));
        table.rows.push(row);
        table.notes.push(format!("{name}: {}.", clean(&run.why)));
    }
    (!runs.is_empty()).then_some(table)
}

fn driver(limits: DriverLimits) -> Table {
    let mut table = Table::new("What the driver can do", &["Limit", "Figure"]);
    let rate = |figure| Entry::figure(Some(figure), Quantity::Rate);
    table.rows = vec![
        vec![Entry::text("Closed loop, an executor that takes no time"), rate(limits.closed_per_s)],
        vec![Entry::text("The same for a second of processor time"), rate(1e9 / limits.cpu_per_sample_ns)],
        vec![
            Entry::text("Processor time for a sample"),
            Entry::figure(Some(limits.cpu_per_sample_ns / 1e3), Quantity::Latency),
        ],
        vec![
            Entry::text("Closed loop, a pool of one worker that does nothing"),
            rate(limits.no_op_pool_per_s),
        ],
        vec![Entry::text("Open loop, kept up with, p99 of lateness below 1 ms"), rate(limits.open_per_s)],
    ];
    table
}
