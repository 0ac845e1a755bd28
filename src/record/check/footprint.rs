//! Whether rows of footprint are possible ones.

use std::collections::BTreeSet;

use crate::record::{Footprint, MemoryFigures, RunRecord, Slope};

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, row) in record.footprint.iter().enumerate() {
        let Footprint { engine, workload, memory, error } = row;
        let mut complain =
            |what: &str| wrong.push(format!("footprint {number} ({engine}, {workload}): {what}"));
        if !seen.insert((engine, workload)) {
            complain("is there already");
        }
        match (memory, error) {
            (Some(_), Some(_)) => complain("has both figures and an error"),
            (None, None) => complain("has neither figures nor an error"),
            (Some(memory), None) => check_memory(memory, &mut complain),
            (None, Some(_)) => {}
        }
    }
    wrong
}

fn check_memory(memory: &MemoryFigures, complain: &mut impl FnMut(&str)) {
    let numbers = memory.isolates.iter().map(|point| point.n);
    if !numbers.eq((1..).take(memory.isolates.len())) {
        complain("its isolates are not counted from 1");
    }
    let growth = memory.growth.as_ref();
    let slopes = [
        Some(memory.per_isolate_bytes),
        growth.map(|growth| growth.rss_per_1000_jobs),
        growth.and_then(|growth| growth.heap_per_1000_jobs),
    ];
    for Slope { bytes, interval: [low, high] } in slopes.into_iter().flatten() {
        if !(low <= bytes && bytes <= high) {
            complain("a slope lies outside its interval");
        }
    }
    for (figure, there, reason) in [
        ("worker process", memory.worker_process_pss_bytes.is_some(), &memory.no_worker_process),
        ("growth", growth.is_some(), &memory.no_growth),
        ("smallest heap", memory.smallest_heap.is_some(), &memory.no_smallest_heap),
    ] {
        if there == reason.is_some() {
            complain(&format!("has both or neither of a {figure} and a reason why not"));
        }
    }
    let heap = memory.smallest_heap.as_ref();
    if heap.is_some_and(|heap| heap.too_small_bytes.is_some_and(|small| small >= heap.bytes)) {
        complain("its smallest heap is not above the one that is too small");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn of(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut row = json!({
            "engine": "quickjs", "workload": "seed/fib",
            "memory": {
                "base_bytes": 5, "isolates": [{"n": 1, "rss_bytes": 6, "pss_bytes": 6}, {"n": 2, "rss_bytes": 8}],
                "per_isolate_bytes": {"bytes": 2.0, "interval": [1.0, 3.0]},
                "worker_process_pss_bytes": 7,
                "growth": {"jobs": 9, "samples": 10, "rss_per_1000_jobs": {"bytes": 0.0, "interval": [0.0, 0.0]}},
                "smallest_heap": {"bytes": 105, "too_small_bytes": 100, "calls": 20, "probes": 13},
            },
        });
        change(&mut row);
        let record = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "footprint": [row],
        }));
        complaints(&record.unwrap())
    }

    #[test]
    fn rows_that_hold_together_are_whole() {
        assert_eq!(of(|_| {}), Vec::<String>::new());
        let without_heap = |row: &mut Value| {
            row["memory"]["smallest_heap"] = Value::Null;
            row["memory"]["no_smallest_heap"] = "the engine has no heap limit".into();
        };
        assert_eq!(of(without_heap), Vec::<String>::new());
        let failed = |row: &mut Value| *row = json!({"engine": "e", "workload": "w", "error": "not built"});
        assert_eq!(of(failed), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_is_named() {
        let set = |name: &'static str, value: Value, expected: &str| {
            let complaints = of(|row| match name {
                "error" => row[name] = value.clone(),
                _ => row["memory"][name] = value.clone(),
            });
            assert!(complaints.len() == 1 && complaints[0].contains(expected), "{name}: {complaints:?}");
        };
        set("error", json!("died"), "both figures and an error");
        set("isolates", json!([{"n": 2, "rss_bytes": 6}]), "not counted from 1");
        set("per_isolate_bytes", json!({"bytes": 4.0, "interval": [1.0, 3.0]}), "outside its interval");
        set("no_growth", json!("it died"), "both or neither of a growth");
        set("worker_process_pss_bytes", Value::Null, "both or neither of a worker process");
        set(
            "smallest_heap",
            json!({"bytes": 100, "too_small_bytes": 100, "calls": 1, "probes": 1}),
            "not above",
        );
    }
}
