//! Locust: its `*_stats.csv`, a row for each endpoint and one for all of them.

use super::{Form, number, told, untold};
use crate::record::{LoadTool, OtherTool, ToolErrors, ToolLatency};

pub(super) const CSV: Form = Form {
    tool: LoadTool::Locust,
    expected: "the *_stats.csv of `locust --csv`",
    is_meant: |text| text.starts_with("Type,Name,Request Count,"),
    read,
};

/// Locust's name for all endpoints together.
const ALL: &str = "Aggregated";

fn read(text: &str) -> Result<Vec<OtherTool>, String> {
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut results = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let field = |name: &str| {
            let place = head.iter().position(|head| head == name);
            place.and_then(|place| row.get(place)).ok_or_else(|| format!("it has no column `{name}`"))
        };
        results.push(result(field)?);
    }
    match results.len() {
        0 => Err("it has no rows".to_owned()),
        // Of a single endpoint both say the same.
        2 => Ok(results.into_iter().filter(|result| result.target.as_deref() != Some(ALL)).collect()),
        _ => Ok(results),
    }
}

fn result<'a>(field: impl Fn(&str) -> Result<&'a str, String>) -> Result<OtherTool, String> {
    let millis = |name: &str| match field(name)? {
        "N/A" => Ok(None),
        text => number::<f64>(text).map(|millis| told(millis * 1e3)),
    };
    let max = millis("Max Response Time")?;
    // Percentiles are rounded, up to beyond the longest, which is not.
    let percentile =
        |name: &str| Ok::<_, String>(millis(name)?.map(|time| max.map_or(time, |max| time.min(max))));
    Ok(OtherTool {
        target: Some(format!("{} {}", field("Type")?, field("Name")?).trim().to_owned()),
        requests: Some(number(field("Request Count")?)?),
        requests_per_s: Some(number(field("Requests/s")?)?),
        latency_us: ToolLatency {
            p50: percentile("50%")?,
            p90: percentile("90%")?,
            p95: percentile("95%")?,
            p99: percentile("99%")?,
            p999: percentile("99.9%")?,
            max,
            mean: millis("Average Response Time")?,
        },
        errors: ToolErrors { total: Some(number(field("Failure Count")?)?), ..ToolErrors::default() },
        ..untold(LoadTool::Locust)
    })
}
