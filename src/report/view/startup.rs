//! The starts by workload, each with what its aid is worth.

use crate::engine::Aid;
use crate::record::{RunRecord, Spread, Startup, StartupTimes};

use super::text::clean;
use super::{Engine, Workload};

/// The starts on one workload.
#[derive(Debug)]
pub(in crate::report) struct Started {
    pub workload: usize,
    /// By engine, without an aid first.
    pub starts: Vec<Start>,
}

/// One of them.
#[derive(Debug)]
pub(in crate::report) struct Start {
    pub engine: usize,
    pub aid: Aid,
    pub aid_bytes: Option<u64>,
    pub repetitions: u32,
    /// Or why there are none.
    pub times: Result<StartupTimes, String>,
    /// Its load as a part of the same without an aid; absent without an aid.
    pub load_ratio: Option<f64>,
    /// Whether its first result came sooner each time than any of the others' on the workload, if there are any. A
    /// median alone below others means little over ten starts: the process takes most of the time and varies most.
    pub is_soonest: bool,
}

/// Nothing without startup rows.
pub(super) fn started(record: &RunRecord, engines: &[Engine], workloads: &[Workload]) -> Vec<Started> {
    let of = |place: usize, workload: &Workload| {
        let rows: Vec<&Startup> = record.startup.iter().filter(|row| row.workload == workload.id).collect();
        let start = |row: &Startup| {
            let plain = |other: &&&Startup| other.engine == row.engine && other.aid == Aid::None;
            let plain = rows.iter().find(plain).and_then(|other| other.times);
            let times = row.times.ok_or_else(|| clean(row.error.as_deref().unwrap_or_default()));
            let others =
                || rows.iter().filter(|other| !other.is_same_row(row)).filter_map(|other| other.times);
            let is_before = |first: Spread| {
                others().next().is_some() && others().all(|other| first.max < other.first_result_us.min)
            };
            let load = |times: StartupTimes| times.load_us.median;
            Start {
                engine: engines.iter().position(|engine| engine.id == row.engine).unwrap_or_default(),
                aid: row.aid,
                aid_bytes: row.aid_bytes,
                repetitions: row.repetitions,
                load_ratio: plain
                    .zip(row.times)
                    .filter(|_| row.aid != Aid::None)
                    .map(|(plain, aided)| load(aided) / load(plain)),
                is_soonest: row.times.is_some_and(|times| is_before(times.first_result_us)),
                times,
            }
        };
        let mut starts: Vec<Start> = rows.iter().map(|row| start(row)).collect();
        starts.sort_by_key(|start| (start.engine, start.aid));
        (!starts.is_empty()).then_some(Started { workload: place, starts })
    };
    workloads.iter().enumerate().filter_map(|(place, workload)| of(place, workload)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, fixture};

    #[test]
    fn an_aid_is_held_against_the_same_engine_without_it() {
        let record = fixture::cost();
        let report = Report::new(&record).unwrap();
        assert_eq!(report.started.len(), 2);
        let starts = &report.started[0].starts;
        let told: Vec<(usize, Aid, Option<f64>, bool)> = starts
            .iter()
            .map(|start| (start.engine, start.aid, start.load_ratio, start.is_soonest))
            .collect();
        assert_eq!(
            told,
            [
                (0, Aid::None, None, false),
                (0, Aid::CodeCache, Some(0.25), true),
                (1, Aid::None, None, false),
                (2, Aid::None, None, false),
            ]
        );
        assert_eq!(starts[3].times, Err("not built".to_owned()));
        let died = &report.started[1].starts[1];
        assert!(died.times.is_err() && !died.is_soonest && died.load_ratio.is_none());
        assert!(!report.started[1].starts[0].is_soonest, "there is none to be before");
    }

    #[test]
    fn a_lead_within_what_others_vary_by_is_none() {
        let mut record = fixture::cost();
        record.startup[2].times.as_mut().unwrap().first_result_us.min = 8_000.0;
        let report = Report::new(&record).unwrap();
        assert!(report.started[0].starts.iter().all(|start| !start.is_soonest));
    }
}
