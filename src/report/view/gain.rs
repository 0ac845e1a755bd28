//! What a pool gains over the naive way: throughput of each pooled setting by that of the `task` baseline.

use crate::executor::Isolation;
use crate::load::Arrivals;

use super::{Row, Setting};

/// Gains of one pooled setting over the baseline.
#[derive(Debug)]
pub(in crate::report) struct Gain {
    /// Places of the pooled setting and of the baseline in the report's list.
    pub setting: usize,
    pub baseline: usize,
    pub rows: Vec<GainRow>,
}

/// A workload that both were measured on.
#[derive(Debug)]
pub(in crate::report) struct GainRow {
    pub label: String,
    /// For each engine: how many times the baseline's throughput, and whether both completed.
    pub ratios: Vec<Option<(f64, bool)>>,
}

/// The gains of all pooled settings over the baseline with the same policies. Only closed loops tell: an open one
/// asks the same of both.
pub(super) fn gains(settings: &[Setting]) -> Vec<Gain> {
    let mut gains = Vec::new();
    for (place, setting) in settings.iter().enumerate() {
        let is_baseline = |other: &Setting| {
            other.isolation == Isolation::Task && other.policies == setting.policies && other.step.is_none()
        };
        if setting.isolation == Isolation::Task || setting.step.is_some() {
            continue;
        }
        let Some(baseline) = settings.iter().position(is_baseline) else { continue };
        let rows: Vec<GainRow> = setting
            .rows
            .iter()
            .filter(|row| matches!(row.plan.arrivals, Arrivals::Closed { .. }))
            .filter_map(|row| Some(gain(row, baseline_of(row, &settings[baseline].rows)?)))
            .collect();
        if !rows.is_empty() {
            gains.push(Gain { setting: place, baseline, rows });
        }
    }
    gains
}

/// The baseline under the same plan, with the same number of workers if there are several.
fn baseline_of<'a>(row: &Row, baselines: &'a [Row]) -> Option<&'a Row> {
    let same = |other: &&Row| other.workload == row.workload && other.plan == row.plan;
    let exact = baselines.iter().filter(same).find(|other| other.workers == row.workers);
    exact.or_else(|| baselines.iter().find(same))
}

fn gain(row: &Row, baseline: &Row) -> GainRow {
    let ratios = row.cells.iter().zip(&baseline.cells).map(|(pooled, naive)| {
        let (over, under) = (pooled.figures()?.throughput.value, naive.figures()?.throughput.value);
        let clean = pooled.completed().is_some() && naive.completed().is_some();
        (over > 0.0 && under > 0.0).then(|| (over / under, clean))
    });
    GainRow { label: row.label.clone(), ratios: ratios.collect() }
}
