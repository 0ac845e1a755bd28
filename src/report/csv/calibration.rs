//! The calibration as CSV: one row a case and percentile.
//!
//! Columns: `case`, `percentile`, `reference_us`, `measured_us`, `error` (a part of the reference), `within` (true or
//! false), and of the case's run `rate_per_s`, `submitted`, `failed`, `pacer_p50_us`, `pacer_p99_us`, `pacer_max_us`,
//! `generator_cpu_per_job_us`.

use crate::record::{Calibration, CalibrationRun, RunRecord};
use crate::report::ReportError;

use super::{Fields, file};

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let runs = record.instrument.as_ref().map_or(&[][..], |instrument| &instrument.runs);
    let run_of = |row: &Calibration| runs.iter().find(|run| run.case == row.case);
    file(row(None, None), record.calibration.iter().map(|one| row(Some(one), run_of(one))))
}

fn row(calibration: Option<&Calibration>, run: Option<&CalibrationRun>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    put("case", calibration.map(|row| row.case.clone()));
    put("percentile", calibration.map(|row| row.percentile.clone()));
    put("reference_us", calibration.map(|row| row.reference_us.to_string()));
    put("measured_us", calibration.map(|row| row.measured_us.to_string()));
    put("error", calibration.map(|row| row.error.to_string()));
    put("within", calibration.map(|row| row.is_near().to_string()));
    put("rate_per_s", run.map(|run| run.rate_per_s.to_string()));
    put("submitted", run.map(|run| run.submitted.to_string()));
    put("failed", run.map(|run| run.failed.to_string()));
    put("pacer_p50_us", run.map(|run| run.pacer_lateness_us.p50.to_string()));
    put("pacer_p99_us", run.map(|run| run.pacer_lateness_us.p99.to_string()));
    put("pacer_max_us", run.map(|run| run.pacer_lateness_us.max.to_string()));
    put("generator_cpu_per_job_us", run.map(|run| run.generator_cpu_per_job_us.to_string()));
    fields
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_percentile_is_a_row_with_its_run() {
        let record = fixture::calibration();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        assert_eq!(files.len(), 1);
        let mut reader = ::csv::Reader::from_reader(files[0].bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), record.calibration.len());
        for (row, calibration) in rows.iter().zip(&record.calibration) {
            assert_eq!(row[column("case")], calibration.case);
            assert_eq!(row[column("within")], calibration.is_near().to_string());
            assert!(!row[column("pacer_p99_us")].is_empty());
        }
    }
}
