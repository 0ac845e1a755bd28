//! The capacities as tables, and response time over load.

use crate::capacity::Figure;
use crate::report::plot::{self, Plot};
use crate::report::view::{Point, Report, SizedPool, Sweep, plural};
use crate::report::{Quantity, ReportError};

use super::table::{Entry, Mark, Table};
use super::{Plots, Section};

/// Nothing without capacity rows.
pub(super) fn section(report: &Report<'_>, plots: Plots) -> Result<Option<Section>, ReportError> {
    if report.sweeps.is_empty() {
        return Ok(None);
    }
    let mut drawn = Vec::new();
    if plots == Plots::Drawn {
        for (sweep, pool) in pools(report) {
            drawn.extend(chart(report, sweep, pool)?);
        }
    }
    let curves = pools(report)
        .filter(|(_, pool)| !pool.curve.is_empty())
        .map(|(sweep, pool)| curve(report, sweep, pool));
    Ok(Some(Section {
        anchor: "capacity",
        title: "Capacity",
        lead: "The highest rate of an open loop that holds the objective. From the throughput of a closed loop, rates \
               are doubled or halved until one held and a higher one did not; then the gap is halved until it is as \
               narrow as asked, and both its ends are tried again. Every rate is tried in a process of its own. Besides \
               what the objective says, fewer than 1 % of the jobs may fail where it says nothing of errors, and no \
               queue may build up."
            .to_owned(),
        tables: tables(report).into_iter().chain(curves).collect(),
        plots: drawn,
    }))
}

fn pools<'a>(report: &'a Report<'_>) -> impl Iterator<Item = (&'a Sweep, &'a SizedPool)> {
    report.sweeps.iter().flat_map(|sweep| sweep.pools.iter().map(move |pool| (sweep, pool)))
}

/// The capacities, a table for each objective.
pub(in crate::report) fn tables(report: &Report<'_>) -> Vec<Table> {
    let mut objectives: Vec<&str> = report.sweeps.iter().map(|sweep| sweep.objective.as_str()).collect();
    objectives.sort_unstable();
    objectives.dedup();
    objectives.into_iter().map(|objective| rates(report, objective)).collect()
}

fn rates(report: &Report<'_>, objective: &str) -> Table {
    let here = || pools(report).filter(|(sweep, _)| sweep.objective == objective);
    let mut settings: Vec<&str> = here().map(|(sweep, _)| sweep.setting.as_str()).collect();
    settings.sort_unstable();
    settings.dedup();
    // One that is everywhere the same is told once.
    let (title, setting) = match settings[..] {
        [only] => (format!("{objective}, {only}"), None),
        _ => (objective.to_owned(), Some("Setting")),
    };
    let names: Vec<&str> = ["Engine", "Workload"].into_iter().chain(setting).collect();
    let figures = ["Workers", "Holds", "Breaks", "Gain", "Efficiency", "Confirmed"];
    let columns: Vec<&str> = names.iter().copied().chain(figures).collect();
    let mut table = Table::new(title, &columns);
    table.columns[..names.len()].iter_mut().for_each(|head| head.numeric = false);
    for (sweep, pool) in here() {
        let engine = Entry::engine(sweep.engine, &report.engines[sweep.engine]);
        let mut row = vec![engine, Entry::text(&*sweep.workload)];
        row.extend(setting.map(|_| Entry::text(&*sweep.setting)));
        row.push(Entry::count(pool.workers.into()));
        match &pool.rate {
            Ok(rate) => {
                let [_, high] = rate.interval;
                row.extend([rate.per_s, high].map(|per_s| Entry::figure(Some(per_s), Quantity::Rate)));
                row.push(Entry::figure(rate.gain, Quantity::Ratio));
                row.push(Entry::figure(rate.efficiency, Quantity::Share));
                let confirmed = format!("{}/{}", rate.confirmed.held, rate.confirmed.of);
                row.push(Entry { numeric: true, ..Entry::text(confirmed) });
            }
            Err(why) => {
                row.push(Entry { text: "none".to_owned(), ..Entry::nothing() });
                row.resize(columns.len(), Entry::nothing());
                table.notes.push(format!("{}: {why}.", name(report, sweep, pool)));
            }
        }
        table.rows.push(row);
        table.notes.extend(driver_late(report, sweep, pool));
    }
    if here().any(|(sweep, _)| sweep.is_even) {
        table.notes.push(
            "Jobs came evenly spaced, the kindest way for a queue. Users who do not wait for each other come in a Poisson \
             stream (--spacing poisson), and less of it is held."
                .to_owned(),
        );
    }
    if table.rows.len() > 1 {
        table.notes.push(
            "Gain: how many times the rate of the fewest workers. Efficiency: the gain as a part of what so many more \
             workers would gain at best."
                .to_owned(),
        );
    }
    table
}

fn driver_late(report: &Report<'_>, sweep: &Sweep, pool: &SizedPool) -> Option<String> {
    let (rate, late) = pool.driver_late?;
    Some(format!(
        "{}: at {} the load driver itself was {} late (p99). It may have broken the objective alone, and the capacity be \
         higher.",
        name(report, sweep, pool),
        Quantity::Rate(rate),
        Quantity::Latency(late)
    ))
}

fn name(report: &Report<'_>, sweep: &Sweep, pool: &SizedPool) -> String {
    let engine = &report.engines[sweep.engine].name;
    let workers = plural(pool.workers.into(), "worker");
    format!("{engine} on {} under {}, {workers}", sweep.workload, sweep.setting)
}

/// Every rate that was tried.
fn curve(report: &Report<'_>, sweep: &Sweep, pool: &SizedPool) -> Table {
    let columns = [
        "Rate",
        "For",
        "Held",
        "Achieved",
        "p50",
        "p95",
        "p99",
        "p99.9",
        "Jobs",
        "Errors",
        "Pacer late, p99",
    ];
    let mut table = Table::new(format!("{}: {}", name(report, sweep, pool), sweep.objective), &columns);
    table.columns[1].numeric = false;
    table.columns[2].numeric = false;
    if let Some(closed) = pool.closed_loop_per_s {
        table.lead = format!(
            "The search began at {}, the throughput of a closed loop with one client a worker.",
            Quantity::Rate(closed)
        );
    }
    table.rows = pool.curve.iter().map(|point| row(point, table.columns.len())).collect();
    table
}

fn row(point: &Point, columns: usize) -> Vec<Entry> {
    let held = if point.held {
        Entry::text("held")
    } else {
        Entry::text("broken").marked(Mark::Bad).with_note(point.broken_by.join("; "))
    };
    let mut row = vec![
        Entry::figure(Some(point.rate_per_s), Quantity::Rate),
        Entry::text(point.purpose.as_str()),
        held,
    ];
    match &point.figures {
        Some(figures) => {
            row.push(Entry::figure(Some(figures.achieved_per_s), Quantity::Rate));
            let times = [Some(figures.response.p50), Some(figures.response.p95), figures.p99, figures.p999];
            row.extend(times.map(|us| Entry::figure(us, Quantity::Latency)));
            row.extend([Entry::count(figures.submitted), Entry::faults(figures.errors)]);
            row.push(Entry::figure(Some(figures.pacer_p99), Quantity::Latency));
        }
        None => row.resize(columns, Entry::nothing()),
    }
    row
}

/// The median over the rate, and the figure that has the limit.
fn chart(report: &Report<'_>, sweep: &Sweep, pool: &SizedPool) -> Result<Option<Plot>, ReportError> {
    let tail = sweep.tail(pool);
    let line = |figure: Figure| -> Vec<(f64, f64)> {
        let measured = pool.curve.iter().filter_map(|point| Some((point.rate_per_s, point.figures?)));
        measured.map(|(rate, figures)| (rate, figure.of(&figures.response))).collect()
    };
    let limits: Vec<f64> = sweep.limits.iter().map(|(_, us)| *us).collect();
    let limit = |(figure, us): &(Figure, f64)| format!("{} {}", figure.as_str(), Quantity::Latency(*us));
    let dashed = match sweep.limits[..] {
        [] => String::new(),
        [ref only] => format!("; dashed, the limit: {}", limit(only)),
        _ => {
            format!("; dashed, the limits: {}", sweep.limits.iter().map(limit).collect::<Vec<_>>().join(", "))
        }
    };
    let title = format!(
        "Response time over load, {}: p50 (circles) and {} (triangles){dashed}",
        name(report, sweep, pool),
        tail.as_str()
    );
    plot::over_load(title, &[line(Figure::P50), line(tail)], &limits)
}
