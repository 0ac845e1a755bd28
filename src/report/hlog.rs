//! The measurements as HdrHistogram interval logs, so that its own tools can read, plot and merge them.
//!
//! Values are nanoseconds; those tools divide by a million unless told otherwise and so show milliseconds.
//! Each measurement is one interval, tagged with engine, workload and the rest of its cell.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::record::Measurement;
use crate::stats::Summary;

use super::ReportError;
use super::view::Report;

/// Which of the two latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Latency {
    /// From the planned instant.
    Response,
    /// From the start.
    Service,
}

/// What the tools' default unit, the millisecond, is in ours.
const NANOS_PER_MILLI: f64 = 1e6;

/// The log of one latency.
pub(super) fn render(report: &Report<'_>, latency: Latency) -> Result<Vec<u8>, ReportError> {
    let record = report.record();
    let created: SystemTime = humantime::parse_rfc3339_weak(&record.created)
        .map_err(|_| ReportError::Created(super::view::clean(&record.created)))?;
    let failed = |error: &dyn std::fmt::Display| ReportError::Layout {
        page: "histogram log",
        reason: error.to_string(),
    };
    let what = match latency {
        Latency::Response => "response times (finished - due)",
        Latency::Service => "service times (finished - started)",
    };
    let mut log = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment(&format!("[jsarena {what} in nanoseconds, one interval a measurement]"))
        .add_comment("[Histogram log format version 1.3]")
        .with_start_time(created)
        .with_max_value_divisor(NANOS_PER_MILLI)
        .begin_log_with(&mut log, &mut serializer)
        .map_err(|error| failed(&error))?;
    // A record does not say when each measurement began; one after the other keeps the log in order, as the
    // tools need it.
    let mut start = Duration::ZERO;
    for (measurement, summary) in measured(&record.measurements) {
        let encoded = match latency {
            Latency::Response => &summary.response_histogram,
            Latency::Service => &summary.service_histogram,
        };
        let histogram = encoded.decode().map_err(|source| ReportError::Histogram {
            engine: super::view::clean(&measurement.engine),
            workload: super::view::clean(&measurement.workload),
            round: measurement.round,
            source,
        })?;
        let elapsed = Duration::try_from_secs_f64(summary.elapsed_s).unwrap_or_default();
        let name = tag(measurement);
        writer
            .write_histogram(histogram.as_hdr(), start, elapsed, Tag::new(&name))
            .map_err(|error| failed(&error))?;
        start += elapsed;
    }
    Ok(log)
}

fn measured(measurements: &[Measurement]) -> impl Iterator<Item = (&Measurement, &Summary)> {
    measurements.iter().filter(|m| m.error.is_none()).filter_map(|m| Some((m, m.summary.as_ref()?)))
}

/// The cell of a measurement as a tag, in which the format allows neither commas nor white space.
fn tag(measurement: &Measurement) -> String {
    let Measurement { engine, workload, isolation, reuse, workers, round, label, policies, step, .. } =
        measurement;
    let mut tag = format!("{engine}/{workload}/{isolation}/{reuse}/workers-{workers}/round-{round}");
    let policies = policies.unwrap_or_default();
    let numbers =
        [("retries", policies.retries), ("breaker", policies.breaker), ("in-flight", policies.in_flight)];
    for (name, number) in numbers.iter().filter_map(|(name, number)| Some((name, (*number)?))) {
        tag.push_str(&format!("/{name}-{number}"));
    }
    if let Some(step) = step {
        tag.push_str(&format!("/step-{}", step.as_str()));
    }
    if let Some(label) = label {
        tag.push_str(&format!("/{label}"));
    }
    let allowed = |c: char| c.is_alphanumeric() || "-_./+:@".contains(c);
    tag.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::report::fixture;

    /// Tag, duration and histogram of each interval.
    fn read(log: &[u8]) -> Vec<(String, Duration, Histogram<u64>)> {
        let mut intervals = Vec::new();
        for entry in IntervalLogIterator::new(log) {
            if let LogEntry::Interval(interval) = entry.unwrap() {
                let bytes = base64::Engine::decode(
                    &base64::engine::general_purpose::STANDARD,
                    interval.encoded_histogram(),
                );
                let histogram = Deserializer::new().deserialize(&mut bytes.unwrap().as_slice()).unwrap();
                intervals.push((interval.tag().unwrap().as_str().to_owned(), interval.duration(), histogram));
            }
        }
        intervals
    }

    #[test]
    fn the_log_gives_back_every_measurement() {
        let record = fixture::record();
        let report = Report::new(&record).unwrap();
        for latency in [Latency::Response, Latency::Service] {
            let intervals = read(&render(&report, latency).unwrap());
            let measured: Vec<_> = measured(&record.measurements).collect();
            assert_eq!(intervals.len(), measured.len());
            for ((name, duration, histogram), (measurement, summary)) in intervals.iter().zip(measured) {
                assert_eq!(*name, tag(measurement));
                assert!((duration.as_secs_f64() - summary.elapsed_s).abs() < 0.001);
                let (encoded, p) = match latency {
                    Latency::Response => (&summary.response_histogram, summary.response_us),
                    Latency::Service => (&summary.service_histogram, summary.service_us),
                };
                assert_eq!(histogram.len(), encoded.decode().unwrap().len());
                assert_eq!(histogram.value_at_quantile(0.99) as f64 / 1e3, p.p99);
            }
        }
    }

    #[test]
    fn tags_are_distinct_and_hold_nothing_that_breaks_a_line() {
        let record = fixture::record();
        let steps = fixture::ablation().measurements;
        let tags: Vec<String> = record.measurements.iter().chain(&steps).map(tag).collect();
        let distinct: std::collections::BTreeSet<&String> = tags.iter().collect();
        assert_eq!(distinct.len(), tags.len());
        let mut measurement = record.measurements[0].clone();
        measurement.workload = "a, b\nc".to_owned();
        assert!(Tag::new(&tag(&measurement)).is_some());
    }

    #[test]
    fn a_record_with_a_damaged_date_is_refused() {
        let mut record = fixture::record();
        record.created = "yesterday".to_owned();
        let error = render(&Report::new(&record).unwrap(), Latency::Response).unwrap_err();
        assert!(error.to_string().contains("yesterday"), "{error}");
    }
}
