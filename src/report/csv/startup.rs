//! The starts as CSV: one row an engine, workload and aid.
//!
//! Columns: `engine`, `engine_version`, `workload`, `aid`, `aid_bytes`, `repetitions`, `status` (`ok` or `failed`),
//! `error`, and of each phase `<phase>_us_median`, `<phase>_us_min`, `<phase>_us_max`, with phase of `process`,
//! `engine`, `load`, `first_call`, `next_call`, `isolate`, and `first_result`, what the first four come to.

use crate::record::{RunRecord, Startup};
use crate::report::ReportError;

use super::{Fields, engine_version, file};

/// Names of the phases, in the order of [`StartupTimes::named`](crate::record::StartupTimes::named).
const PHASES: [&str; 7] =
    ["process_us", "engine_us", "load_us", "first_call_us", "next_call_us", "isolate_us", "first_result_us"];

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let version = |start: &Startup| engine_version(record, &start.engine).to_owned();
    file(row(None, String::new()), record.startup.iter().map(|start| row(Some(start), version(start))))
}

fn row(start: Option<&Startup>, version: String) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    put("engine", start.map(|row| row.engine.clone()));
    put("engine_version", Some(version));
    put("workload", start.map(|row| row.workload.clone()));
    put("aid", start.map(|row| row.aid.as_str().to_owned()));
    put("aid_bytes", start.and_then(|row| Some(row.aid_bytes?.to_string())));
    put("repetitions", start.map(|row| row.repetitions.to_string()));
    put("status", start.map(|row| if row.error.is_none() { "ok" } else { "failed" }.to_owned()));
    put("error", start.and_then(|row| row.error.clone()));
    let times = start.and_then(|row| row.times).map(|times| times.named());
    for (place, name) in PHASES.into_iter().enumerate() {
        let spread = times.map(|times| times[place].1);
        put(&format!("{name}_median"), spread.map(|spread| spread.median.to_string()));
        put(&format!("{name}_min"), spread.map(|spread| spread.min.to_string()));
        put(&format!("{name}_max"), spread.map(|spread| spread.max.to_string()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::PHASES;
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_start_is_a_row_with_the_phases_under_their_names() {
        let record = fixture::cost();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        let file = files.iter().find(|file| file.file_name == "startup.csv").unwrap();
        let mut reader = ::csv::Reader::from_reader(file.bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), record.startup.len());
        for (row, start) in rows.iter().zip(&record.startup) {
            assert_eq!(row[column("aid")], *start.aid.as_str());
            assert_eq!(&row[column("error")], start.error.as_deref().unwrap_or_default());
            let Some(times) = start.times else { continue };
            assert_eq!(times.named().map(|(name, _)| name), PHASES);
            assert_eq!(row[column("load_us_median")], times.load_us.median.to_string());
            assert_eq!(row[column("first_result_us_max")], times.first_result_us.max.to_string());
        }
    }
}
