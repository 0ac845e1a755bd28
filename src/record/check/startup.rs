//! Whether rows of startup are possible ones.

use std::collections::BTreeSet;

use crate::engine::Aid;
use crate::record::{RunRecord, Spread, Startup, StartupTimes};

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, row) in record.startup.iter().enumerate() {
        let Startup { engine, workload, aid, times, error, .. } = row;
        let mut complain = |what: String| {
            wrong.push(format!("startup {number} ({engine}, {workload}, {}): {what}", aid.as_str()));
        };
        if !seen.insert((engine, workload, *aid)) {
            complain("is there already".to_owned());
        }
        if *aid == Aid::None && row.aid_bytes.is_some() {
            complain("has an aid's size and no aid".to_owned());
        }
        match (times, error) {
            (Some(_), Some(_)) => complain("has both times and an error".to_owned()),
            (None, None) => complain("has neither times nor an error".to_owned()),
            (Some(_), None) if row.repetitions == 0 => complain("has times of no process".to_owned()),
            (Some(times), None) => check_times(times, &mut complain),
            (None, Some(_)) => {}
        }
    }
    wrong
}

fn check_times(times: &StartupTimes, complain: &mut impl FnMut(String)) {
    for (name, Spread { median, min, max }) in times.named() {
        if !(min > 0.0 && min <= median && median <= max && max.is_finite()) {
            complain(format!("{name} has a median of {median} between {min} and {max}"));
        }
    }
    let parts = [times.process_us, times.engine_us, times.load_us, times.first_call_us];
    let [least, most] =
        [|of: &Spread| of.min, |of: &Spread| of.max].map(|end| parts.iter().map(end).sum::<f64>());
    let whole = times.first_result_us;
    // Sums of other orders differ in their last digits.
    if whole.min < least * (1.0 - 1e-9) || whole.max > most * (1.0 + 1e-9) {
        complain("its first result is not what its phases come to".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn row(fields: Value) -> Value {
        let spread = |median: f64| json!({"median": median, "min": median / 2.0, "max": median * 2.0});
        let mut row = json!({
            "engine": "quickjs", "workload": "seed/fib", "aid": "bytecode", "repetitions": 3, "aid_bytes": 9,
            "times": {"process_us": spread(1000.0), "engine_us": spread(100.0), "load_us": spread(10.0),
                      "first_call_us": spread(2.0), "next_call_us": spread(1.0), "isolate_us": spread(50.0),
                      "first_result_us": spread(1112.0)},
        });
        for (name, value) in fields.as_object().unwrap() {
            match name.strip_suffix("_us") {
                Some(_) => row["times"][name] = value.clone(),
                None => row[name] = value.clone(),
            }
        }
        row
    }

    fn of(rows: Vec<Value>) -> Vec<String> {
        let record = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "startup": rows,
        }));
        complaints(&record.unwrap())
    }

    #[test]
    fn rows_that_hold_together_are_whole() {
        let failed = row(
            json!({"aid": "none", "aid_bytes": null, "times": null, "error": "not built", "repetitions": 0}),
        );
        assert_eq!(of(vec![row(json!({})), failed]), Vec::<String>::new());
        assert_eq!(
            of(vec![row(json!({})), row(json!({}))]),
            ["startup 1 (quickjs, seed/fib, bytecode): is there already"]
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (fields, expected) in [
            (json!({"error": "died"}), "both times and an error"),
            (json!({"times": null}), "neither times nor an error"),
            (json!({"repetitions": 0}), "times of no process"),
            (json!({"aid": "none"}), "an aid's size and no aid"),
            (json!({"load_us": {"median": 10.0, "min": 0.0, "max": 20.0}}), "load_us has a median of 10"),
            (json!({"isolate_us": {"median": 9.0, "min": 1.0, "max": 8.0}}), "isolate_us has"),
            (
                json!({"first_result_us": {"median": 10.0, "min": 10.0, "max": 10.0}}),
                "not what its phases come to",
            ),
        ] {
            let complaints = of(vec![row(fields)]);
            assert!(complaints.len() == 1 && complaints[0].contains(expected), "{expected}: {complaints:?}");
        }
    }
}
