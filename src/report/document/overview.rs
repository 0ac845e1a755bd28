//! Tables over many workloads: ranking, matrix and pool gain.

use crate::report::Quantity;
use crate::report::view::{
    Cell, Comparisons, Engine, Figures, Gain, RankedBy, Report, Row, Setting, plural, shortened,
};
use crate::stats::compare::Metric;

use super::table::{Entry, Mark, Shown, Table};

/// The ranking of a setting.
pub(in crate::report) fn ranking(report: &Report<'_>, setting: &Setting) -> Table {
    let ranking = &setting.ranking;
    let columns = ["Engine", "Version", "Throughput", "p50", "p99", "Errors", "Peak RSS"];
    let mut table = Table::new(&*setting.name, &columns);
    table.columns[1].numeric = false;
    let order = match ranking.by {
        RankedBy::Throughput => "throughput",
        RankedBy::Median => "median response time, as the load was an open loop",
    };
    table.lead = format!(
        "By {order}: geometric means of the ratios to the best engine, over {} of {} workloads. 1.00× is the best \
         of every workload; less throughput and longer times are worse.",
        ranking.counted, ranking.rows
    );
    if let Some(load) = setting.load() {
        table.lead.push_str(&format!(" Load: {load}."));
    }
    for (place, ranked) in ranking.ranked.iter().enumerate() {
        let engine = &report.engines[ranked.engine];
        let mark = match place {
            0 => Mark::Best,
            _ if ranked.same_as_first => Mark::Same,
            _ => Mark::Plain,
        };
        let totals = Totals::of(setting, ranked.engine);
        let (throughput, p50) = (
            Entry::figure(Some(ranked.throughput), Quantity::Ratio),
            Entry::figure(Some(ranked.p50), Quantity::Ratio),
        );
        let (throughput, p50) = match ranking.by {
            RankedBy::Throughput => (throughput.marked(mark), p50),
            RankedBy::Median => (throughput, p50.marked(mark)),
        };
        table.rows.push(vec![
            Entry::engine(ranked.engine, engine),
            version(engine),
            throughput,
            p50,
            Entry::figure(ranked.p99, Quantity::Ratio),
            totals.errors(),
            totals.peak(),
        ]);
    }
    for (place, reason) in &ranking.unranked {
        let engine = &report.engines[*place];
        let mut row = vec![Entry::engine(*place, engine), version(engine)];
        row.push(Entry { mark: Mark::Missing, numeric: true, ..Entry::text("not ranked") });
        row.extend([Entry::nothing(), Entry::nothing()]);
        let totals = Totals::of(setting, *place);
        row.extend([totals.errors(), totals.peak()]);
        table.rows.push(row);
        table.notes.push(format!("Not ranked: {} ({reason}).", engine.name));
    }
    match ranking.counted_p99 {
        all if all == ranking.counted => {}
        0 => table.notes.push("p99 is left out: it takes 1,000 samples of every engine.".to_owned()),
        some => table.notes.push(format!(
            "p99 is over {some} of these workloads: the others have fewer than 1,000 samples for an engine."
        )),
    }
    for left in &ranking.left_out {
        let because: Vec<String> = left
            .because
            .iter()
            .map(|(place, why)| format!("{}: {why}", report.engines[*place].name))
            .collect();
        table.notes.push(format!("Left out: {} ({}).", left.label, because.join("; ")));
    }
    table
}

fn version(engine: &Engine) -> Entry {
    Entry::text(engine.version.as_deref().unwrap_or("–"))
}

/// What an engine did in all rows of a setting, ranked or not.
struct Totals {
    jobs: u64,
    errors: u64,
    /// Cells in which rounds gave no figures at all.
    failed: u64,
    peak: u64,
}

impl Totals {
    fn of(setting: &Setting, engine: usize) -> Self {
        let figures = || setting.rows.iter().filter_map(|row| row.cells[engine].figures());
        Self {
            jobs: figures().map(|f| f.submitted).sum(),
            errors: figures().map(Figures::errors).sum(),
            failed: setting.rows.iter().filter(|row| row.cells[engine].failed_rounds() > 0).count() as u64,
            peak: figures().filter_map(|f| f.rss).map(|rss| rss.peak).max().unwrap_or(0),
        }
    }

    fn errors(&self) -> Entry {
        if self.jobs == 0 && self.failed == 0 {
            return Entry::nothing();
        }
        let mark = if self.errors + self.failed > 0 { Mark::Bad } else { Mark::Plain };
        let rate = (self.jobs > 0).then(|| self.errors as f64 / self.jobs as f64);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!("{} failed", plural(failed, "cell")),
        };
        Entry::figure(rate, Quantity::Share).with_note(failed).marked(mark)
    }

    fn peak(&self) -> Entry {
        if self.peak == 0 { Entry::nothing() } else { Entry::bytes(self.peak) }
    }
}

/// Workloads × engines under one setting.
pub(in crate::report) fn matrix(report: &Report<'_>, setting: &Setting, metric: Metric) -> Table {
    let mut table = Table::new(format!("{}, {}", metric.title(), setting.name), &["Workload"]);
    table.even = true;
    table.columns.extend(report.engines.iter().enumerate().map(|(place, engine)| {
        let note = engine.missing.as_deref().unwrap_or_default();
        Entry { numeric: true, ..Entry::engine(place, engine).with_note(note) }
    }));
    table.lead = match metric {
        Metric::Throughput => "Correct answers a second, and the ratio to the best of the row.".to_owned(),
        _ => "Lower is better; and the ratio to the best of the row.".to_owned(),
    };
    for row in &setting.rows {
        let mut entries = vec![Entry::text(&*row.label)];
        entries.extend((0..row.cells.len()).map(|engine| matrix_entry(report, setting, row, engine, metric)));
        table.rows.push(entries);
    }
    table
}

fn matrix_entry(report: &Report<'_>, setting: &Setting, row: &Row, engine: usize, metric: Metric) -> Entry {
    let cell = &row.cells[engine];
    let Some(figures) = cell.figures() else {
        let text = match cell {
            Cell::Missing(reason) => brief(reason),
            _ => shortened(&cell.fault().unwrap_or_default(), 40),
        };
        let mark = if matches!(cell, Cell::Failed(_)) { Mark::Bad } else { Mark::Missing };
        return Entry { numeric: true, ..Entry::text(text).marked(mark) };
    };
    let value = metric.of_figures(figures);
    let entry = Entry::figure(value, |value| metric.quantity(value));
    let (Some(value), Some(best)) = (value, metric.best(&row.cells)) else {
        return match cell.fault() {
            Some(fault) => entry.with_note(fault).marked(Mark::Bad),
            None => entry,
        };
    };
    let ratio = Quantity::Ratio(value / best).to_string();
    if let Some(fault) = cell.fault() {
        return entry.with_note(format!("{ratio}; {fault}")).marked(Mark::Bad);
    }
    let mark = match metric.difference(value, best) {
        0.0 => Mark::Best,
        difference if is_same(report, setting, row, engine, metric, difference) => Mark::Same,
        _ => Mark::Plain,
    };
    Entry { heat: Some(metric.heat(value, best)), ..entry.with_note(ratio).marked(mark) }
}

/// Whether an engine cannot be told from the best of its row: by their comparison, or without one by the A/A floor.
fn is_same(
    report: &Report<'_>,
    setting: &Setting,
    row: &Row,
    engine: usize,
    metric: Metric,
    difference: f64,
) -> bool {
    let best = metric.best(&row.cells);
    let is_best = |cell: &Cell| cell.completed().is_some_and(|figures| metric.of_figures(figures) == best);
    let comparison = row
        .cells
        .iter()
        .position(is_best)
        .and_then(|best| report.comparison(setting, row, [engine, best], metric));
    Comparisons::is_same(comparison, difference, report.floor(), metric)
}

/// A reason up to its first colon: the whole is in the head of the column.
fn brief(reason: &str) -> String {
    reason.split(':').next().unwrap_or(reason).trim().to_owned()
}

/// What a pooled setting gains over the baseline.
pub(super) fn gain(report: &Report<'_>, gain: &Gain) -> Table {
    let (pooled, baseline) = (&report.settings[gain.setting], &report.settings[gain.baseline]);
    let mut table = Table::new(format!("{} over {}", pooled.name, baseline.name), &["Workload"]);
    table.even = true;
    table.lead = format!(
        "Throughput of a pool ({}) as a multiple of the naive way ({}): a fresh isolate in a blocking task.",
        pooled.name, baseline.name
    );
    table.columns.extend(
        report
            .engines
            .iter()
            .enumerate()
            .map(|(place, engine)| Entry { numeric: true, ..Entry::engine(place, engine) }),
    );
    for row in &gain.rows {
        let mut entries = vec![Entry::text(&*row.label)];
        for (ratio, engine) in row.ratios.iter().zip(&report.engines) {
            entries.push(match ratio {
                Some((ratio, true)) => Entry::figure(Some(*ratio), Quantity::Ratio),
                Some((ratio, false)) => {
                    Entry::figure(Some(*ratio), Quantity::Ratio).with_note("with errors").marked(Mark::Bad)
                }
                None => {
                    let reason = engine.missing.as_deref().map_or_else(|| "–".to_owned(), brief);
                    Entry { numeric: true, ..Entry::text(reason).marked(Mark::Missing) }
                }
            });
        }
        table.rows.push(entries);
    }
    table
}
