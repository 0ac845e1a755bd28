//! Whether comparisons are what their own figures allow.

use std::collections::BTreeSet;

use crate::record::{Comparison, RunRecord};
use crate::stats::compare::ComparisonVerdict;

/// A ratio and the end of its interval may differ by rounding.
const ROUNDING: f64 = 1e-9;

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, row) in record.comparisons.iter().enumerate() {
        let Comparison { workload, metric, isolation, reuse, a, b, .. } = row;
        let mut complain = |what: &str| {
            wrong.push(format!(
                "comparison {number} ({a} : {b}, {metric} on {workload} under {isolation}/{reuse}): {what}"
            ));
        };
        let load = (row.workers, format!("{:?}", row.arrivals), format!("{:?}", row.policies));
        if !seen.insert((workload, *metric, *isolation, reuse.as_str(), load, a, b)) {
            complain("is there already");
        }
        if !(row.ratio.is_finite() && row.ratio > 0.0) {
            complain("its ratio is none");
        }
        let [low, high] = row.interval;
        if low > row.ratio * (1.0 + ROUNDING) || high < row.ratio * (1.0 - ROUNDING) {
            complain("its ratio is not in its interval");
        }
        if !(0.0..=1.0).contains(&row.p) {
            complain("its p is no chance");
        }
        contradiction(row).into_iter().for_each(&mut complain);
    }
    wrong
}

/// What speaks against the verdict.
fn contradiction(row: &Comparison) -> Option<&'static str> {
    let better = (row.ratio > 1.0) == row.metric.more_is_better();
    match row.verdict {
        ComparisonVerdict::Faster if !better => Some("is faster, but its ratio says slower"),
        ComparisonVerdict::Slower if better => Some("is slower, but its ratio says faster"),
        verdict if verdict.is_different() && row.p > 0.05 => Some("is different, but not significantly"),
        verdict if verdict.is_different() && row.ratio.ln().abs() < row.minimal_effect.ln_1p() - ROUNDING => {
            Some("is different, but by less than the minimal effect")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn complaints_of(fields: Value) -> Vec<String> {
        let mut row = json!({
            "workload": "s/one", "metric": "p99", "isolation": "thread", "reuse": "keep", "workers": 2,
            "arrivals": {"closed": {"concurrency": 8}}, "a": "alpha", "b": "beta", "rounds": 6, "ratio": 1.5,
            "interval": [1.4, 1.6], "p": 0.001, "minimal_effect": 0.02, "verdict": "slower",
        });
        for (name, value) in fields.as_object().unwrap() {
            row[name] = value.clone();
        }
        let record: RunRecord = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "comparisons": [row],
        }))
        .unwrap();
        complaints(&record)
    }

    #[test]
    fn verdicts_are_those_that_the_figures_allow() {
        assert_eq!(complaints_of(json!({})), Vec::<String>::new());
        assert_eq!(complaints_of(json!({"metric": "throughput", "verdict": "faster"})), Vec::<String>::new());
        assert_eq!(complaints_of(json!({"p": 0.5, "verdict": "not_enough_data"})), Vec::<String>::new());
        for (fields, expected) in [
            (json!({"verdict": "faster"}), "its ratio says slower"),
            (json!({"metric": "throughput"}), "its ratio says faster"),
            (json!({"p": 0.2}), "not significantly"),
            (json!({"p": 1.2, "verdict": "no_difference"}), "no chance"),
            (json!({"minimal_effect": 0.6}), "less than the minimal effect"),
            (json!({"interval": [1.6, 1.7]}), "not in its interval"),
        ] {
            let complaints = complaints_of(fields);
            assert!(complaints.len() == 1 && complaints[0].ends_with(expected), "{expected}: {complaints:?}");
            assert!(complaints[0].starts_with("comparison 0 (alpha : beta, "), "{complaints:?}");
        }
    }
}
