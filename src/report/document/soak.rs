//! Long runs and hostile jobs as tables.

use serde::Serialize;

use crate::executor::OutcomeKind;
use crate::report::plot::{self, Plot};
use crate::report::view::{Report, Row, Setting, Soaked, amount, change, plural, resource_name};
use crate::report::{Quantity, ReportError};
use crate::stats::{Resource, SoakVerdict, Trend};

use super::Plots;
use super::detail::fill;
use super::table::{Entry, Mark, Table};

/// One soak: its table, and charts of what it used.
#[derive(Debug, Serialize)]
pub(in crate::report) struct SoakSection {
    pub table: Table,
    pub plots: Vec<Plot>,
}

/// Every soak of the record.
pub(super) fn sections(report: &Report<'_>, plots: Plots) -> Result<Vec<SoakSection>, ReportError> {
    let section = |soaked: &Soaked<'_>| {
        let plots = match plots {
            Plots::Drawn => charts(soaked)?,
            Plots::LeftOut => Vec::new(),
        };
        Ok(SoakSection { table: table(soaked), plots })
    };
    report.soaks().iter().map(section).collect()
}

/// Every soak's table.
pub(in crate::report) fn soaks(report: &Report<'_>) -> Vec<Table> {
    report.soaks().iter().map(table).collect()
}

fn table(soaked: &Soaked<'_>) -> Table {
    let columns = ["Resource", "Mean", "An hour", "95 % interval", "Growth", "Floor", "Verdict"];
    let mut table = Table::new(soaked.place.clone(), &columns);
    table.columns[6].numeric = false;
    table.lead = lead(soaked);
    table.rows = soaked.soak.trends.iter().map(row).collect();
    table.notes = soaked.findings();
    table
}

fn lead(soaked: &Soaked<'_>) -> String {
    let (soak, figures) = (soaked.soak, soaked.figures);
    let verdict = match soak.verdict {
        SoakVerdict::Steady => "Steady",
        SoakVerdict::Failed => "Failed",
        SoakVerdict::TooShort => "Too short to judge growth",
    };
    let hostile = match &figures.hostile {
        Some(hostile) => format!(
            " and {} (of {})",
            plural(hostile.submitted, "hostile job"),
            plural(hostile.scripts, "script")
        ),
        None => String::new(),
    };
    let seconds = soak.series.last().map_or(0.0, |last| last.at_s);
    let turned_away = figures.outcomes.rejected + figures.outcomes.circuit_open;
    format!(
        "{verdict}: {}{hostile} in {}; {} lost, {} good ones failed, {} turned away. A sample every {}; the first {} \
         are left out of the slopes. Growth is that of the time judged.",
        plural(figures.submitted, "good job"),
        Quantity::Seconds(seconds),
        Quantity::Count(soak.lost_jobs),
        Quantity::Count(soak.failed_jobs),
        Quantity::Count(turned_away),
        Quantity::Seconds(soak.every_s),
        Quantity::Seconds(soak.settling_s),
    )
}

fn row(trend: &Trend) -> Vec<Entry> {
    let Trend { resource, mean, per_hour, interval: [low, high], growth, floor, grows } = *trend;
    let figure = |value: f64, text: String| Entry { numeric: true, sort: Some(value), ..Entry::text(text) };
    let verdict = if grows { Entry::text("grows").marked(Mark::Bad) } else { Entry::text("steady") };
    vec![
        Entry::text(resource_name(resource)),
        figure(mean, amount(resource, mean)),
        figure(per_hour, change(resource, per_hour)),
        figure(low, format!("{} to {}", change(resource, low), change(resource, high))),
        figure(growth, change(resource, growth)),
        figure(floor, amount(resource, floor)),
        verdict,
    ]
}

/// One chart a resource that was ever above nought.
fn charts(soaked: &Soaked<'_>) -> Result<Vec<Plot>, ReportError> {
    let mut plots = Vec::new();
    for resource in Resource::ALL {
        let at = |point| Some((point, resource.of(point)?));
        let points: Vec<(f64, f64)> = soaked
            .soak
            .series
            .iter()
            .filter_map(at)
            .map(|(point, value)| (point.at_s, value as f64))
            .collect();
        if points.iter().any(|point| point.1 > 0.0) {
            let title = format!("{}, {}", capitalised(resource_name(resource)), soaked.place);
            plots.extend(plot::over_time(title, &points, resource.is_memory())?);
        }
    }
    Ok(plots)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

/// How the hostile jobs of one workload's rows ended; nothing where none were mixed in.
pub(super) fn hostile(report: &Report<'_>, rows: &[(&Setting, &Row)]) -> Option<Table> {
    let names = OutcomeKind::ALL.map(|kind| kind.as_str().replace('_', " "));
    let fixed = ["Engine", "Setting", "Scripts", "Jobs"];
    let columns: Vec<&str> = fixed.into_iter().chain(names.iter().map(String::as_str)).collect();
    let mut table = Table::new("Hostile jobs", &columns);
    table.columns[1].numeric = false;
    let mut any = false;
    for (_, row) in rows {
        any |= row.cells.iter().filter_map(|cell| cell.figures()).any(|figures| figures.hostile.is_some());
    }
    fill(&mut table, report, rows, |figures| {
        let Some(hostile) = &figures.hostile else { return Vec::new() };
        let mut line = vec![Entry::count(hostile.scripts), Entry::count(hostile.submitted)];
        line.extend(OutcomeKind::ALL.into_iter().map(|kind| Entry::count(hostile.outcomes.get(kind))));
        vec![line]
    });
    any.then_some(table)
}
