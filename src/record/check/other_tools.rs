//! Whether results of other load tools are possible ones.

use crate::record::{OtherTool, RunRecord, ToolErrors};

/// How far requests a second may be from requests over time: tools round what they print, wrk a minute to 0.6 s.
const ROUNDING: f64 = 0.02;

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, row) in record.other_tools.iter().enumerate() {
        let place = format!("other tool {number} ({}, {})", row.tool, row.file);
        wrong.extend(check_other_tool(row).into_iter().map(|what| format!("{place}: {what}")));
        if record.other_tools[..number].contains(row) {
            wrong.push(format!("{place}: is there already"));
        }
    }
    wrong
}

/// What is wrong with a result of another load tool, a line each.
pub fn check_other_tool(row: &OtherTool) -> Vec<String> {
    let mut wrong = Vec::new();
    if row.requests.is_none() && row.requests_per_s.is_none() {
        wrong.push("tells neither requests nor requests a second".to_owned());
    }
    if let Some(duration) = row.duration_s.filter(|duration| !(duration.is_finite() && *duration > 0.0)) {
        wrong.push(format!("took {duration} s"));
    }
    if let Some(rate) = row.requests_per_s.filter(|rate| !(rate.is_finite() && *rate >= 0.0)) {
        wrong.push(format!("has {rate} requests a second"));
    }
    if let (Some(requests), Some(duration), Some(rate)) = (row.requests, row.duration_s, row.requests_per_s)
        && duration > 0.0
        && (rate * duration - requests as f64).abs() > ROUNDING * requests as f64 + 1.0
    {
        wrong.push(format!("has {requests} requests in {duration} s, and {rate} a second"));
    }
    wrong.extend(complaint_of_latency(row));
    wrong.extend(complaint_of_errors(row));
    wrong
}

fn complaint_of_latency(row: &OtherTool) -> Option<String> {
    let named = row.latency_us.named();
    let told = || named.into_iter().filter_map(|(name, figure)| Some((name, figure?)));
    if let Some((name, figure)) = told().find(|(_, figure)| !(figure.is_finite() && *figure > 0.0)) {
        return Some(format!("has a {name} of {figure} µs"));
    }
    let in_order: Vec<_> = told().filter(|(name, _)| *name != "mean").collect();
    if let Some([(low, less), (high, more)]) = in_order.array_windows().find(|[low, high]| low.1 > high.1) {
        return Some(format!("has a {low} of {less} µs above its {high} of {more} µs"));
    }
    let (mean, max) = (row.latency_us.mean?, row.latency_us.max?);
    (mean > max).then(|| format!("has a mean of {mean} µs above its max of {max} µs"))
}

fn complaint_of_errors(row: &OtherTool) -> Option<String> {
    if let (Some(status), Some(requests)) = (row.errors.status, row.requests)
        && status > requests
    {
        return Some(format!("has {requests} requests, {status} answered with an error"));
    }
    let (total, kinds) = (row.errors.total?, ToolErrors { total: None, ..row.errors }.all()?);
    (kinds > total).then(|| format!("has {total} errors, {kinds} by kind"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn row(fields: &Value) -> Value {
        let mut row = json!({
            "tool": "wrk", "file": "wrk.json", "target": "http://127.0.0.1:8080/execute", "clients": 16,
            "duration_s": 2.0, "requests": 1000, "requests_per_s": 500.0,
            "latency_us": {"p50": 10.0, "p90": 20.0, "p99": 20.0, "max": 30.0, "mean": 12.0},
            "errors": {"status": 3, "timeout": 2, "total": 5},
        });
        for (name, value) in fields.as_object().unwrap() {
            match name.split_once('.') {
                Some((outer, inner)) => row[outer][inner] = value.clone(),
                None => row[name] = value.clone(),
            }
        }
        row
    }

    fn of(rows: &[Value]) -> Vec<String> {
        let record = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "other_tools": rows,
        }));
        complaints(&record.unwrap())
    }

    #[test]
    fn rows_that_hold_together_are_whole() {
        let bare = row(&json!({"duration_s": null, "latency_us": {}, "errors": {}}));
        let rounded = row(&json!({"duration_s": 1.98}));
        assert_eq!(of(&[row(&json!({})), bare, rounded]), Vec::<String>::new());
    }

    #[test]
    fn the_same_row_twice_is_named() {
        let rows = [row(&json!({})), row(&json!({}))];
        assert_eq!(of(&rows), ["other tool 1 (wrk, wrk.json): is there already"]);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (fields, expected) in [
            (json!({"requests": null, "requests_per_s": null}), "neither requests nor"),
            (json!({"duration_s": 0.0}), "took 0 s"),
            (json!({"requests_per_s": -1.0, "duration_s": null}), "has -1 requests a second"),
            (json!({"requests": 900}), "900 requests in 2 s, and 500 a second"),
            (json!({"latency_us.p50": 0.0}), "a p50 of 0 µs"),
            (json!({"latency_us.p90": 21.0}), "a p90 of 21 µs above its p99 of 20 µs"),
            (json!({"latency_us.max": 19.0}), "a p99 of 20 µs above its max of 19 µs"),
            (json!({"latency_us.mean": 31.0}), "a mean of 31 µs above its max of 30 µs"),
            (json!({"errors.status": 1001, "errors.total": null}), "1000 requests, 1001 answered"),
            (json!({"errors.total": 4}), "4 errors, 5 by kind"),
        ] {
            let complaints = of(&[row(&fields)]);
            assert!(complaints.len() == 1 && complaints[0].contains(expected), "{expected}: {complaints:?}");
        }
    }
}
