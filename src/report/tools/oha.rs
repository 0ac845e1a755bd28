//! oha: its JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Form, is_object, told, untold};
use crate::record::{LoadTool, OtherTool, ToolErrors, ToolLatency};

pub(super) const JSON: Form = Form {
    tool: LoadTool::Oha,
    expected: "what `oha --output-format json` prints (`--json` of older ones)",
    is_meant: |text| {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(dead_code, reason = "that they are there is all")]
        struct Probe {
            summary: IgnoredAny,
            latency_percentiles: IgnoredAny,
        }
        is_object(text) && serde_json::from_str::<Probe>(text).is_ok()
    },
    read: |text| Ok(vec![read(text)?]),
};

/// What oha calls requests that it cut off when its time was up. They are no failures.
const CUT_OFF: &str = "aborted due to deadline";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    summary: Summary,
    /// Seconds; null without an answer.
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<u16, u64>,
    error_distribution: BTreeMap<String, u64>,
}

/// Times are seconds; null without an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    total: f64,
    slowest: Option<f64>,
    average: Option<f64>,
    requests_per_sec: f64,
}

fn read(text: &str) -> Result<OtherTool, String> {
    let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Written { summary, latency_percentiles, status_code_distribution, error_distribution } = written;
    let micros = |seconds: Option<f64>| seconds.map(|seconds| seconds * 1e6).and_then(told);
    let percentile = |name: &str| micros(latency_percentiles.get(name).copied().flatten());
    let answered: u64 = status_code_distribution.values().sum();
    let status: u64 = status_code_distribution.range(400..).map(|(_, count)| count).sum();
    let unanswered: u64 = error_distribution.values().sum();
    let cut_off = error_distribution.get(CUT_OFF).copied().unwrap_or_default();
    Ok(OtherTool {
        duration_s: Some(summary.total),
        requests: Some(answered + unanswered),
        requests_per_s: Some(summary.requests_per_sec),
        latency_us: ToolLatency {
            p50: percentile("p50"),
            p90: percentile("p90"),
            p95: percentile("p95"),
            p99: percentile("p99"),
            p999: percentile("p99.9"),
            max: micros(summary.slowest),
            mean: micros(summary.average),
        },
        errors: ToolErrors {
            status: Some(status),
            total: Some(status + unanswered - cut_off),
            ..ToolErrors::default()
        },
        ..untold(LoadTool::Oha)
    })
}
