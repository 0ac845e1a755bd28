//! Whether rows of calibration are what their own figures say.

use std::collections::BTreeSet;

use crate::record::RunRecord;

/// An error is a quotient; two that differ by less are written differently.
const ROUNDING: f64 = 1e-6;

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, row) in record.calibration.iter().enumerate() {
        let mut complain = |what: &str| {
            wrong.push(format!("calibration {number} ({}, {}): {what}", row.case, row.percentile))
        };
        if !seen.insert((&row.case, &row.percentile)) {
            complain("is there already");
        }
        if row.reference_us.is_nan() || row.reference_us <= 0.0 {
            complain("its reference is no time");
        } else if (row.measured_us / row.reference_us - 1.0 - row.error).abs() > ROUNDING {
            complain("its error is not that of its figures");
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn record(row: serde_json::Value) -> RunRecord {
        serde_json::from_value(serde_json::json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "calibration": [row],
        }))
        .unwrap()
    }

    #[test]
    fn figures_and_judgement_agree() {
        let row = |fields: serde_json::Value| {
            let mut row = serde_json::json!({"case": "constant", "percentile": "p50", "reference_us": 1000.0,
                                             "measured_us": 1020.0, "error": 0.02});
            for (name, value) in fields.as_object().unwrap() {
                row[name] = value.clone();
            }
            complaints(&record(row))
        };
        assert_eq!(row(serde_json::json!({})), Vec::<String>::new());
        assert!(row(serde_json::json!({"error": 0.2}))[0].contains("its error"));
        assert!(row(serde_json::json!({"reference_us": 0.0}))[0].contains("no time"));
        let mut twice =
            record(serde_json::json!({"case": "constant", "percentile": "p50", "reference_us": 1000.0,
                                                  "measured_us": 1020.0, "error": 0.02}));
        twice.calibration.push(twice.calibration[0].clone());
        assert_eq!(complaints(&twice), ["calibration 1 (constant, p50): is there already"]);
    }
}
