//! The document: the view laid out as titled tables and texts, before any format. Every table format walks
//! this one tree; what differs between them is only how a table or a mark is written.

mod ablation;
mod calibration;
mod capacity;
mod comparisons;
mod conditions;
mod containment;
mod detail;
mod footprint;
mod map;
mod method;
mod other_tools;
mod overview;
mod soak;
mod startup;
mod table;
mod verdict_rates;

pub(super) use ablation::{briefly, lines};
pub(super) use calibration::tables as calibration_tables;
pub(super) use capacity::tables as capacity_tables;
pub(super) use comparisons::over_all as differences;
pub(super) use containment::{brief_key, brief_lines, brief_summary, summary};
pub(super) use detail::failures;
pub(super) use other_tools::brief as other_tools_briefly;
pub(super) use overview::{matrix, ranking};
pub(super) use soak::soaks;
pub(super) use table::{Entry, Mark, Shown, Table};
pub(super) use verdict_rates::table as verdict_rates_table;

use serde::Serialize;

use self::ablation::AblationSection;
use self::containment::ContainmentSection;

use crate::stats::compare::Metric;

use super::ReportError;
use super::plot::{self, Plot};
use super::view::{Report, Row, Setting, Warning, clean, load_text, plural};

/// A whole report.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub title: String,
    pub created: String,
    pub verdict: &'a [String],
    pub warnings: &'a [Warning],
    /// Nothing without containment rows.
    pub containment: Option<ContainmentSection>,
    /// Nothing without the steps of an ablation.
    pub ablation: Option<AblationSection>,
    /// What else there is that is tables with a lead, each under a heading of its own.
    pub sections: Vec<Section>,
    pub rankings: Vec<Table>,
    pub matrices: Vec<Table>,
    pub gains: Vec<Table>,
    /// Nothing without comparisons.
    pub comparisons: Option<Section>,
    pub legend: Vec<Entry>,
    pub workloads: Vec<WorkloadSection>,
    pub soaks: Vec<soak::SoakSection>,
    pub failures: Option<Table>,
    pub memory: Vec<Table>,
    pub method: Vec<method::Note>,
    pub facts: Vec<Table>,
    pub command: String,
}

/// Tables under one heading.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub anchor: &'static str,
    pub title: &'static str,
    pub lead: String,
    pub tables: Vec<Table>,
    pub plots: Vec<Plot>,
}

/// All about one workload.
#[derive(Debug, Serialize)]
pub(super) struct WorkloadSection {
    pub anchor: String,
    pub name: String,
    pub kind: String,
    pub why: String,
    pub plots: Vec<Plot>,
    pub latency: Table,
    pub load: Table,
    pub more: Vec<Table>,
}

impl<'a> Document<'a> {
    /// Lays out a report; plots are drawn only `with_plots`.
    pub fn new(report: &'a Report<'_>, plots: Plots) -> Result<Self, ReportError> {
        let settings = || report.ranked();
        let mut workloads = Vec::new();
        for place in 0..report.workloads.len() {
            workloads.extend(section(report, place, plots)?);
        }
        let record = report.record();
        Ok(Self {
            title: title(report),
            created: clean(&record.created),
            verdict: report.verdict(),
            warnings: report.warnings(),
            containment: containment::section(report),
            ablation: ablation::section(report),
            sections: [
                calibration::section(report),
                verdict_rates::section(report),
                capacity::section(report, plots)?,
            ]
            .into_iter()
            .flatten()
            .chain(costs(report))
            .chain(other_tools::section(report))
            .collect(),
            rankings: settings().map(|setting| ranking(report, setting)).collect(),
            matrices: settings()
                .map(|setting| matrix(report, setting, setting.ranking.by.metric()))
                .chain(settings().map(|setting| matrix(report, setting, Metric::P99)))
                .collect(),
            gains: report.gains.iter().map(|gain| overview::gain(report, gain)).collect(),
            comparisons: comparisons::section(report),
            legend: report
                .engines
                .iter()
                .enumerate()
                .filter(|(_, engine)| engine.missing.is_none())
                .map(|(place, engine)| Entry::engine(place, engine))
                .collect(),
            workloads,
            soaks: soak::sections(report, plots)?,
            failures: detail::failures(report),
            memory: report
                .settings
                .iter()
                .filter(|setting| setting.isolation.is_here())
                .map(|setting| detail::memory(report, setting))
                .collect(),
            method: method::notes(report),
            facts: [method::host(record)]
                .into_iter()
                .chain(method::sandbox(record))
                .chain([method::build(record), method::engines(report)])
                .collect(),
            command: clean(&record.command.join(" ")),
        })
    }
}

/// What engines take before they work and beside it.
pub(super) fn costs(report: &Report<'_>) -> impl Iterator<Item = Section> {
    [startup::section(report), footprint::section(report)].into_iter().flatten()
}

/// Whether plots are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plots {
    Drawn,
    LeftOut,
}

fn title(report: &Report<'_>) -> String {
    let measured = report.engines.iter().filter(|engine| engine.missing.is_none()).count() as u64;
    let hostile = report.scorecard.as_ref().map(|scorecard| plural(scorecard.scripts, "hostile script"));
    if report.is_of_instrument() {
        return "jsarena: the instrument itself".to_owned();
    }
    let measured_on = match (report.workloads.len() as u64, hostile) {
        (0, Some(hostile)) => hostile,
        (workloads, Some(hostile)) => format!("{} and {hostile}", plural(workloads, "workload")),
        (workloads, None) => plural(workloads, "workload"),
    };
    format!("jsarena: {} on {measured_on}", plural(measured, "engine"))
}

/// Every row of one workload, with its setting.
fn rows_of<'a>(report: &'a Report<'_>, place: usize) -> Vec<(&'a Setting, &'a Row)> {
    let rows = report.settings.iter().flat_map(|setting| setting.rows.iter().map(move |row| (setting, row)));
    rows.filter(|(_, row)| row.workload == place).collect()
}

/// Each workload's tables at length, for a digest of a few cells.
pub(super) fn at_length<'a>(report: &'a Report<'_>) -> Vec<(&'a str, Vec<Table>)> {
    let tables = |place| {
        let rows = rows_of(report, place);
        let always =
            [detail::load(report, &rows), detail::latency(report, &rows), detail::resources(report, &rows)];
        let conditions = conditions::conditions(report, &rows);
        always.into_iter().chain(conditions).chain(soak::hostile(report, &rows)).collect()
    };
    let workloads = report.workloads.iter().enumerate();
    workloads.map(|(place, workload)| (workload.name.as_str(), tables(place))).collect()
}

fn section(report: &Report<'_>, place: usize, plots: Plots) -> Result<Option<WorkloadSection>, ReportError> {
    let rows = rows_of(report, place);
    if rows.is_empty() {
        return Ok(None);
    }
    let workload = &report.workloads[place];
    let plots = match plots {
        Plots::Drawn => plot::percentiles(&rows, &report.engines)?,
        Plots::LeftOut => Vec::new(),
    };
    Ok(Some(WorkloadSection {
        anchor: format!("workload-{}", place + 1),
        name: workload.name.clone(),
        kind: workload.kind.clone(),
        why: workload.why.clone(),
        plots,
        latency: detail::latency(report, &rows),
        load: detail::load(report, &rows),
        more: [detail::outcomes(report, &rows), detail::resources(report, &rows)]
            .into_iter()
            .chain(detail::intervals(report, &rows))
            .chain(comparisons::of_rows(report, &rows))
            .chain(conditions::conditions(report, &rows))
            .chain(soak::hostile(report, &rows))
            .collect(),
    }))
}

/// A setting's row in a table that holds several, with the load if the setting alone does not tell it.
fn row_name(setting: &Setting, row: &Row) -> String {
    let alone = setting.rows.iter().filter(|other| other.workload == row.workload).count() == 1;
    if alone {
        setting.name.clone()
    } else {
        format!("{} ({})", setting.name, load_text(row.workers, &row.plan))
    }
}
