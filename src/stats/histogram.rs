//! Latency histograms: HDR, in nanoseconds, three significant figures, and their percentiles.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest latency told apart: an hour. Longer ones count as that.
const HIGHEST: Duration = Duration::from_secs(3600);
/// Significant decimal figures: any value is at most 0.1 % away from the one recorded.
const FIGURES: u8 = 3;

/// A growing histogram of latencies.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyHistogram(Histogram<u64>);

impl Default for LatencyHistogram {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, nanos(HIGHEST), FIGURES);
        Self(histogram.expect("1 ns to an hour at three figures are valid bounds"))
    }
}

impl LatencyHistogram {
    /// Adds one latency.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(nanos(latency).max(1));
    }

    /// Adds another's samples, exactly.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all latency histograms have the same bounds");
    }

    /// How many latencies it holds.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The latency that a share of `quantile` (0 to 1) of the samples do not exceed; zero when empty.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(if self.0.is_empty() { 0 } else { self.0.value_at_quantile(quantile) })
    }

    /// The figures a report shows.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| micros(self.quantile(quantile));
        Percentiles {
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(Duration::from_nanos(self.0.max())),
            mean: self.0.mean() / 1e3,
        }
    }

    /// Points of its percentile curve for a plot: pairs of quantile and latency, denser towards the tail, one
    /// step for each halving of what is left (as HdrHistogram's own percentile output).
    pub fn curve(&self) -> Vec<(f64, Duration)> {
        self.0
            .iter_quantiles(5)
            .map(|step| (step.quantile_iterated_to(), Duration::from_nanos(step.value_iterated_to())))
            .collect()
    }

    /// Latencies that occur, in nanoseconds, rising, with how many samples each has: the highest value that the
    /// histogram does not tell from the one recorded, as in its quantiles.
    pub fn steps(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    /// The samples as a plain HDR histogram of nanoseconds.
    pub fn as_hdr(&self) -> &Histogram<u64> {
        &self.0
    }

    /// The whole histogram as text for a record.
    pub fn encode(&self) -> EncodedHistogram {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .expect("writing a histogram into memory cannot fail");
        EncodedHistogram(BASE64.encode(bytes))
    }
}

/// The usual percentiles of a latency, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "each is the percentile of its name, in microseconds")]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
}

/// A whole histogram of nanoseconds as text: HdrHistogram's V2 encoding, deflated, in base64 — the payload
/// that HdrHistogram's log tools read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EncodedHistogram(String);

/// A text that is no histogram.
#[derive(Debug, thiserror::Error)]
#[error("a histogram in the record cannot be read: {0}")]
pub struct HistogramError(String);

impl EncodedHistogram {
    /// Reads it back.
    ///
    /// # Errors
    /// [`HistogramError`] when the text is damaged or has other bounds than this program's histograms.
    pub fn decode(&self) -> Result<LatencyHistogram, HistogramError> {
        let bytes = BASE64.decode(&self.0).map_err(|error| HistogramError(error.to_string()))?;
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| HistogramError(error.to_string()))?;
        let mut histogram = LatencyHistogram::default();
        histogram.0.add(&read).map_err(|error| HistogramError(error.to_string()))?;
        Ok(histogram)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::default();
        micros.into_iter().for_each(|us| histogram.record(Duration::from_micros(us)));
        histogram
    }

    #[test]
    fn percentiles_are_those_of_the_samples() {
        let p = of(1..=1000).percentiles();
        let check = |measured: f64, expected: f64| {
            assert!((measured - expected).abs() <= expected * 0.001 + 0.001, "{measured} is not {expected}");
        };
        check(p.p50, 500.0);
        check(p.p90, 900.0);
        check(p.p99, 990.0);
        check(p.p999, 999.0);
        check(p.max, 1000.0);
        check(p.mean, 500.5);
    }

    #[test]
    fn text_gives_back_the_same_histogram() {
        let histogram = of([1, 5, 70, 70, 3_000_000]);
        assert_eq!(histogram.encode().decode().unwrap(), histogram);
        assert_eq!(LatencyHistogram::default().encode().decode().unwrap(), LatencyHistogram::default());
    }

    #[test]
    fn damaged_text_is_an_error() {
        assert!(EncodedHistogram("no base64!".to_owned()).decode().is_err());
        assert!(EncodedHistogram(BASE64.encode("no histogram")).decode().is_err());
    }

    #[test]
    fn merging_is_exact() {
        let mut whole = of([1, 2, 3]);
        whole.merge(&of([1000, 2000]));
        assert_eq!(whole, of([1, 2, 3, 1000, 2000]));
    }

    #[test]
    fn beyond_an_hour_counts_as_an_hour() {
        let mut histogram = LatencyHistogram::default();
        histogram.record(Duration::from_secs(10_000));
        assert!(histogram.quantile(1.0) >= HIGHEST);
        assert_eq!(LatencyHistogram::default().quantile(0.99), Duration::ZERO);
    }
}
