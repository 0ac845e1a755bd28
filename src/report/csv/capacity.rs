//! The capacities as CSV, one row each, and the rates that were tried, in a file of their own.
//!
//! Columns of both: `engine`, `workload`, `isolation`, `reuse`, `workers`, `retries_allowed`, `breaker_failures`,
//! `in_flight_limit`, `slo`, `spacing`.
//! - of the capacities, then: `rate_per_s`, `low_per_s` and `high_per_s` (the interval), `confirmed_held`,
//!   `confirmed_of`, `closed_loop_per_s`, `precision`, `warmup_s`, `duration_s`, `probes`, `why` (there is no rate);
//! - of the rates tried, then, in their order: `probe` (from 0), `rate_per_s`, `purpose`, `held`, `broken_by`,
//!   `duration_s`, `seed`, `achieved_per_s`, `submitted`, `errors`, `p50_us`, `p90_us`, `p95_us`, `p99_us`, `p999_us`,
//!   `max_us`, `mean_us` (of response time), `pacer_p99_us`.

use crate::load::Spacing;
use crate::record::{Capacity, CurveFigures, CurvePoint, RunRecord};
use crate::report::ReportError;

use super::{Fields, file};

/// The file of capacities.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    file(row(None), record.capacity.iter().map(|one| row(Some(one))))
}

/// The file of rates that were tried.
pub(super) fn points(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let points = record.capacity.iter().flat_map(|row| {
        row.curve.iter().enumerate().map(move |(number, one)| point(Some(row), Some((number, one))))
    });
    file(point(None, None), points)
}

fn row(of: Option<&Capacity>) -> Fields {
    let mut fields = head(of);
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    put("rate_per_s", of.and_then(|row| Some(row.rate_per_s?.to_string())));
    put("low_per_s", of.and_then(|row| Some(row.interval?[0].to_string())));
    put("high_per_s", of.and_then(|row| Some(row.interval?[1].to_string())));
    put("confirmed_held", of.and_then(|row| Some(row.confirmed?.held.to_string())));
    put("confirmed_of", of.and_then(|row| Some(row.confirmed?.of.to_string())));
    put("closed_loop_per_s", of.and_then(|row| Some(row.closed_loop_per_s?.to_string())));
    put("precision", of.map(|row| row.precision.to_string()));
    put("warmup_s", of.map(|row| row.warmup_s.to_string()));
    put("duration_s", of.map(|row| row.duration_s.to_string()));
    put("probes", of.map(|row| row.curve.len().to_string()));
    put("why", of.and_then(|row| row.why.clone()));
    fields
}

fn point(of: Option<&Capacity>, numbered: Option<(usize, &CurvePoint)>) -> Fields {
    let mut fields = head(of);
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    let point = numbered.map(|(_, point)| point);
    put("probe", numbered.map(|(number, _)| number.to_string()));
    put("rate_per_s", point.map(|point| point.rate_per_s.to_string()));
    put("purpose", point.map(|point| point.purpose.as_str().to_owned()));
    put("held", point.map(|point| point.held.to_string()));
    put("broken_by", point.map(|point| point.broken_by.join("; ")));
    put("duration_s", point.map(|point| point.duration_s.to_string()));
    put("seed", point.map(|point| point.seed.to_string()));
    let figures = point.and_then(|point| point.figures);
    let mut figure =
        |name: &str, figure: fn(&CurveFigures) -> String| put(name, figures.as_ref().map(figure));
    figure("achieved_per_s", |figures| figures.achieved_per_s.to_string());
    figure("submitted", |figures| figures.submitted.to_string());
    figure("errors", |figures| figures.errors.to_string());
    figure("p50_us", |figures| figures.p50_us.to_string());
    figure("p90_us", |figures| figures.p90_us.to_string());
    figure("p95_us", |figures| figures.p95_us.to_string());
    figure("p99_us", |figures| figures.p99_us.to_string());
    figure("p999_us", |figures| figures.p999_us.to_string());
    figure("max_us", |figures| figures.max_us.to_string());
    figure("mean_us", |figures| figures.mean_us.to_string());
    figure("pacer_p99_us", |figures| figures.pacer_p99_us.to_string());
    fields
}

/// What both files begin with.
fn head(of: Option<&Capacity>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    let policies = of.map(|row| row.policies.unwrap_or_default());
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    put("engine", of.map(|row| row.engine.clone()));
    put("workload", of.map(|row| row.workload.clone()));
    put("isolation", of.map(|row| row.isolation.to_string()));
    put("reuse", of.map(|row| row.reuse.to_string()));
    put("workers", of.map(|row| row.workers.to_string()));
    put("retries_allowed", policies.and_then(|policies| number(policies.retries)));
    put("breaker_failures", policies.and_then(|policies| number(policies.breaker)));
    put("in_flight_limit", policies.and_then(|policies| number(policies.in_flight)));
    put("slo", of.map(|row| row.slo.clone()));
    let spacing = |row: &Capacity| match row.spacing {
        Spacing::Constant => "constant",
        Spacing::Poisson => "poisson",
    };
    put("spacing", of.map(|row| spacing(row).to_owned()));
    fields
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_capacity_and_every_rate_is_a_row_that_reads_back() {
        let record = fixture::capacity();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.file_name).collect();
        assert_eq!(names, ["capacity.csv", "capacity-curve.csv"]);
        let read = |place: usize, name: &str| {
            let mut reader = ::csv::Reader::from_reader(files[place].bytes.as_slice());
            let column = reader.headers().unwrap().iter().position(|head| head == name).expect(name);
            reader.records().map(|row| row.unwrap()[column].to_owned()).collect::<Vec<_>>()
        };
        let rates: Vec<String> = record
            .capacity
            .iter()
            .map(|row| row.rate_per_s.map_or(String::new(), |rate| rate.to_string()))
            .collect();
        assert_eq!(read(0, "rate_per_s"), rates);
        let reasons: Vec<String> =
            record.capacity.iter().map(|row| row.why.clone().unwrap_or_default()).collect();
        assert_eq!(read(0, "why"), reasons);
        let tried = || record.capacity.iter().flat_map(|row| &row.curve);
        assert_eq!(
            read(1, "rate_per_s"),
            tried().map(|point| point.rate_per_s.to_string()).collect::<Vec<_>>()
        );
        let p99 =
            tried().map(|point| point.figures.map_or(String::new(), |figures| figures.p99_us.to_string()));
        assert_eq!(read(1, "p99_us"), p99.collect::<Vec<_>>());
        assert!(read(1, "broken_by").contains(&fixture::HOSTILE.to_owned()), "quoted, not altered");
    }
}
