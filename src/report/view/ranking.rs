//! The ranking of a setting: geometric means over the rows that all ranked engines completed.

use crate::stats::compare::Metric;

use super::{Cell, Engine, Figures, Row};

/// Engines of one setting in order, and what the order is worth.
#[derive(Debug)]
pub(in crate::report) struct Ranking {
    pub by: RankedBy,
    /// Best first.
    pub ranked: Vec<Ranked>,
    /// Engines without a rank, and why.
    pub unranked: Vec<(usize, String)>,
    /// Rows the means are over.
    pub counted: usize,
    /// Of those, rows with enough samples for a 99th percentile of every ranked engine.
    pub counted_p99: usize,
    /// Rows measured.
    pub rows: usize,
    pub left_out: Vec<LeftOut>,
}

/// What decides the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum RankedBy {
    Throughput,
    /// An open loop asks the same throughput of all; how long they took is what differs.
    Median,
}

impl RankedBy {
    /// What decides.
    pub fn metric(self) -> Metric {
        match self {
            Self::Throughput => Metric::Throughput,
            Self::Median => Metric::P50,
        }
    }
}

/// An engine with a rank. Means are of the ratios to the best engine of each row.
#[derive(Debug)]
pub(in crate::report) struct Ranked {
    pub engine: usize,
    pub throughput: f64,
    pub p50: f64,
    pub p99: Option<f64>,
    /// Whether it cannot be told from the first: by their comparison, or without one by the A/A floor.
    pub same_as_first: bool,
}

/// A row that does not count, and the engines that keep it out, with what they did.
#[derive(Debug)]
pub(in crate::report) struct LeftOut {
    pub label: String,
    pub because: Vec<(usize, String)>,
}

/// Ranks the engines over the rows of a setting. Two of them, some relative difference apart, may be the same.
pub(super) fn rank(
    rows: &[Row],
    engines: &[Engine],
    is_same: impl Fn(RankedBy, usize, usize, f64) -> bool,
) -> Ranking {
    let completes = |engine: usize| rows.iter().filter(|row| row.cells[engine].completed().is_some()).count();
    let (able, unable): (Vec<usize>, Vec<usize>) =
        (0..engines.len()).partition(|&engine| completes(engine) > 0);
    let mut unranked: Vec<(usize, String)> =
        unable.into_iter().map(|engine| (engine, why_unable(rows, engine))).collect();
    let mut left_out = Vec::new();
    let mut common: Vec<Vec<&Figures>> = Vec::new();
    for row in rows {
        let because: Vec<(usize, String)> =
            able.iter().filter_map(|&engine| Some((engine, row.cells[engine].fault()?))).collect();
        if because.is_empty() && !able.is_empty() {
            common.push(able.iter().filter_map(|&engine| row.cells[engine].completed()).collect());
        } else if !because.is_empty() {
            left_out.push(LeftOut { label: row.label.clone(), because });
        }
    }
    let enough = |figures: &&Vec<&Figures>| figures.iter().all(|f| f.response.p99().is_some());
    let counted_p99 = common.iter().filter(enough).count();
    let by = if !rows.is_empty() && rows.iter().all(Row::is_open) {
        RankedBy::Median
    } else {
        RankedBy::Throughput
    };
    let mut ranked = Vec::new();
    if common.is_empty() {
        let alone = |engine: usize| {
            let count = completes(engine);
            (engine, format!("completed {count} of {}, none of which all others completed", rows.len()))
        };
        unranked.extend(able.into_iter().map(alone));
    } else {
        let p50 = |figures: &Figures| figures.response.p50();
        for (place, &engine) in able.iter().enumerate() {
            ranked.push(Ranked {
                engine,
                throughput: mean_ratio(&common, place, |f| Some(f.throughput.value), f64::max)
                    .unwrap_or(f64::NAN),
                p50: mean_ratio(&common, place, p50, f64::min).unwrap_or(f64::NAN),
                p99: mean_ratio(&common, place, |f| f.response.p99(), f64::min),
                same_as_first: false,
            });
        }
    }
    // A stable sort: equals keep the record's order.
    ranked.sort_by(|a, b| match by {
        RankedBy::Throughput => b.throughput.total_cmp(&a.throughput),
        RankedBy::Median => a.p50.total_cmp(&b.p50),
    });
    mark_equals(&mut ranked, by, is_same);
    unranked.sort_by_key(|(engine, _)| *engine);
    Ranking { by, ranked, unranked, counted: common.len(), counted_p99, rows: rows.len(), left_out }
}

/// The geometric mean, over the rows that have the figure for all, of one engine's ratio to the row's best.
fn mean_ratio(
    rows: &[Vec<&Figures>],
    place: usize,
    figure: fn(&Figures) -> Option<f64>,
    best: fn(f64, f64) -> f64,
) -> Option<f64> {
    let mut logs = Vec::new();
    for row in rows {
        let figures: Option<Vec<f64>> = row.iter().map(|f| figure(f).filter(|value| *value > 0.0)).collect();
        if let Some(figures) = figures
            && let Some(best) = figures.iter().copied().reduce(best)
        {
            logs.push((figures[place] / best).ln());
        }
    }
    (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
}

fn mark_equals(ranked: &mut [Ranked], by: RankedBy, is_same: impl Fn(RankedBy, usize, usize, f64) -> bool) {
    let Some(first) = ranked.first().map(|first| (first.engine, first.throughput, first.p50)) else { return };
    for other in &mut ranked[1..] {
        let difference = match by {
            RankedBy::Throughput => 1.0 - other.throughput / first.1,
            RankedBy::Median => other.p50 / first.2 - 1.0,
        };
        other.same_as_first = is_same(by, first.0, other.engine, difference);
    }
}

/// One reason when all its cells have the same, otherwise the first.
fn why_unable(rows: &[Row], engine: usize) -> String {
    let mut faults: Vec<String> = Vec::new();
    for row in rows {
        let fault = row.cells[engine].fault().unwrap_or_default();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
        if let Cell::Missing(reason) = &row.cells[engine] {
            return reason.clone();
        }
    }
    match faults.as_slice() {
        [] => "not measured".to_owned(),
        [only] => only.clone(),
        [first, ..] => format!("completed nothing; first: {first}"),
    }
}
