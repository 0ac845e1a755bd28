//! `jsarena compare --ablation`: what retry, breaker, pool and isolation each are worth under a mix of faults.
//!
//! The ladder: the naive way; a pool of threads, then with retry, with the breaker, with both; a pool of processes,
//! and the same again. Every step of an engine on a workload meets the same jobs at the same instants, hostile ones
//! that kill the host included.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use super::matrix::{Cell, kinds};
use super::{Failure, Verdict};
use crate::cli::Settings;
use crate::executor::{Candidate, Isolation, PolicyChoice, Reuse};
use crate::load::Arrivals;
use crate::record::{AGAIN, Measurement, RunRecord, Step};

/// Whether these settings make a ladder: users do not wait for one another, and pools differ in one thing at a time.
pub fn check(settings: &Settings) -> Result<(), Failure> {
    if matches!(settings.plan.arrivals, Arrivals::Closed { .. }) {
        return Err(Failure::Usage(
            "an ablation needs an open loop, as a dead host makes no client wait: --rate instead of --concurrency"
                .to_owned(),
        ));
    }
    if settings.reuses.len() > 1 {
        return Err(Failure::Usage("an ablation has one reuse for all its pools: name one".to_owned()));
    }
    Ok(())
}

/// The ladder from the bottom up. The naive way has no policies: whoever adds them has left it.
fn ladder(settings: &Settings) -> Vec<(Isolation, Reuse, Step, PolicyChoice)> {
    let mut kinds = kinds(settings);
    kinds.sort();
    let steps = |(isolation, reuse): (Isolation, Reuse)| {
        let steps = Step::ALL.into_iter().filter(|step| step.is_in(settings.policies));
        steps
            .filter(move |step| isolation != Isolation::Task || *step == Step::Bare)
            .map(move |step| (isolation, reuse, step, step.of(settings.policies)))
    };
    kinds.into_iter().flat_map(steps).collect()
}

/// Every step of every engine and workload, in each round shuffled from the seed; next to the top step of the first
/// engine that is there, on the first workload, the second half of an A/A pair.
pub fn cells(settings: &Settings) -> Vec<Cell> {
    let mut random = Pcg64Mcg::seed_from_u64(settings.plan.seed);
    let ladder = ladder(settings);
    let there = settings.selection.engines.iter().find(|engine| {
        engine.is_there().is_ok()
            && ladder.last().is_some_and(|(isolation, ..)| engine.runs_under(*isolation))
    });
    let mut all = Vec::new();
    for round in 0..settings.rounds {
        let mut cells = Vec::new();
        for workload in &settings.selection.workloads {
            for engine in &settings.selection.engines {
                let runs =
                    |(isolation, ..): &&(Isolation, Reuse, Step, PolicyChoice)| engine.runs_under(*isolation);
                cells.extend(ladder.iter().filter(runs).map(|&(isolation, reuse, step, policies)| Cell {
                    engine: engine.clone(),
                    workload: workload.clone(),
                    isolation,
                    reuse,
                    policies,
                    step: Some(step),
                    round,
                    label: None,
                }));
            }
        }
        cells.shuffle(&mut random);
        let is_top = |cell: &Cell| {
            ladder.last().map(|(isolation, _, step, _)| (*isolation, Some(*step)))
                == Some((cell.isolation, cell.step))
                && there.map(Candidate::id) == Some(cell.engine.id())
                && settings.selection.workloads.first().map(|first| &first.name) == Some(&cell.workload.name)
        };
        if let Some(at) = cells.iter().position(is_top) {
            let again = Cell { label: Some(AGAIN.to_owned()), ..cells[at].clone() };
            cells.insert(at + 1, again);
        }
        all.extend(cells);
    }
    all
}

/// Well, whatever became of the jobs and of hosts that were killed: faults are what is measured. A cell that could
/// not run for another reason is not, nor is a job without an outcome.
pub fn verdict(record: &RunRecord) -> Verdict {
    let missing =
        |engine: &str| record.engines.iter().any(|entry| entry.id == engine && entry.info.is_none());
    let is_well = |row: &Measurement| match &row.summary {
        Some(summary) => summary.lost() == 0,
        None => row.died.is_some(),
    };
    Verdict::of(record.measurements.iter().filter(|row| !missing(&row.engine)).all(is_well))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Defaults, Flags};

    fn settings(change: impl FnOnce(&mut Flags)) -> Settings {
        let mut flags = Flags { engines: vec!["fake".to_owned()], ..Flags::default() };
        change(&mut flags);
        Settings::gather(&flags, None, Defaults::ABLATION).unwrap()
    }

    fn names(settings: &Settings) -> Vec<String> {
        let name = |(isolation, _, step, _): &(Isolation, Reuse, Step, PolicyChoice)| {
            format!("{isolation} {}", step.as_str())
        };
        ladder(settings).iter().map(name).collect()
    }

    #[test]
    fn the_ladder_goes_from_the_naive_way_to_everything() {
        let settings = settings(|_| {});
        let expected = [
            "task bare",
            "thread bare",
            "thread retry",
            "thread breaker",
            "thread both",
            "process bare",
            "process retry",
            "process breaker",
            "process both",
        ];
        assert_eq!(names(&settings), expected);
        let policies: Vec<_> = ladder(&settings).iter().map(|(.., it)| (it.retries, it.breaker)).collect();
        let pool = [(None, None), (Some(2), None), (None, Some(10)), (Some(2), Some(10))];
        assert_eq!(policies, [&pool[..1], &pool, &pool].concat());
        assert!(ladder(&settings).iter().all(|(isolation, reuse, ..)| match isolation {
            Isolation::Task => *reuse == Reuse::Fresh,
            _ => *reuse == Reuse::Reset,
        }));
    }

    #[test]
    fn flags_narrow_it() {
        let processes = settings(|flags| flags.isolation = vec!["process".to_owned(), "task".to_owned()]);
        let expected = ["task bare", "process bare", "process retry", "process breaker", "process both"];
        assert_eq!(names(&processes), expected);
        let no_breaker = settings(|flags| {
            flags.breaker = Some(0);
            flags.isolation = vec!["thread".to_owned()];
        });
        assert_eq!(names(&no_breaker), ["thread bare", "thread retry"]);
    }

    #[test]
    fn every_round_has_the_whole_ladder_and_one_step_twice() {
        let settings = settings(|flags| flags.rounds = Some(2));
        let cells = cells(&settings);
        assert_eq!(cells.len(), 2 * (9 + 1));
        for (round, cells) in cells.chunks(10).enumerate() {
            assert!(cells.iter().all(|cell| cell.round as usize == round && cell.step.is_some()));
            let seed = settings.plan.seed + round as u64;
            assert!(cells.iter().all(|cell| cell.plan(&settings).seed == seed), "one draw for all steps");
            let again = cells.iter().position(|cell| cell.label.is_some()).unwrap();
            let (first, second) = (&cells[again - 1], &cells[again]);
            assert_eq!((first.isolation, first.step), (Isolation::Process, Some(Step::Both)));
            assert_eq!((first.isolation, first.step), (second.isolation, second.step));
        }
    }

    #[test]
    fn what_makes_no_ladder_is_refused() {
        let complaint = |change: fn(&mut Flags)| match check(&settings(change)) {
            Err(Failure::Usage(complaint)) => complaint,
            other => panic!("{other:?}"),
        };
        assert!(complaint(|flags| flags.concurrency = Some(2)).contains("--rate"));
        let two = |flags: &mut Flags| flags.reuse = vec!["keep".to_owned(), "reset".to_owned()];
        assert!(complaint(two).contains("one reuse"));
        assert!(check(&settings(|_| {})).is_ok());
    }
}
