//! The comparisons as CSV: one row a pair of engines, workload, setting and metric.
//!
//! Columns: `workload` (`*` for the geometric mean over all that both completed), `isolation`, `reuse`, `workers`,
//! `arrivals` (`closed` or `open`), `concurrency`, `rate_per_s`, `retries_allowed`, `breaker_failures`,
//! `in_flight_limit`, `metric`, `a`, `b`, `rounds`, `ratio` (of a's figure to b's), `interval_low`, `interval_high`, `p`
//! (corrected), `minimal_effect` (0.02 is 2 %), `verdict` (of a: `faster`, `slower`, `no difference`, `not enough data`).

use crate::executor::PolicyChoice;
use crate::load::Arrivals;
use crate::record::{Comparison, RunRecord};
use crate::report::ReportError;

use super::{Fields, file};

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    file(row(None), record.comparisons.iter().map(|one| row(Some(one))))
}

fn row(comparison: Option<&Comparison>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: fn(&Comparison) -> Option<String>| {
        fields.push((name.to_owned(), comparison.and_then(value).unwrap_or_default()));
    };
    put("workload", |one| Some(one.workload.clone()));
    put("isolation", |one| Some(one.isolation.to_string()));
    put("reuse", |one| Some(one.reuse.to_string()));
    put("workers", |one| Some(one.workers.to_string()));
    put("arrivals", |one| {
        Some(if matches!(one.arrivals, Arrivals::Open { .. }) { "open" } else { "closed" }.to_owned())
    });
    put("concurrency", |one| match one.arrivals {
        Arrivals::Closed { concurrency } => Some(concurrency.to_string()),
        Arrivals::Open { .. } => None,
    });
    put("rate_per_s", |one| match one.arrivals {
        Arrivals::Open { rate_per_s, .. } => Some(rate_per_s.to_string()),
        Arrivals::Closed { .. } => None,
    });
    put("retries_allowed", |one| policy(one, |policies| policies.retries));
    put("breaker_failures", |one| policy(one, |policies| policies.breaker));
    put("in_flight_limit", |one| policy(one, |policies| policies.in_flight));
    put("metric", |one| Some(one.metric.to_string()));
    put("a", |one| Some(one.a.clone()));
    put("b", |one| Some(one.b.clone()));
    put("rounds", |one| Some(one.rounds.to_string()));
    put("ratio", |one| Some(one.ratio.to_string()));
    put("interval_low", |one| Some(one.interval[0].to_string()));
    put("interval_high", |one| Some(one.interval[1].to_string()));
    put("p", |one| Some(one.p.to_string()));
    put("minimal_effect", |one| Some(one.minimal_effect.to_string()));
    put("verdict", |one| Some(one.verdict.as_str().to_owned()));
    fields
}

fn policy(comparison: &Comparison, number: fn(&PolicyChoice) -> Option<u32>) -> Option<String> {
    comparison.policies.as_ref().and_then(number).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_comparison_is_a_row() {
        let record = fixture::compared();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        let file = files.iter().find(|file| file.file_name == "comparisons.csv").unwrap();
        let mut reader = ::csv::Reader::from_reader(file.bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), record.comparisons.len());
        for (row, comparison) in rows.iter().zip(&record.comparisons) {
            assert_eq!(row[column("workload")], comparison.workload);
            assert_eq!(row[column("ratio")].parse::<f64>().unwrap(), comparison.ratio);
            assert_eq!(row[column("verdict")], *comparison.verdict.as_str());
            assert_eq!(row[column("concurrency")], *"8");
        }
    }
}
