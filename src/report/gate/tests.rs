//! Records held against each other, on the fixed one.

use super::*;
use crate::record::RunRecord;
use crate::report::fixture::{self, HOSTILE};
use crate::stats::LatencyHistogram;
use std::time::Duration;

/// The fixed record, with the jobs of one engine so many times slower.
fn slower(engine: &str, factor: f64) -> RunRecord {
    let mut record = fixture::compared();
    for row in record.measurements.iter_mut().filter(|row| row.engine == engine) {
        let summary = row.summary.as_mut().unwrap();
        summary.throughput_per_s /= factor;
        let mut response = LatencyHistogram::default();
        for (nanos, jobs) in summary.response_histogram.decode().unwrap().steps() {
            (0..jobs).for_each(|_| response.record(Duration::from_secs_f64(nanos as f64 * factor / 1e9)));
        }
        summary.response_us = response.percentiles();
        summary.response_histogram = response.encode();
    }
    record
}

fn judged(new: &RunRecord, rules: &GateRules) -> Gate {
    Gate::judge(&fixture::compared(), new, rules).unwrap()
}

#[test]
fn a_record_passes_its_own_gate() {
    let gate = judged(&fixture::compared(), &GateRules::default());
    assert!(gate.passed && gate.broken.is_empty() && gate.notes.is_empty(), "{gate:?}");
    assert_eq!(gate.rows.len(), 24);
    // 600 jobs are too few for a 99th percentile of one workload.
    assert_eq!(gate.of(ComparisonVerdict::NotEnoughData).count(), 3);
    assert_eq!(gate.of(ComparisonVerdict::NoDifference).count(), 21);
    assert!(
        gate.headline.starts_with("Passed: nothing got worse. Of 24 figures, 21 did not change, 3 had not")
    );
}

#[test]
fn what_got_worse_fails_it_and_what_got_better_does_not() {
    let gate = judged(&slower("beta", 1.2), &GateRules::default());
    let worse: Vec<_> =
        gate.of(ComparisonVerdict::Slower).map(|row| (&*row.cell.engine, row.metric)).collect();
    assert!(
        !gate.passed && worse.len() == 7 && worse.iter().all(|(engine, _)| *engine == "beta"),
        "{worse:?}"
    );
    assert!(
        gate.headline.starts_with("Failed: 7 got worse (throughput of beta on demo/one"),
        "{}",
        gate.headline
    );
    let row = gate.of(ComparisonVerdict::Slower).find(|row| row.metric == Metric::P50).unwrap();
    assert!((row.ratio.unwrap() - 1.2).abs() < 0.002 && row.p.unwrap() < 0.01, "{row:?}");
    assert!(row.new.unwrap() > row.base.unwrap());
    let gate = judged(&slower("beta", 0.8), &GateRules::default());
    assert!(gate.passed && gate.of(ComparisonVerdict::Faster).count() == 7, "{}", gate.headline);
}

#[test]
fn rules_say_what_counts() {
    let new = slower("beta", 1.2);
    let only = |metric| GateRules { metrics: vec![metric], ..GateRules::default() };
    assert_eq!(judged(&new, &only(Metric::P95)).rows.len(), 6);
    let lenient = GateRules { minimal_effect: Some(0.25), ..GateRules::default() };
    assert!(judged(&new, &lenient).passed);
    let all_but_p50 = GateRules { thresholds: BTreeMap::from([(Metric::P50, 0.0)]), ..lenient };
    let gate = judged(&new, &all_but_p50);
    assert_eq!(gate.of(ComparisonVerdict::Slower).count(), 2);
    // The A/A floor of p50 is 1 %.
    assert!(gate.rows.iter().all(|row| row.metric != Metric::P50 || (row.threshold - 0.01).abs() < 1e-12));
}

#[test]
fn what_broke_fails_it() {
    let mut new = fixture::compared();
    new.measurements[4].summary.as_mut().unwrap().wrong_answers = 2;
    let gate = judged(&new, &GateRules::default());
    assert!(!gate.passed && gate.rows.len() == 20, "{gate:?}");
    assert_eq!(gate.broken[0].cell.place(), "beta on demo/two under thread/keep");
    assert!(gate.broken[0].reason.starts_with("2 of 100 jobs failed, got lost or were answered wrongly"));
    let mut base = fixture::compared();
    base.measurements[4].summary = None;
    base.measurements[4].error = Some("signal 11".to_owned());
    let gate = Gate::judge(&base, &new, &GateRules::default()).unwrap();
    assert!(gate.passed && gate.notes[0].contains("was not well in the old record"), "{gate:?}");
}

#[test]
fn records_of_other_things_are_not_compared_unless_allowed() {
    type Change = fn(&mut RunRecord);
    let cases: [(&str, &str, Change, Allowed); 4] = [
        (
            "processor",
            "host",
            |r| r.host.cpu = "Other".to_owned(),
            Allowed { host: true, ..Allowed::default() },
        ),
        (
            "compiler",
            "build",
            |r| r.build.rustc = "2".to_owned(),
            Allowed { build: true, ..Allowed::default() },
        ),
        (
            "version of engine beta",
            "build",
            |r| r.engines[1].info.as_mut().unwrap().engine_version = "beta 9".to_owned(),
            Allowed { build: true, ..Allowed::default() },
        ),
        (
            "workload demo/two",
            "workload",
            |r| r.workloads[1].hash = "other".to_owned(),
            Allowed { workload: true, ..Allowed::default() },
        ),
    ];
    for (what, flag, change, allowed) in cases {
        let mut new = fixture::compared();
        change(&mut new);
        let refused = Gate::judge(&fixture::compared(), &new, &GateRules::default()).unwrap_err().to_string();
        assert!(refused.contains(what) && refused.contains(&format!("--allow {flag}")), "{refused}");
        assert_eq!(refused.lines().count(), 1);
        let gate = judged(&new, &GateRules { allowed, ..GateRules::default() });
        assert!(gate.passed && gate.notes[0].contains(what), "{:?}", gate.notes);
    }
}

#[test]
fn cells_of_one_record_only_are_named_and_none_in_common_is_no_gate() {
    let mut new = fixture::compared();
    new.measurements.retain(|row| row.workload != "demo/two" || row.engine != "gamma");
    let gate = judged(&new, &GateRules::default());
    assert!(gate.passed && gate.notes[0].contains("Only in the old record"), "{:?}", gate.notes);
    assert!(gate.notes[0].contains("gamma on demo/two under thread/keep"), "{:?}", gate.notes);
    new.measurements.iter_mut().for_each(|row| row.workers = 9);
    let refused = Gate::judge(&fixture::compared(), &new, &GateRules::default()).unwrap_err();
    assert!(refused.to_string().contains("no cell is in both"), "{refused}");
    let mut new = fixture::compared();
    new.measurements.retain(|row| row.round < 2);
    let refused = Gate::judge(&fixture::compared(), &new, &GateRules::default()).unwrap_err();
    assert!(refused.to_string().contains("3 rounds"), "{refused}");
}

#[test]
fn every_form_tells_the_same() {
    let mut new = slower("beta", 1.2);
    let row = &mut new.measurements[3];
    row.summary = None;
    row.error = Some(HOSTILE.to_owned());
    let gate = judged(&new, &GateRules::default());
    insta::assert_snapshot!("gate_text", gate.text());
    insta::assert_snapshot!("gate_markdown", gate.markdown());
    for line in gate.text().lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    let xml = gate.junit();
    assert!(
        !gate.markdown().contains("<script>") && !xml.contains("<script>"),
        "a guest's text is no markup"
    );
    assert_eq!(xml.matches("<failure").count(), gate.of(ComparisonVerdict::Slower).count());
    assert_eq!(xml.matches("<skipped").count(), gate.of(ComparisonVerdict::NotEnoughData).count());
    assert_eq!((xml.matches("<error").count(), xml.matches("<testcase").count()), (1, gate.rows.len() + 1));
    let json = serde_json::to_value(&gate).unwrap();
    assert_eq!(json["rows"][0]["engine"], "alpha");
    assert_eq!(json["rows"].as_array().unwrap().len(), gate.rows.len());
}
