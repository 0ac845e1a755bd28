//! The cells of a run: engines × workloads × isolations × reuses × rounds, in the order they are run.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use super::cell::{CellEvent, CellSpec, CellTask};
use super::pool_spec::PoolSpec;
use crate::cli::Settings;
use crate::executor::{Candidate, Isolation, Reuse};
use crate::record::Measurement;
use crate::workload::Workload;

/// One cell: what to run, and in which round.
#[derive(Debug, Clone)]
pub struct Cell {
    pub engine: Candidate,
    pub workload: Workload,
    pub isolation: Isolation,
    pub reuse: Reuse,
    pub round: u32,
    /// Set on the second half of an A/A pair.
    pub label: Option<String>,
}

/// The label of an A/A pair's second half.
pub const AGAIN: &str = "A/A";

/// Every cell of every round. Within a round the order is shuffled from the seed, so that a slow drift of the
/// machine does not fall on the same engine each time; rounds follow each other.
pub fn cells(settings: &Settings) -> Vec<Cell> {
    let mut random = Pcg64Mcg::seed_from_u64(settings.plan.seed);
    let mut all = Vec::new();
    for round in 0..settings.rounds {
        let mut cells = Vec::new();
        for (isolation, reuse) in kinds(settings) {
            for workload in &settings.selection.workloads {
                for engine in settings.selection.engines.iter().filter(|one| one.runs_under(isolation)) {
                    let (engine, workload) = (engine.clone(), workload.clone());
                    cells.push(Cell { engine, workload, isolation, reuse, round, label: None });
                }
            }
        }
        cells.shuffle(&mut random);
        all.extend(cells);
    }
    all
}

/// Adds to every round, next to the cell it repeats, the second half of an A/A pair: the first engine that is
/// there, on the first workload, under the isolation that a pool has most of its figures under.
pub fn with_noise_floor(settings: &Settings, mut cells: Vec<Cell>) -> Vec<Cell> {
    let Some((isolation, reuse)) = kinds(settings).into_iter().max_by_key(|(isolation, _)| match isolation {
        Isolation::Thread => 2,
        Isolation::Process => 1,
        Isolation::Task => 0,
    }) else {
        return cells;
    };
    let can_run = |engine: &&Candidate| engine.is_there().is_ok() && engine.runs_under(isolation);
    let Some(engine) = settings.selection.engines.iter().find(can_run) else { return cells };
    let Some(workload) = settings.selection.workloads.first() else { return cells };
    let is_first = |cell: &Cell| {
        cell.engine.id() == engine.id()
            && cell.workload.name == workload.name
            && (cell.isolation, cell.reuse) == (isolation, reuse)
    };
    for at in (0..cells.len()).rev() {
        if is_first(&cells[at]) {
            let again = Cell { label: Some(AGAIN.to_owned()), ..cells[at].clone() };
            cells.insert(at + 1, again);
        }
    }
    cells
}

/// Isolation and reuse in the combinations that exist: the baseline always has a fresh isolate.
pub fn kinds(settings: &Settings) -> Vec<(Isolation, Reuse)> {
    let mut kinds = Vec::new();
    for &isolation in &settings.isolations {
        match isolation {
            Isolation::Task => kinds.push((isolation, Reuse::Fresh)),
            Isolation::Thread | Isolation::Process => {
                kinds.extend(settings.reuses.iter().map(|&reuse| (isolation, reuse)))
            }
        }
    }
    kinds
}

impl Cell {
    /// What the child is told.
    pub fn spec(&self, settings: &Settings, task: CellTask) -> CellSpec {
        CellSpec {
            workload: self.workload.name.clone(),
            workload_hash: self.workload.hash.clone(),
            asked_workloads: settings.selection.asked_workloads.clone(),
            pool: PoolSpec::new(&self.engine, self.isolation, self.reuse, settings),
            plan: settings.plan,
            deadlines: settings.deadlines(&self.workload),
            blocking_threads: settings.blocking_threads,
            task,
        }
    }

    /// Its row, once it has run or failed.
    pub fn measurement(&self, settings: &Settings, last: CellEvent) -> Measurement {
        let (summary, error) = match last {
            CellEvent::Measured(summary) => (Some(*summary), None),
            CellEvent::Failed(why) => (None, Some(why)),
            CellEvent::Progress { .. } | CellEvent::Verified(_) => {
                (None, Some("the cell ended without a summary".to_owned()))
            }
        };
        Measurement {
            engine: self.engine.id().to_owned(),
            workload: self.workload.name.clone(),
            isolation: self.isolation,
            reuse: self.reuse,
            workers: settings.workers,
            round: self.round,
            plan: settings.plan,
            label: self.label.clone(),
            summary,
            error,
        }
    }

    /// A short name for a progress line.
    pub fn title(&self) -> String {
        format!("{} · {} · {} {}", self.engine.id(), self.workload.name, self.isolation, self.reuse)
    }
}
