//! Whether a record is whole: that its sums add up and its histograms hold what was counted.

use super::{Measurement, RunRecord};
use crate::stats::{EncodedHistogram, Summary};

/// What is wrong with a record's measurements, a line each; none if it is whole.
pub fn check(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, row) in record.measurements.iter().enumerate() {
        let mut complain = |what: String| {
            let Measurement { engine, workload, isolation, round, .. } = row;
            wrong.push(format!(
                "measurement {number} ({engine}, {workload}, {isolation}, round {round}): {what}"
            ));
        };
        match (&row.summary, &row.error) {
            (Some(summary), None) => check_summary(summary, &mut complain),
            (None, Some(_)) => {}
            (Some(_), Some(_)) => complain("has both a summary and an error".to_owned()),
            (None, None) => complain("has neither a summary nor an error".to_owned()),
        }
    }
    wrong
}

fn check_summary(summary: &Summary, complain: &mut impl FnMut(String)) {
    let total = summary.outcomes.total();
    if total != summary.submitted {
        complain(format!("{} jobs submitted, {total} outcomes", summary.submitted));
    }
    let hostile = summary.hostile.unwrap_or_default();
    let total = hostile.outcomes.total();
    if total != hostile.submitted {
        complain(format!("{} hostile jobs submitted, {total} outcomes", hostile.submitted));
    }
    if summary.wrong_answers > summary.outcomes.ok {
        complain(format!("{} wrong answers, {} answers", summary.wrong_answers, summary.outcomes.ok));
    }
    let ran = |histogram: &EncodedHistogram| histogram.decode().map(|histogram| histogram.len());
    match (ran(&summary.response_histogram), ran(&summary.service_histogram)) {
        (Ok(response), Ok(service)) if response != service => {
            complain(format!("{response} response times, {service} service times"));
        }
        (Ok(response), Ok(_)) if response > summary.submitted => {
            complain(format!("{response} response times, {} jobs", summary.submitted));
        }
        (Ok(_), Ok(_)) => {}
        (Err(error), _) | (_, Err(error)) => complain(error.to_string()),
    }
}
