//! Whether a record is whole: that its sums add up and its histograms hold what was counted.

mod calibration;
mod capacity;
mod comparisons;
mod conditions;
mod footprint;
mod other_tools;
mod startup;

pub use other_tools::check_other_tool;

use std::collections::BTreeSet;

use super::{Containment, ContainmentVerdict, Died, Measurement, Neighbours, RunRecord, Shards};
use crate::stats::{EncodedHistogram, Summary};

/// What is wrong with a record's rows, a line each; none if it is whole.
pub fn check(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(record.shards.as_ref().and_then(Shards::check));
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
        if let Some(died) = &row.died {
            check_death(row, died, &mut complain);
        }
    }
    let mut seen = BTreeSet::new();
    for (number, row) in record.containment.iter().enumerate() {
        let Containment { script, engine, isolation, reuse, .. } = row;
        let mut complain = |what: String| {
            wrong.push(format!("containment {number} ({script}, {engine}, {isolation}, {reuse}): {what}"));
        };
        if !seen.insert((script, engine, *isolation, reuse.as_str())) {
            complain("is there already".to_owned());
        }
        check_containment(row, &mut complain);
        check_neighbours(&row.neighbours, &mut complain);
    }
    wrong.extend(calibration::complaints(record));
    wrong.extend(startup::complaints(record));
    wrong.extend(footprint::complaints(record));
    wrong.extend(comparisons::complaints(record));
    wrong.extend(capacity::complaints(record));
    wrong.extend(other_tools::complaints(record));
    wrong
}

fn check_death(row: &Measurement, died: &Died, complain: &mut impl FnMut(String)) {
    let Died { at_s, finished, errors, .. } = *died;
    if row.error.is_none() {
        complain("died without an error".to_owned());
    }
    if at_s < 0.0 {
        complain(format!("died after {at_s} s"));
    }
    if errors > finished {
        complain(format!("{finished} jobs ended before it died, {errors} of them as errors"));
    }
    if let Some(planned) = row.plan.good_jobs().filter(|planned| finished > *planned) {
        complain(format!("{planned} good jobs planned, {finished} ended before it died"));
    }
}

fn check_containment(row: &Containment, complain: &mut impl FnMut(String)) {
    for (name, time) in [("ran", row.ran_ms), ("overran", row.overrun_ms), ("recovered", row.recovery_ms)] {
        if let Some(time) = time.filter(|time| *time < 0.0) {
            complain(format!("{name} for {time} ms"));
        }
    }
    match (row.verdict, &row.error) {
        (Some(verdict), None) => check_verdict(row, verdict, complain),
        (None, Some(_)) if row.outcome.is_some() => complain("has both an outcome and an error".to_owned()),
        (None, Some(_)) => {}
        (Some(_), Some(_)) => complain("has both a verdict and an error".to_owned()),
        (None, None) => complain("has neither a verdict nor an error".to_owned()),
    }
}

/// Whether the verdict is one that the rest of the row allows.
fn check_verdict(row: &Containment, verdict: ContainmentVerdict, complain: &mut impl FnMut(String)) {
    let killed = verdict == ContainmentVerdict::HostKilled;
    if killed == row.host_survived {
        let fate = if row.host_survived { "survived" } else { "died" };
        complain(format!("is {}, but its host {fate}", verdict.as_str()));
    }
    let lost = row.neighbours.lost;
    if verdict == ContainmentVerdict::NeighboursHurt && lost == 0 && row.leftovers.is_empty() {
        complain("is neighbours_hurt, but no innocent job was lost and nothing was left over".to_owned());
    }
    if verdict < ContainmentVerdict::NeighboursHurt && lost > 0 {
        complain(format!("is {}, but {lost} innocent jobs were lost", verdict.as_str()));
    }
    if verdict != ContainmentVerdict::Contained {
        return;
    }
    let unexpected =
        row.outcome.filter(|outcome| !row.expected.is_empty() && !row.expected.contains(outcome));
    let marred = [
        row.outcome.is_none().then(|| "it has no outcome".to_owned()),
        unexpected.map(|outcome| format!("its outcome {} was not expected", outcome.as_str())),
        row.recovery_ms.is_none().then(|| "the pool never recovered".to_owned()),
        (!row.leftovers.is_empty()).then(|| format!("{} things were left over", row.leftovers.len())),
        (row.leaked.total() > 0).then(|| format!("{} threads or children leaked", row.leaked.total())),
    ];
    marred.into_iter().flatten().for_each(|what| complain(format!("is contained, but {what}")));
}

fn check_neighbours(neighbours: &Neighbours, complain: &mut impl FnMut(String)) {
    let Neighbours { submitted, lost, .. } = neighbours;
    if lost > submitted {
        complain(format!("{submitted} innocent jobs submitted, {lost} lost"));
    }
    match neighbours.latency.as_ref().map(EncodedHistogram::decode) {
        Some(Ok(ran)) if ran.len() > *submitted => {
            complain(format!("{submitted} innocent jobs submitted, {} response times", ran.len()));
        }
        Some(Err(error)) => complain(error.to_string()),
        Some(Ok(_)) | None => {}
    }
    if let Some(Err(error)) = neighbours.quiet_latency.as_ref().map(EncodedHistogram::decode) {
        complain(error.to_string());
    }
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
    conditions::complaints(summary).into_iter().for_each(&mut *complain);
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A row of good standing, with these fields set on it.
    fn row(fields: Value) -> Containment {
        let mut row = json!({
            "script": "loop/plain", "class": "loop", "engine": "quickjs", "isolation": "thread", "reuse": "keep",
            "outcome": "timeout", "expected": ["timeout"], "verdict": "contained", "host_survived": true,
            "ran_ms": 251.0, "overrun_ms": 1.0, "peak_rss_bytes": 1, "recovery_ms": 2.0, "restarts": 0,
            "neighbours": {"submitted": 5, "lost": 0, "p50_us": 1.0, "p99_us": 1.0, "quiet_p50_us": 1.0,
                           "quiet_p99_us": 1.0},
        });
        for (name, value) in fields.as_object().unwrap() {
            row[name] = value.clone();
        }
        serde_json::from_value(row).unwrap()
    }

    fn complaints(rows: Vec<Containment>) -> Vec<String> {
        let mut record: RunRecord = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": crate::record::HostFacts::default(), "build": crate::build::BuildFacts::read(),
        }))
        .unwrap();
        record.containment = rows;
        check(&record)
    }

    #[track_caller]
    fn wrong(fields: Value, expected: &str) {
        let complaints = complaints(vec![row(fields)]);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("containment 0 (loop/plain, quickjs, thread, keep): "));
        assert!(complaints[0].contains(expected), "{complaints:?}");
    }

    #[test]
    fn rows_that_hold_together_are_whole() {
        let rows = vec![
            row(json!({})),
            row(json!({"script": "a", "expected": []})),
            row(json!({"script": "b", "verdict": "degraded", "outcome": "ok", "recovery_ms": null})),
            row(json!({"script": "f", "verdict": "degraded", "outcome": null})),
            row(json!({"script": "c", "verdict": "neighbours_hurt", "leftovers": ["a global"]})),
            row(json!({"script": "d", "verdict": "host_killed", "host_survived": false, "outcome": null,
                       "ran_ms": null, "overrun_ms": null, "recovery_ms": null})),
            row(json!({"script": "e", "verdict": null, "outcome": null, "error": "not built"})),
            row(json!({"engine": "boa"})),
            row(json!({"isolation": "task", "reuse": "fresh"})),
        ];
        assert_eq!(complaints(rows), Vec::<String>::new());
    }

    #[test]
    fn a_row_is_there_once() {
        let complaints = complaints(vec![row(json!({})), row(json!({"outcome": "timeout"}))]);
        assert_eq!(complaints, ["containment 1 (loop/plain, quickjs, thread, keep): is there already"]);
    }

    #[test]
    fn a_row_was_judged_or_could_not_be_run() {
        wrong(json!({"verdict": null}), "neither a verdict nor an error");
        wrong(json!({"error": "not built"}), "both a verdict and an error");
        wrong(json!({"verdict": null, "error": "not built"}), "both an outcome and an error");
    }

    #[test]
    fn a_verdict_is_one_that_its_row_allows() {
        wrong(json!({"host_survived": false}), "is contained, but its host died");
        wrong(json!({"verdict": "host_killed"}), "is host_killed, but its host survived");
        wrong(json!({"outcome": null}), "contained, but it has no outcome");
        wrong(json!({"outcome": "ok"}), "contained, but its outcome ok was not expected");
        wrong(json!({"recovery_ms": null}), "contained, but the pool never recovered");
        wrong(json!({"verdict": "neighbours_hurt"}), "neighbours_hurt, but no innocent job was lost");
        let neighbours = json!({"submitted": 5, "lost": 2, "p50_us": 1.0, "p99_us": 1.0, "quiet_p50_us": 1.0,
                                "quiet_p99_us": 1.0});
        wrong(json!({"neighbours": neighbours}), "is contained, but 2 innocent jobs were lost");
        wrong(json!({"verdict": "degraded", "neighbours": neighbours}), "is degraded, but 2 innocent jobs");
        wrong(json!({"leftovers": ["a global"]}), "contained, but 1 things were left over");
        wrong(json!({"leaked": {"threads": 1, "children": 2}}), "contained, but 3 threads or children");
    }

    #[test]
    fn a_death_is_one_that_its_row_allows() {
        let complaints = |fields: Value| {
            let mut row = json!({
                "engine": "quickjs", "workload": "seed/fib", "isolation": "thread", "reuse": "reset", "workers": 2,
                "round": 0, "plan": {"arrivals": {"open": {"rate_per_s": 10.0, "spacing": "constant"}},
                                     "warmup_s": 0.0, "duration_s": 2.0, "seed": 1},
                "error": "signal 6 (SIGABRT)",
                "died": {"at_s": 1.0, "finished": 10, "errors": 3, "p50_us": 1.0, "p99_us": 1.0},
            });
            for (name, value) in fields.as_object().unwrap() {
                row["died"][name] = value.clone();
            }
            let mut record: RunRecord = serde_json::from_value(json!({
                "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
                "host": crate::record::HostFacts::default(), "build": crate::build::BuildFacts::read(),
            }))
            .unwrap();
            record.measurements = vec![serde_json::from_value(row).unwrap()];
            check(&record)
        };
        assert_eq!(complaints(json!({})), Vec::<String>::new());
        for (fields, expected) in [
            (json!({"at_s": -1.0}), "died after -1 s"),
            (json!({"errors": 11}), "10 jobs ended before it died, 11 of them as errors"),
            (json!({"finished": 21}), "20 good jobs planned, 21 ended before it died"),
        ] {
            let complaints = complaints(fields);
            assert!(complaints.len() == 1 && complaints[0].ends_with(expected), "{complaints:?}");
        }
    }

    #[test]
    fn figures_are_possible_ones() {
        wrong(json!({"ran_ms": -1.0}), "ran for -1 ms");
        wrong(json!({"overrun_ms": -1.0}), "overran for -1 ms");
        let neighbours = |fields: Value| {
            let mut neighbours = serde_json::to_value(Neighbours::default()).unwrap();
            for (name, value) in fields.as_object().unwrap() {
                neighbours[name] = value.clone();
            }
            json!({"verdict": "neighbours_hurt", "leftovers": ["a global"], "neighbours": neighbours})
        };
        wrong(neighbours(json!({"lost": 1})), "0 innocent jobs submitted, 1 lost");
        wrong(neighbours(json!({"latency": "!"})), "histogram");
        wrong(neighbours(json!({"quiet_latency": "!"})), "histogram");
        let mut ran = crate::stats::LatencyHistogram::default();
        ran.record(std::time::Duration::from_millis(1));
        wrong(neighbours(json!({"latency": ran.encode()})), "0 innocent jobs submitted, 1 response times");
    }
}
