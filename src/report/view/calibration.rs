//! The instrument held against servers that are known, case by case.

use crate::record::{Calibration, CalibrationRun, Instrument, RunRecord};
use crate::report::Quantity;

use super::text::{clean, plural, some_of};
use super::warnings::NAMED;

/// What calibration came to.
#[derive(Debug)]
pub(in crate::report) struct Calibrated {
    pub cases: Vec<CalibratedCase>,
    pub instrument: Instrument,
    pub headline: String,
}

/// One case: its percentiles, and the run they are from.
#[derive(Debug)]
pub(in crate::report) struct CalibratedCase {
    pub name: String,
    pub percentiles: Vec<Calibration>,
    pub run: Option<CalibrationRun>,
}

/// Nothing without calibration rows.
pub(super) fn calibrated(record: &RunRecord) -> Option<Calibrated> {
    let mut cases: Vec<CalibratedCase> = Vec::new();
    let instrument = record.instrument.clone().unwrap_or_default();
    for row in &record.calibration {
        let case = match cases.iter_mut().find(|case| case.name == clean(&row.case)) {
            Some(case) => case,
            None => {
                let run = instrument.runs.iter().find(|run| run.case == row.case).cloned();
                cases.push(CalibratedCase { name: clean(&row.case), percentiles: Vec::new(), run });
                cases.last_mut()?
            }
        };
        case.percentiles.push(row.clone());
    }
    (!cases.is_empty()).then(|| Calibrated { headline: headline(&cases, &instrument), cases, instrument })
}

fn headline(cases: &[CalibratedCase], instrument: &Instrument) -> String {
    let rows = || cases.iter().flat_map(|case| &case.percentiles);
    let apart: Vec<String> = rows()
        .filter(|row| !row.is_near())
        .map(|row| format!("{} of {} by {}", row.percentile, clean(&row.case), Quantity::Share(row.error)))
        .collect();
    let all = plural(rows().count() as u64, "percentile");
    let mut text = if apart.is_empty() {
        format!(
            "The instrument is true: all of {all} over {} are within 3 % or 50 µs of their references.",
            plural(cases.len() as u64, "case")
        )
    } else {
        format!("The instrument is off in {} of {all}: {}.", apart.len(), some_of(&apart, NAMED))
    };
    let failed: u64 = instrument.runs.iter().map(|run| run.failed).sum();
    if failed > 0 {
        text.push_str(&format!(" {} failed or got lost.", plural(failed, "job")));
    }
    if let Some(closed) = instrument.closed_loop {
        text.push_str(&format!(
            " Of a server that stood still, a closed loop said p99 {}, where users who do not wait for each other had \
             {}.",
            Quantity::Latency(closed.p99_us),
            Quantity::Latency(closed.reference_us)
        ));
    }
    text
}
