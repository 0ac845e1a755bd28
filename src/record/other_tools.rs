//! What other load tools measured, as far as their results tell it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A result of another load tool. What the tool does not tell is absent, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OtherTool {
    /// The tool.
    pub tool: LoadTool,
    /// Name of the file that was read, without its folder.
    pub file: String,
    /// What it drove: a URL, or the tool's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Connections or users at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// How long it drove, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Requests, as the tool counts them: wrk those that were answered, the others those that failed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Requests a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_s: Option<f64>,
    /// From a request to its answer, as the tool's clock saw it.
    #[serde(default)]
    pub latency_us: ToolLatency,
    /// What failed.
    #[serde(default)]
    pub errors: ToolErrors,
}

/// Tools whose results are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoadTool {
    /// wrk.
    Wrk,
    /// oha.
    Oha,
    /// Locust.
    Locust,
    /// hey.
    Hey,
}

/// Percentiles of another tool, microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolLatency {
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// 90th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// 99.9th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<f64>,
    /// Longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
}

/// Failures that another tool counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolErrors {
    /// Answers with a status of 400 and above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u64>,
    /// Connections that could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    /// Answers that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Requests that could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<u64>,
    /// Requests that took too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// All failures, those above among them, if the tool tells them so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl LoadTool {
    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::Oha => "oha",
            Self::Locust => "locust",
            Self::Hey => "hey",
        }
    }
}

impl fmt::Display for LoadTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl ToolLatency {
    /// The figures by name: the percentiles in their order, the longest, the mean.
    pub fn named(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("p50", self.p50),
            ("p90", self.p90),
            ("p95", self.p95),
            ("p99", self.p99),
            ("p999", self.p999),
            ("max", self.max),
            ("mean", self.mean),
        ]
    }
}

impl ToolErrors {
    /// The kinds by name.
    pub fn kinds(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("status", self.status),
            ("connect", self.connect),
            ("read", self.read),
            ("write", self.write),
            ("timeout", self.timeout),
        ]
    }

    /// All failures that are told; absent where none is.
    pub fn all(&self) -> Option<u64> {
        let told = || self.kinds().into_iter().filter_map(|(_, count)| count);
        self.total.or_else(|| told().next().map(|_| told().fold(0, u64::saturating_add)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_nobody_tells_are_not_nought() {
        assert_eq!(ToolErrors::default().all(), None);
        assert_eq!(ToolErrors { status: Some(0), ..ToolErrors::default() }.all(), Some(0));
        let kinds = ToolErrors { status: Some(2), timeout: Some(3), ..ToolErrors::default() };
        assert_eq!(kinds.all(), Some(5));
        assert_eq!(ToolErrors { total: Some(7), ..kinds }.all(), Some(7));
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let row = OtherTool {
            tool: LoadTool::Locust,
            file: "a.csv".to_owned(),
            target: None,
            clients: None,
            duration_s: None,
            requests: Some(1),
            requests_per_s: None,
            latency_us: ToolLatency::default(),
            errors: ToolErrors::default(),
        };
        let written = serde_json::json!({
            "tool": "locust", "file": "a.csv", "requests": 1, "latency_us": {}, "errors": {},
        });
        assert_eq!(serde_json::to_value(&row).unwrap(), written);
        assert_eq!(serde_json::from_value::<OtherTool>(written).unwrap(), row);
    }
}
