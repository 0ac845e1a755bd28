//! The measurements as CSV: one row each, with units in the names of the columns. The containment rows have a file
//! of their own.
//!
//! Columns, in this order; a cell is empty where the record has nothing:
//! - `engine`, `engine_version`, `workload`, `isolation`, `reuse`, `workers`, `round` (from 0), `label` (set on
//!   the second half of an A/A pair);
//! - the plan: `arrivals` (`closed` or `open`), `concurrency`, `rate_per_s`, `spacing`, `warmup_s`, `duration_s`,
//!   `count`, `plan_seed`;
//! - `status` (`ok`, `failed`, or `missing` for an engine that is not there) and `error`, its reason;
//! - `submitted`, `wrong_answers`, `errors`, `throughput_per_s`, `offered_per_s`, `elapsed_s`;
//! - `outcome_<kind>` for every kind of outcome, in the order of the record;
//! - `response_<p>_us` and `service_<p>_us` with p of p50, p90, p95, p99, p999, max, mean; `pacer_p99_us`;
//! - `panics`, `restarts`, `retries`, `lost_workers`, `recycled`;
//! - `rss_start_bytes`, `rss_end_bytes`, `rss_peak_bytes` and `cpu_workers_s` (empty for a server behind a URL),
//!   `cpu_generator_s`, `queue_mean`, `queue_max`, `blocking_threads_max`, `blocking_queue_max`;
//! - the policies in front: `retries_allowed`, `breaker_failures`, `in_flight_limit`; `hostile_share` of the plan;
//!   `step` of an ablation; of a cell that died while its clock ran `died_at_s`, `died_finished`, `died_errors`;
//! - the conditions: `steady` (`reached`, `late` or `never`; empty where it cannot be told), `steady_from_s` (from the
//!   beginning of warm-up), `others_cpu` and `steal` (parts of the machine's processor time), `yardstick_us`.

use crate::executor::{OutcomeKind, PolicyChoice};
use crate::load::{Arrivals, Plan, Spacing, Stop};
use crate::record::{Measurement, RunRecord};
use crate::stats::{Percentiles, Summary};

use super::view::Report;
use super::{Export, ReportError};

mod calibration;
mod capacity;
mod comparisons;
mod conditions;
mod containment;
mod footprint;
mod other_tools;
mod startup;
mod verdicts;

/// A row: names and values together, so that the head cannot fall out of step with the rows.
type Fields = Vec<(String, String)>;

/// The files: one for each kind of rows that the record has.
pub(super) fn render(report: &Report<'_>) -> Result<Vec<Export>, ReportError> {
    let record = report.record();
    let mut files = Vec::new();
    let is_of_load = record.containment.is_empty()
        && record.calibration.is_empty()
        && record.verdicts.is_empty()
        && record.capacity.is_empty();
    if !record.measurements.is_empty() || is_of_load {
        files.push(Export { file_name: "measurements.csv", bytes: measurements(record)? });
    }
    if !record.comparisons.is_empty() {
        files.push(Export { file_name: "comparisons.csv", bytes: comparisons::rows(record)? });
    }
    if !record.containment.is_empty() {
        files.push(Export { file_name: "containment.csv", bytes: containment::rows(record)? });
    }
    if !record.calibration.is_empty() {
        files.push(Export { file_name: "calibration.csv", bytes: calibration::rows(record)? });
    }
    if !record.startup.is_empty() {
        files.push(Export { file_name: "startup.csv", bytes: startup::rows(record)? });
    }
    if !record.footprint.is_empty() {
        files.push(Export { file_name: "footprint.csv", bytes: footprint::rows(record)? });
    }
    if !record.verdicts.is_empty() {
        files.push(Export { file_name: "verdicts.csv", bytes: verdicts::rows(record)? });
    }
    if !record.capacity.is_empty() {
        files.push(Export { file_name: "capacity.csv", bytes: capacity::rows(record)? });
        files.push(Export { file_name: "capacity-curve.csv", bytes: capacity::points(record)? });
    }
    if !record.other_tools.is_empty() {
        files.push(Export { file_name: "other-tools.csv", bytes: other_tools::rows(record)? });
    }
    Ok(files)
}

fn measurements(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let missing = record.engines.iter().filter_map(|entry| Some((&entry.id, entry.missing.as_deref()?)));
    let rows = record
        .measurements
        .iter()
        .map(|measurement| measured(record, measurement))
        .chain(missing.map(|(engine, reason)| row(engine, "", None, "missing", reason)));
    file(row("", "", None, "", ""), rows)
}

/// A head with the names of `shape`, and the rows.
fn file(shape: Fields, rows: impl Iterator<Item = Fields>) -> Result<Vec<u8>, ReportError> {
    let head = shape.into_iter().map(|(name, _)| name);
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let failed = |reason: String| ReportError::Layout { page: "CSV file", reason };
    writer.write_record(head).map_err(|error| failed(error.to_string()))?;
    for fields in rows {
        writer
            .write_record(fields.into_iter().map(|(_, value)| value))
            .map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

fn measured(record: &RunRecord, measurement: &Measurement) -> Fields {
    let version = engine_version(record, &measurement.engine);
    let status = if measurement.summary.is_some() && measurement.error.is_none() { "ok" } else { "failed" };
    let error = measurement.error.as_deref().unwrap_or_default();
    row(&measurement.engine, version, Some(measurement), status, error)
}

fn engine_version<'a>(record: &'a RunRecord, engine: &str) -> &'a str {
    let entry = record.engines.iter().find(|entry| entry.id == engine);
    entry.and_then(|entry| entry.info.as_ref()).map_or("", |info| &info.engine_version)
}

fn row(engine: &str, version: &str, measurement: Option<&Measurement>, status: &str, error: &str) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: String| fields.push((name.to_owned(), value));
    let of = |figure: fn(&Measurement) -> String| measurement.map(figure).unwrap_or_default();
    put("engine", engine.to_owned());
    put("engine_version", version.to_owned());
    put("workload", of(|m| m.workload.clone()));
    put("isolation", of(|m| m.isolation.to_string()));
    put("reuse", of(|m| m.reuse.to_string()));
    put("workers", of(|m| m.workers.to_string()));
    put("round", of(|m| m.round.to_string()));
    put("label", of(|m| m.label.clone().unwrap_or_default()));
    plan(measurement.map(|m| &m.plan), &mut put);
    put("status", status.to_owned());
    put("error", error.to_owned());
    summary(measurement, &mut put);
    faults(measurement, &mut put);
    conditions::put(measurement.and_then(|m| m.summary.as_ref()), &mut put);
    fields
}

/// What stood in front of the executor, what was mixed in, and how far a cell got that died of it.
fn faults(measurement: Option<&Measurement>, put: &mut impl FnMut(&str, String)) {
    let policy = |number: fn(&PolicyChoice) -> Option<u32>| {
        let number = measurement.and_then(|m| number(m.policies.as_ref()?));
        number.map(|number| number.to_string()).unwrap_or_default()
    };
    put("retries_allowed", policy(|policies| policies.retries));
    put("breaker_failures", policy(|policies| policies.breaker));
    put("in_flight_limit", policy(|policies| policies.in_flight));
    put("hostile_share", measurement.map(|m| m.plan.hostile.to_string()).unwrap_or_default());
    put("step", measurement.and_then(|m| Some(m.step?.as_str().to_owned())).unwrap_or_default());
    let died = measurement.and_then(|m| m.died);
    put("died_at_s", died.map(|died| died.at_s.to_string()).unwrap_or_default());
    put("died_finished", died.map(|died| died.finished.to_string()).unwrap_or_default());
    put("died_errors", died.map(|died| died.errors.to_string()).unwrap_or_default());
}

fn plan(plan: Option<&Plan>, put: &mut impl FnMut(&str, String)) {
    let of = |value: fn(&Plan) -> Option<String>| plan.and_then(value).unwrap_or_default();
    let arrivals = |plan: &Plan| match plan.arrivals {
        Arrivals::Closed { .. } => "closed",
        Arrivals::Open { .. } => "open",
    };
    put("arrivals", plan.map_or("", arrivals).to_owned());
    put(
        "concurrency",
        of(|plan| match plan.arrivals {
            Arrivals::Closed { concurrency } => Some(concurrency.to_string()),
            Arrivals::Open { .. } => None,
        }),
    );
    put(
        "rate_per_s",
        of(|plan| match plan.arrivals {
            Arrivals::Open { rate_per_s, .. } => Some(rate_per_s.to_string()),
            Arrivals::Closed { .. } => None,
        }),
    );
    put(
        "spacing",
        of(|plan| match plan.arrivals {
            Arrivals::Open { spacing: Spacing::Constant, .. } => Some("constant".to_owned()),
            Arrivals::Open { spacing: Spacing::Poisson, .. } => Some("poisson".to_owned()),
            Arrivals::Closed { .. } => None,
        }),
    );
    put("warmup_s", of(|plan| Some(plan.warmup.as_secs_f64().to_string())));
    put(
        "duration_s",
        of(|plan| match plan.stop {
            Stop::After(time) => Some(time.as_secs_f64().to_string()),
            Stop::Count(_) => None,
        }),
    );
    put(
        "count",
        of(|plan| match plan.stop {
            Stop::Count(jobs) => Some(jobs.to_string()),
            Stop::After(_) => None,
        }),
    );
    put("plan_seed", of(|plan| Some(plan.seed.to_string())));
}

fn summary(measurement: Option<&Measurement>, put: &mut impl FnMut(&str, String)) {
    let summary = measurement.and_then(|m| m.summary.as_ref());
    let of = |figure: fn(&Summary) -> String| summary.map(figure).unwrap_or_default();
    // What this program took says nothing of a server.
    let is_here = measurement.is_none_or(|m| m.isolation.is_here());
    let of_workers =
        |figure: fn(&Summary) -> String| summary.filter(|_| is_here).map(figure).unwrap_or_default();
    put("submitted", of(|s| s.submitted.to_string()));
    put("wrong_answers", of(|s| s.wrong_answers.to_string()));
    put("errors", of(|s| s.errors().to_string()));
    put("throughput_per_s", of(|s| s.throughput_per_s.to_string()));
    put("offered_per_s", of(|s| s.offered_per_s.map(|rate| rate.to_string()).unwrap_or_default()));
    put("elapsed_s", of(|s| s.elapsed_s.to_string()));
    for kind in OutcomeKind::ALL {
        let count = summary.map(|s| s.outcomes.get(kind).to_string()).unwrap_or_default();
        put(&format!("outcome_{}", kind.as_str()), count);
    }
    percentiles("response", summary.map(|s| &s.response_us), put);
    percentiles("service", summary.map(|s| &s.service_us), put);
    put("pacer_p99_us", of(|s| s.pacer_lateness_us.map(|late| late.p99.to_string()).unwrap_or_default()));
    put("panics", of(|s| s.panics.to_string()));
    put("restarts", of(|s| s.restarts.to_string()));
    put("retries", of(|s| s.retries.to_string()));
    put("lost_workers", of(|s| s.lost_workers.to_string()));
    put("recycled", of(|s| s.recycled.to_string()));
    put("rss_start_bytes", of_workers(|s| s.rss_bytes.start.to_string()));
    put("rss_end_bytes", of_workers(|s| s.rss_bytes.end.to_string()));
    put("rss_peak_bytes", of_workers(|s| s.rss_bytes.peak.to_string()));
    put("cpu_workers_s", of_workers(|s| s.cpu_s.workers.to_string()));
    put("cpu_generator_s", of(|s| s.cpu_s.generator.to_string()));
    put("queue_mean", of(|s| s.queue_depth.mean.to_string()));
    put("queue_max", of(|s| s.queue_depth.max.to_string()));
    put("blocking_threads_max", of(|s| s.tokio_blocking.threads_max.to_string()));
    put("blocking_queue_max", of(|s| s.tokio_blocking.queue_max.to_string()));
}

fn percentiles(time: &str, of: Option<&Percentiles>, put: &mut impl FnMut(&str, String)) {
    let mut figure = |name: &str, figure: fn(&Percentiles) -> f64| {
        put(&format!("{time}_{name}_us"), of.map(|p| figure(p).to_string()).unwrap_or_default());
    };
    figure("p50", |p| p.p50);
    figure("p90", |p| p.p90);
    figure("p95", |p| p.p95);
    figure("p99", |p| p.p99);
    figure("p999", |p| p.p999);
    figure("max", |p| p.max);
    figure("mean", |p| p.mean);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn file() -> String {
        let record = fixture::record();
        let files = render(&Report::new(&record).unwrap()).unwrap();
        assert_eq!(files.len(), 1);
        String::from_utf8(files[0].bytes.clone()).unwrap()
    }

    #[test]
    fn the_fixed_record_as_csv() {
        insta::assert_snapshot!(file());
    }

    #[test]
    fn every_measurement_and_every_missing_engine_is_a_row_that_reads_back() {
        let record = fixture::record();
        let file = file();
        let mut reader = ::csv::Reader::from_reader(file.as_bytes());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let missing = rows.iter().filter(|row| &row[column("status")] == "missing").count();
        assert_eq!(missing, 1);
        assert_eq!(rows.len(), record.measurements.len() + missing);
        let failed: Vec<_> = rows.iter().filter(|row| &row[column("status")] == "failed").collect();
        assert!(failed.iter().any(|row| &row[column("error")] == fixture::HOSTILE), "quoted, not altered");
    }
}
