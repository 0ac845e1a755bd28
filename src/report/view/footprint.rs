//! Memory by workload.

use crate::record::{Footprint, MemoryFigures, RunRecord};

use super::text::clean;
use super::{Engine, Workload};

/// What engines take with one workload.
#[derive(Debug)]
pub(in crate::report) struct Taken {
    pub workload: usize,
    /// By engine: its figures, or why there are none.
    pub engines: Vec<(usize, Result<MemoryFigures, String>)>,
}

/// Nothing without footprint rows.
pub(super) fn taken(record: &RunRecord, engines: &[Engine], workloads: &[Workload]) -> Vec<Taken> {
    let place_of = |row: &Footprint| engines.iter().position(|engine| engine.id == row.engine);
    let of = |place: usize, workload: &Workload| {
        let rows = record.footprint.iter().filter(|row| row.workload == workload.id);
        let figures = |row: &Footprint| {
            let why = || clean(row.error.as_deref().unwrap_or_default());
            (place_of(row).unwrap_or_default(), row.memory.clone().ok_or_else(why))
        };
        let mut engines: Vec<_> = rows.map(figures).collect();
        engines.sort_by_key(|(engine, _)| *engine);
        (!engines.is_empty()).then_some(Taken { workload: place, engines })
    };
    workloads.iter().enumerate().filter_map(|(place, workload)| of(place, workload)).collect()
}
