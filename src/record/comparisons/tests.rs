//! What the measurements of a record say, on made-up ones.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::record::{AGAIN, HostFacts, NoiseFloor};
use crate::stats::LatencyHistogram;

/// Rounds of a cell whose jobs take this many microseconds each, a hair more or less from round to round.
fn cell(engine: &str, workload: &str, micros: f64, rounds: u32) -> Vec<Measurement> {
    (0..rounds).map(|round| measurement(engine, workload, micros, round)).collect()
}

fn measurement(engine: &str, workload: &str, micros: f64, round: u32) -> Measurement {
    let wobble = [1.0, 1.004, 0.997, 1.002, 0.999, 1.001][round as usize % 6];
    let mut response = LatencyHistogram::default();
    for job in 0..200 {
        let tail = if job % 50 == 49 { 4.0 } else { 1.0 + f64::from(job % 50) / 100.0 };
        response.record(Duration::from_secs_f64(micros * wobble * tail / 1e6));
    }
    let percentiles = response.percentiles();
    serde_json::from_value(json!({
        "engine": engine, "workload": workload, "isolation": "thread", "reuse": "keep", "workers": 2, "round": round,
        "plan": {"arrivals": {"closed": {"concurrency": 2}}, "warmup_s": 0.0, "duration_s": 1.0, "seed": round},
        "summary": {
            "submitted": 200, "wrong_answers": 0, "throughput_per_s": 2e6 / (micros * wobble), "elapsed_s": 1.0,
            "outcomes": {"ok": 200, "exception": 0, "timeout": 0, "out_of_memory": 0, "stack_overflow": 0,
                         "invalid_result": 0, "panic": 0, "crash": 0, "rejected": 0, "circuit_open": 0,
                         "cancelled": 0},
            "response_us": percentiles, "service_us": percentiles,
            "response_histogram": response.encode(), "service_histogram": response.encode(),
            "panics": 0, "restarts": 0, "retries": 0, "lost_workers": 0,
            "rss_bytes": {"start": 1, "end": 1, "peak": 1}, "cpu_s": {"workers": 1.0, "generator": 0.0}
        }
    }))
    .unwrap()
}

fn record(measurements: Vec<Measurement>) -> RunRecord {
    let mut record: RunRecord = serde_json::from_value(json!({
        "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
        "host": HostFacts::default(), "build": crate::build::BuildFacts::read(),
    }))
    .unwrap();
    record.measurements = measurements;
    record
}

/// The comparisons of one metric: workload, both engines, verdict.
fn verdicts(record: &RunRecord, metric: Metric) -> Vec<(String, String, ComparisonVerdict)> {
    let rows = comparisons(record).into_iter().filter(|row| row.metric == metric);
    rows.map(|row| (row.workload, format!("{} {}", row.a, row.b), row.verdict)).collect()
}

#[test]
fn every_pair_is_compared_on_each_workload_and_over_all() {
    let mut rows = Vec::new();
    for workload in ["s/one", "s/two"] {
        rows.extend(cell("alpha", workload, 100.0, 6));
        rows.extend(cell("beta", workload, 150.0, 6));
        rows.extend(cell("gamma", workload, 100.2, 6));
    }
    rows.reverse();
    let record = record(rows);
    let found = verdicts(&record, Metric::P50);
    assert_eq!(found.len(), 9);
    for workload in ["*", "s/one", "s/two"] {
        for (pair, expected) in [
            ("alpha beta", ComparisonVerdict::Faster),
            ("alpha gamma", ComparisonVerdict::NoDifference),
            ("beta gamma", ComparisonVerdict::Slower),
        ] {
            let row = (workload.to_owned(), pair.to_owned(), expected);
            assert!(found.contains(&row), "{row:?}: {found:#?}");
        }
    }
    let all = comparisons(&record);
    let over_all = all.iter().find(|row| row.metric == Metric::Throughput && row.b == "beta").unwrap();
    assert!((over_all.ratio - 1.5).abs() < 1e-9 && over_all.rounds == 6, "{over_all:?}");
    assert!(over_all.interval[0] <= over_all.ratio && over_all.ratio <= over_all.interval[1]);
    let p99 = all.iter().filter(|row| row.metric == Metric::P99).count();
    assert_eq!(p99, 9, "1,200 jobs a side are enough");
}

#[test]
fn a_difference_below_the_floor_or_the_minimal_effect_is_none() {
    let mut record = record([cell("alpha", "s/one", 100.0, 6), cell("beta", "s/one", 105.0, 6)].concat());
    let verdict = |record: &RunRecord| verdicts(record, Metric::P50)[0].2;
    assert_eq!(verdict(&record), ComparisonVerdict::Faster);
    record.minimal_effect = Some(0.08);
    assert_eq!(verdict(&record), ComparisonVerdict::NoDifference);
    record.minimal_effect = None;
    record.noise_floor = Some(NoiseFloor {
        engine: "alpha".to_owned(),
        workload: "s/one".to_owned(),
        isolation: Isolation::Thread,
        pairs: 6,
        throughput: 0.01,
        p50: 0.09,
        p95: None,
        p99: 0.01,
    });
    assert_eq!(verdict(&record), ComparisonVerdict::NoDifference);
    let throughput = comparisons(&record).into_iter().find(|row| row.metric == Metric::Throughput).unwrap();
    assert!((throughput.minimal_effect - MINIMAL_EFFECT).abs() < 1e-12);
    assert_eq!(throughput.verdict, ComparisonVerdict::Faster);
}

#[test]
fn rounds_that_only_one_has_are_left_out() {
    let rows = [cell("alpha", "s/one", 100.0, 5), cell("beta", "s/one", 150.0, 4)].concat();
    assert!(comparisons(&record(rows)).iter().all(|row| row.rounds == 4));
    let rows = [cell("alpha", "s/one", 100.0, 5), cell("beta", "s/one", 150.0, 2)].concat();
    assert_eq!(comparisons(&record(rows)), []);
}

#[test]
fn what_failed_and_what_is_another_load_is_not_compared() {
    let mut rows = [cell("alpha", "s/one", 100.0, 6), cell("beta", "s/one", 150.0, 6)].concat();
    rows[7].summary.as_mut().unwrap().wrong_answers = 1;
    assert_eq!(comparisons(&record(rows.clone())), []);
    rows[7].summary.as_mut().unwrap().wrong_answers = 0;
    rows[6..].iter_mut().for_each(|row| row.workers = 4);
    assert_eq!(comparisons(&record(rows.clone())), []);
    rows[6..].iter_mut().for_each(|row| row.workers = 2);
    assert_eq!(comparisons(&record(rows)).len(), 4);
}

#[test]
fn the_floor_is_what_the_pair_came_to_over_all_rounds() {
    let mut rows = cell("alpha", "s/one", 100.0, 6);
    assert!(NoiseFloor::measured(&rows, 1).is_none());
    let again = rows.iter().enumerate().map(|(round, row)| Measurement {
        label: Some(AGAIN.to_owned()),
        ..measurement(&row.engine, &row.workload, if round % 2 == 0 { 101.0 } else { 99.5 }, row.round)
    });
    rows.extend(again.collect::<Vec<_>>());
    let floor = NoiseFloor::measured(&rows, 1).unwrap();
    assert_eq!((floor.pairs, floor.engine.as_str()), (6, "alpha"));
    // Up to 1 % apart in a round, and 0.25 % on average.
    assert!((0.002..0.003).contains(&floor.throughput), "{floor:?}");
    assert!(floor.p95.is_some() && floor.p99 > 0.0);
    let elsewhere = [None, Some(AGAIN.to_owned())].map(|label| Measurement {
        label: label.clone(),
        ..measurement("alpha", "s/two", if label.is_some() { 120.0 } else { 100.0 }, 0)
    });
    let both = NoiseFloor::measured(&[rows.clone(), elsewhere.to_vec()].concat(), 1).unwrap();
    assert_eq!((both.pairs, &*both.workload), (7, "s/two"), "the worst of several cells");
    assert!((both.throughput - 0.2).abs() < 1e-9, "{both:?}");
    rows.retain(|row| row.round < 2);
    let floor = NoiseFloor::measured(&rows, 1).unwrap();
    assert!(floor.pairs == 2 && (floor.throughput - 0.01).abs() < 1e-9, "{floor:?}");
}
