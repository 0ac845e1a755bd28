//! From an estimate to a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BEYOND, Estimate, Metric};

/// What a comparison came to, said of its first side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// Better, significantly and by the minimal effect at least.
    Faster,
    /// Worse, significantly and by the minimal effect at least.
    Slower,
    /// Any difference is smaller than the minimal effect: so is the whole interval.
    NoDifference,
    /// Neither: a difference that matters is neither shown nor ruled out.
    NotEnoughData,
}

impl ComparisonVerdict {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::NoDifference => "no difference",
            Self::NotEnoughData => "not enough data",
        }
    }

    /// Whether the sides differ.
    pub fn is_different(self) -> bool {
        matches!(self, Self::Faster | Self::Slower)
    }
}

/// The verdict on a first side, from the ratio of its figure to the second's, the p-value after correction, and the
/// smallest relative difference that matters (0.02 is 2 %). A difference has to be both significant and large enough.
pub fn judge(metric: Metric, estimate: &Estimate, adjusted_p: f64, minimal_effect: f64) -> ComparisonVerdict {
    let least = minimal_effect.ln_1p();
    let [low, high] = estimate.interval().map(f64::ln);
    if adjusted_p <= BEYOND && estimate.log_ratio.abs() >= least {
        if (estimate.log_ratio > 0.0) == metric.more_is_better() {
            ComparisonVerdict::Faster
        } else {
            ComparisonVerdict::Slower
        }
    } else if -least < low && high < least {
        ComparisonVerdict::NoDifference
    } else {
        ComparisonVerdict::NotEnoughData
    }
}

/// p-values corrected for their number, so that of all differences called real at most one in twenty is expected to be
/// none: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", Journal of the Royal Statistical Society
/// B 57 (1995), 289–300.
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*b].total_cmp(&p_values[*a]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (from_last, at) in order.into_iter().enumerate() {
        let rank = (p_values.len() - from_last) as f64;
        least = least.min(p_values[at] * (p_values.len() as f64 / rank));
        adjusted[at] = least;
    }
    adjusted
}
