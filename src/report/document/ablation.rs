//! The ladders of an ablation as tables.

use serde::Serialize;

use crate::report::Quantity;
use crate::report::view::{Ablation, Report, Rung, within_floor};

use super::table::{Entry, Mark, Table};

/// All ladders laid out.
#[derive(Debug, Serialize)]
pub(in crate::report) struct AblationSection {
    pub lead: &'static str,
    pub tables: Vec<Table>,
}

const LEAD: &str = "Each step ran under the same mix of good and hostile jobs in a process of its own, and adds to the \
                    step it builds on what its name says. Answered rightly is the share of the good jobs that got \
                    their right answer; where the host died, of all that were planned, for nobody restarts it here.";

/// The section of a report, if it has ladders.
pub(super) fn section(report: &Report<'_>) -> Option<AblationSection> {
    let tables: Vec<Table> = report.ablations.iter().map(|ablation| table(report, ablation)).collect();
    (!tables.is_empty()).then_some(AblationSection { lead: LEAD, tables })
}

/// Every figure of a ladder, a row for each step.
fn table(report: &Report<'_>, ablation: &Ablation) -> Table {
    let columns = [
        "Step",
        "Builds on",
        "Answered rightly",
        "Points gained",
        "p50",
        "p99",
        "p99 over base",
        "Lost or failed",
        "Host up",
        "Restarts",
        "Retries",
        "CPU for 1,000 good jobs",
        "Peak RSS",
    ];
    let mut table = Table::new(&*ablation.title, &columns);
    table.columns[1].numeric = false;
    table.lead = format!("{} Load: {}.", ablation.headline, ablation.load);
    for rung in &ablation.rungs {
        if rung.share().is_none() {
            table.push_without_figures(vec![Entry::text(&*rung.name)], "no figures");
            continue;
        }
        let base = rung.over.map_or("–", |over| &*ablation.rungs[over].name);
        table.rows.push(vec![
            Entry::text(&*rung.name),
            Entry::text(base),
            share(ablation, rung),
            gained(report, rung),
            Entry::figure(rung.p50, Quantity::Latency),
            Entry::figure(rung.p99, Quantity::Latency),
            ratio(report, rung),
            failed(rung),
            Entry::figure(rung.up, Quantity::Availability),
            restarts(rung),
            retries(rung),
            Entry::figure(rung.cpu_per_thousand, Quantity::Seconds),
            peak(rung),
        ]);
    }
    table.notes = lines(ablation);
    table
}

/// What of a ladder fits a terminal.
pub(in crate::report) fn briefly(report: &Report<'_>, ablation: &Ablation) -> Table {
    let columns = ["Step", "Answered", "Points", "p50", "p99", "Restarts", "Retries", "CPU/1k", "Peak RSS"];
    let mut table = Table::new(&*ablation.title, &columns);
    for rung in &ablation.rungs {
        if rung.share().is_none() {
            table.push_without_figures(vec![Entry::text(&*rung.name)], "none");
            continue;
        }
        table.rows.push(vec![
            Entry::text(&*rung.name),
            share(ablation, rung),
            gained(report, rung),
            Entry::figure(rung.p50, Quantity::Latency),
            Entry::figure(rung.p99, Quantity::Latency),
            restarts(rung),
            Entry { note: String::new(), ..retries(rung) },
            Entry::figure(rung.cpu_per_thousand, Quantity::Seconds),
            peak(rung),
        ]);
    }
    table
}

/// What there is to say below a ladder, a line each.
pub(in crate::report) fn lines(ablation: &Ablation) -> Vec<String> {
    ablation.rungs.iter().flat_map(Rung::told).collect()
}

/// The best of the ladder stands out, and whose host died.
fn share(ablation: &Ablation, rung: &Rung) -> Entry {
    let best = ablation.rungs.iter().filter_map(Rung::share).reduce(f64::max);
    let mark = match rung.share() {
        _ if !rung.deaths.is_empty() => Mark::Bad,
        share if share == best && best > Some(0.0) => Mark::Best,
        _ => Mark::Plain,
    };
    Entry::figure(rung.share(), Quantity::Availability).marked(mark)
}

fn gained(report: &Report<'_>, rung: &Rung) -> Entry {
    let is_noise = |gained: f64| report.ablation_floor.is_some_and(|floor| gained.abs() <= floor);
    let mark = if rung.gained.is_some_and(is_noise) { Mark::Same } else { Mark::Plain };
    Entry::figure(rung.gained, Quantity::Points).marked(mark)
}

fn ratio(report: &Report<'_>, rung: &Rung) -> Entry {
    let floor = report.floor().map(|floor| floor.p99);
    let is_noise = |ratio: f64| within_floor((ratio - 1.0).abs(), floor);
    let mark = if rung.p99_ratio.is_some_and(is_noise) { Mark::Same } else { Mark::Plain };
    Entry::figure(rung.p99_ratio, Quantity::Ratio).marked(mark)
}

fn failed(rung: &Rung) -> Entry {
    let kinds: Vec<String> =
        rung.failed.iter().map(|(kind, count)| format!("{} {kind}", Quantity::Count(*count))).collect();
    Entry::faults(rung.failed.iter().map(|(_, count)| count).sum()).with_note(kinds.join(", "))
}

/// Of the rounds that ended well; a host that died told of none.
fn restarts(rung: &Rung) -> Entry {
    rung.figures.as_ref().map_or_else(none, |figures| Entry::count(figures.restarts))
}

/// All of them, with how many of those were no good job's.
fn retries(rung: &Rung) -> Entry {
    let Some([good, hostile]) = rung.retries else { return none() };
    let entry = Entry::count(good + hostile);
    if hostile > 0 { entry.with_note(format!("{} of hostile jobs", Quantity::Count(hostile))) } else { entry }
}

fn peak(rung: &Rung) -> Entry {
    let rss = rung.figures.as_ref().and_then(|figures| figures.rss);
    rss.map_or_else(none, |rss| Entry::bytes(rss.peak))
}

fn none() -> Entry {
    Entry::figure(None, Quantity::Mean)
}
