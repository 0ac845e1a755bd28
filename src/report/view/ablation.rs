//! Ablations: what each step of a ladder of isolations and policies is worth under a mix of faults, and what it
//! costs.

mod deaths;
mod headline;
mod step;
#[cfg(test)]
mod tests;

pub(in crate::report) use deaths::Death;
pub(in crate::report) use step::Rung;

use crate::executor::{Isolation, PolicyChoice, Reuse};
use crate::load::Plan;
use crate::record::{Measurement, RunRecord, Step};
use crate::report::ReportError;

use super::policies::suffix;
use super::text::load_text;
use super::{Engine, Workload};

/// The ladder of one engine on one workload under one load.
#[derive(Debug)]
pub(in crate::report) struct Ablation {
    /// `quickjs on seed/fib`, and how pools reuse their isolates.
    pub title: String,
    pub load: String,
    /// From the bottom up.
    pub rungs: Vec<Rung>,
    /// What it comes to, in one sentence.
    pub headline: String,
}

/// What all rows of a ladder share.
#[derive(Clone, Copy, PartialEq)]
struct Ladder<'a> {
    engine: &'a str,
    workload: &'a str,
    workers: u32,
    plan: Plan,
}

/// What makes a row one of a rung's rounds.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    isolation: Isolation,
    reuse: Reuse,
    step: Step,
    policies: PolicyChoice,
}

/// Every ladder of a record, in the order of its engines and workloads, and how far apart the shares of the same
/// cell measured twice were.
pub(super) fn ablations(
    record: &RunRecord,
    engines: &[Engine],
    workloads: &[Workload],
) -> Result<(Vec<Ablation>, Option<f64>), ReportError> {
    let rows = |wanted: fn(&Measurement) -> bool| {
        let step = |row| Some((row, Place::of(row)?));
        record.measurements.iter().filter(move |row| wanted(row)).filter_map(step)
    };
    let first: Vec<(&Measurement, Place)> = rows(|row| row.label.is_none()).collect();
    let again = rows(|row| row.label.is_some()).filter_map(|(second, place)| {
        let is_twin = |(row, at): &&(&Measurement, Place)| {
            Ladder::of(row) == Ladder::of(second) && *at == place && row.round == second.round
        };
        let (twin, _) = first.iter().find(is_twin)?;
        Some((step::share_of(twin)? - step::share_of(second)?).abs())
    });
    let floor = again.reduce(f64::max);
    let mut ablations = Vec::new();
    for named in engines.iter().filter(|engine| engine.missing.is_none()) {
        for on in workloads {
            let here = |row: &Measurement| row.engine == named.id && row.workload == on.id;
            let here: Vec<_> = first.iter().copied().filter(|(row, _)| here(row)).collect();
            for (ladder, reuse) in ladders(&here) {
                let own: Vec<_> = here
                    .iter()
                    .copied()
                    .filter(|(row, place)| Ladder::of(row) == ladder && place.is_beside(reuse))
                    .collect();
                let rungs = rungs(named, &own)?;
                ablations.push(Ablation {
                    title: match reuse {
                        Some(reuse) => format!("{} on {}, {reuse} in pools", named.name, on.name),
                        None => format!("{} on {}", named.name, on.name),
                    },
                    load: load_text(ladder.workers, &ladder.plan),
                    headline: headline::headline(&named.name, &rungs, floor),
                    rungs,
                });
            }
        }
    }
    Ok((ablations, floor))
}

/// The loads of an engine on a workload, each with every reuse of pools under it; the baseline has none of its own.
fn ladders<'a>(here: &[(&'a Measurement, Place)]) -> Vec<(Ladder<'a>, Option<Reuse>)> {
    let mut loads: Vec<Ladder<'a>> = Vec::new();
    for (row, _) in here {
        let ladder = Ladder::of(row);
        if !loads.contains(&ladder) {
            loads.push(ladder);
        }
    }
    loads.sort_by_key(|ladder| load_text(ladder.workers, &ladder.plan));
    let of_pools = |ladder: Ladder<'a>| {
        let pooled = here.iter().filter(|(row, _)| Ladder::of(row) == ladder);
        let mut reuses: Vec<Reuse> = pooled.filter_map(|(_, place)| place.reuse_of_pool()).collect();
        reuses.sort();
        reuses.dedup();
        let mut reuses: Vec<Option<Reuse>> = reuses.into_iter().map(Some).collect();
        if reuses.is_empty() {
            reuses.push(None);
        }
        reuses.into_iter().map(move |reuse| (ladder, reuse))
    };
    loads.into_iter().flat_map(of_pools).collect()
}

/// The rungs of one ladder, each with the place of the one it builds on.
fn rungs(engine: &Engine, rows: &[(&Measurement, Place)]) -> Result<Vec<Rung>, ReportError> {
    let mut places: Vec<Place> = Vec::new();
    for (_, place) in rows {
        if !places.contains(place) {
            places.push(*place);
        }
    }
    let numbers = |policies: PolicyChoice| (policies.retries, policies.breaker, policies.in_flight);
    places.sort_by_key(|place| (place.isolation, place.step, numbers(place.policies)));
    let all: Vec<PolicyChoice> = places.iter().map(|place| place.policies).collect();
    let mut rungs: Vec<Rung> = Vec::new();
    for place in &places {
        let rounds: Vec<&Measurement> =
            rows.iter().filter(|(_, at)| at == place).map(|(row, _)| *row).collect();
        let alike = |other: &&Place| (other.isolation, other.step) == (place.isolation, place.step);
        let name = if places.iter().filter(alike).count() == 1 {
            step::name(place.isolation, place.step)
        } else {
            format!("{}{}", place.isolation, suffix(place.policies, &all))
        };
        let over = rungs.iter().rposition(|below| is_base(below, *place));
        let base = over.map(|over| &rungs[over]);
        rungs.push(Rung::new(name, (place.isolation, place.step), engine, rounds, (over, base))?);
    }
    Ok(rungs)
}

/// Whether a rung below is what a place builds on: for a policy its own isolation bare, for an isolation the next
/// weaker one bare.
fn is_base(below: &Rung, place: Place) -> bool {
    below.step == Step::Bare
        && if place.step == Step::Bare {
            below.isolation < place.isolation
        } else {
            below.isolation == place.isolation
        }
}

impl<'a> Ladder<'a> {
    fn of(row: &'a Measurement) -> Self {
        // The seed of a plan may differ by round; it is no difference of load.
        let plan = Plan { seed: 0, ..row.plan };
        Self { engine: &row.engine, workload: &row.workload, workers: row.workers, plan }
    }
}

impl Place {
    fn of(row: &Measurement) -> Option<Self> {
        let policies = row.policies.unwrap_or_default();
        Some(Self { isolation: row.isolation, reuse: row.reuse, step: row.step?, policies })
    }

    fn reuse_of_pool(self) -> Option<Reuse> {
        Some(self.reuse).filter(|_| self.isolation != Isolation::Task)
    }

    /// Whether it is of a ladder whose pools reuse their isolates like this.
    fn is_beside(self, reuse: Option<Reuse>) -> bool {
        self.isolation == Isolation::Task || self.reuse_of_pool() == reuse
    }
}
