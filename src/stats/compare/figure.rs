//! The figures that are compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure of a load run that two sides are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Correct answers a second.
    Throughput,
    /// The median response time.
    P50,
    /// The 95th percentile of response time.
    P95,
    /// The 99th percentile of response time.
    P99,
}

/// Jobs that have to lie beyond a percentile for it to be one.
const BEYOND: f64 = 10.0;

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Throughput, Self::P50, Self::P95, Self::P99];

    /// The name in records and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// The part of the jobs, 0 to 1, that do not take longer; nothing of what is no percentile.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::Throughput => None,
            Self::P50 => Some(0.50),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
        }
    }

    /// Whether more is better.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }

    /// Jobs that a side needs over all its rounds: ten beyond the percentile.
    pub fn fewest_jobs(self) -> u64 {
        self.quantile().map_or(1, |quantile| (BEYOND / (1.0 - quantile)).round() as u64)
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|metric| metric.as_str() == text);
        found.ok_or_else(|| format!("unknown metric `{text}` (known: throughput, p50, p95, p99)"))
    }
}
