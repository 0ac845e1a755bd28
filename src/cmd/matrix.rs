//! The cells of a run: engines × workloads × isolations × reuses × rounds, in the order they are run.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use super::cell::{CellEvent, CellSpec, CellTask};
use super::child::CellEnd;
use super::hostile::HostileSpec;
use super::pool_spec::PoolSpec;
use crate::cli::Settings;
use crate::executor::{Candidate, Isolation, PolicyChoice, Reuse};
use crate::load::Plan;
use crate::record::{AGAIN, Measurement, Step};
use crate::workload::Workload;

/// One cell: what to run, and in which round.
#[derive(Debug, Clone)]
pub struct Cell {
    pub engine: Candidate,
    pub workload: Workload,
    pub isolation: Isolation,
    pub reuse: Reuse,
    pub policies: PolicyChoice,
    /// Its step on the ladder of an ablation.
    pub step: Option<Step>,
    pub round: u32,
    /// Set on the second half of an A/A pair.
    pub label: Option<String>,
}

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
                    cells.push(Cell::plain(settings, (engine, workload), (isolation, reuse), round));
                }
            }
        }
        cells.shuffle(&mut random);
        all.extend(cells);
    }
    all
}

/// Adds to every round, next to the cell it repeats, the second half of an A/A pair: of these cells, the first engine
/// that is there, on the first workload, under the isolation that a pool has most of its figures under.
pub fn with_noise_floor(settings: &Settings, mut cells: Vec<Cell>) -> Vec<Cell> {
    let is_under = |cell: &Cell, kind| (cell.isolation, cell.reuse) == kind;
    let mut there = kinds(settings);
    there.retain(|kind| cells.iter().any(|cell| is_under(cell, *kind)));
    let Some((isolation, reuse)) = there.into_iter().max_by_key(|(isolation, _)| match isolation {
        Isolation::Thread => 3,
        Isolation::Process => 2,
        Isolation::Task => 1,
        Isolation::Remote => 0,
    }) else {
        return cells;
    };
    let can_run = |engine: &&Candidate| engine.is_there().is_ok() && engine.runs_under(isolation);
    let Some(engine) = settings.selection.engines.iter().find(can_run) else { return cells };
    let is_here = |workload: &&Workload| {
        cells.iter().any(|cell| is_under(cell, (isolation, reuse)) && cell.workload.name == workload.name)
    };
    let Some(workload) = settings.selection.workloads.iter().find(is_here) else { return cells };
    let is_first = |cell: &Cell| {
        cell.engine.id() == engine.id()
            && cell.workload.name == workload.name
            && is_under(cell, (isolation, reuse))
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
            Isolation::Remote => kinds.push((isolation, Reuse::Unknown)),
        }
    }
    kinds
}

impl Cell {
    /// A cell behind the policies that the settings have.
    pub fn plain(
        settings: &Settings,
        (engine, workload): (&Candidate, &Workload),
        (isolation, reuse): (Isolation, Reuse),
        round: u32,
    ) -> Self {
        let (engine, workload, policies) = (engine.clone(), workload.clone(), settings.policies);
        Self { engine, workload, isolation, reuse, policies, step: None, round, label: None }
    }

    /// What it is held against is of the same group.
    pub fn group(&self) -> (Isolation, Reuse, String) {
        (self.isolation, self.reuse, self.workload.name.clone())
    }

    /// What the child is told.
    pub fn spec(&self, settings: &Settings, task: CellTask) -> CellSpec {
        CellSpec {
            workload: self.workload.name.clone(),
            workload_hash: self.workload.hash.clone(),
            asked_workloads: settings.selection.asked_workloads.clone(),
            pool: PoolSpec::new(&self.engine, self.isolation, self.reuse, settings)
                .for_kind(self.workload.kind),
            plan: self.plan(settings),
            deadlines: settings.deadlines(&self.workload),
            blocking_threads: settings.blocking_threads,
            policies: self.policies,
            hostile: settings
                .hostile
                .as_ref()
                .map(|all| HostileSpec::of(all, self.engine.id(), self.isolation)),
            soak: settings.soak,
            ablation: self.step.is_some(),
            task,
        }
    }

    /// The load. Each round of an ablation draws its hostile jobs anew, so that more rounds meet more scripts; every
    /// step of a round meets the same.
    pub fn plan(&self, settings: &Settings) -> Plan {
        let draw = if self.step.is_some() { u64::from(self.round) } else { 0 };
        Plan { seed: settings.plan.seed.wrapping_add(draw), ..settings.plan }
    }

    /// Its row, once it has run or failed.
    pub fn measurement(&self, settings: &Settings, end: CellEnd) -> Measurement {
        let (summary, error) = match end.last {
            CellEvent::Measured(summary) => (Some(*summary), None),
            CellEvent::Failed(why) => (None, Some(why)),
            CellEvent::Listening | CellEvent::Progress { .. } | CellEvent::Verified(_) => {
                (None, Some("the cell ended without a summary".to_owned()))
            }
        };
        Measurement {
            engine: self.engine.id().to_owned(),
            workload: self.workload.name.clone(),
            isolation: self.isolation,
            reuse: self.reuse,
            workers: if self.isolation.is_here() { settings.workers } else { 0 },
            round: self.round,
            plan: self.plan(settings),
            policies: Some(self.policies).filter(|policies| !policies.is_none()),
            step: self.step,
            label: self.label.clone(),
            summary,
            error,
            died: end.died,
        }
    }

    /// A short name for a progress line.
    pub fn title(&self) -> String {
        let (engine, workload) = (self.engine.id(), &self.workload.name);
        let step = self.step.map_or(String::new(), |step| format!(" {}", step.as_str()));
        format!("{engine} · {workload} · {} {}{step}", self.isolation, self.reuse)
    }
}
