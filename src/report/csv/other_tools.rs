//! Results of other load tools as CSV: one row each; a cell is empty where the tool tells nothing.
//!
//! Columns: `tool`, `file`, `target`, `clients`, `duration_s`, `requests`, `requests_per_s`, `latency_<p>_us` with p of
//! p50, p90, p95, p99, p999, max, mean, and `errors_<kind>` with kind of status, connect, read, write, timeout, and
//! `total`, if the tool tells that.

use crate::record::{OtherTool, RunRecord, ToolErrors, ToolLatency};
use crate::report::ReportError;

use super::{Fields, file};

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    file(row(None), record.other_tools.iter().map(|result| row(Some(result))))
}

fn row(result: Option<&OtherTool>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    put("tool", result.map(|row| row.tool.to_string()));
    put("file", result.map(|row| row.file.clone()));
    put("target", result.and_then(|row| row.target.clone()));
    put("clients", result.and_then(|row| Some(row.clients?.to_string())));
    put("duration_s", result.and_then(|row| Some(row.duration_s?.to_string())));
    put("requests", result.and_then(|row| Some(row.requests?.to_string())));
    put("requests_per_s", result.and_then(|row| Some(row.requests_per_s?.to_string())));
    let latency = result.map_or_else(ToolLatency::default, |row| row.latency_us);
    for (name, time) in latency.named() {
        put(&format!("latency_{name}_us"), time.map(|time| time.to_string()));
    }
    let errors = result.map_or_else(ToolErrors::default, |row| row.errors);
    for (kind, count) in errors.kinds().into_iter().chain([("total", errors.total)]) {
        put(&format!("errors_{kind}"), count.map(|count| count.to_string()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_result_is_a_row_with_nothing_where_nothing_is_told() {
        let record = fixture::other_tools();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.file_name).collect();
        assert_eq!(names, ["measurements.csv", "other-tools.csv"]);
        let mut reader = ::csv::Reader::from_reader(files[1].bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), record.other_tools.len());
        for (row, result) in rows.iter().zip(&record.other_tools) {
            assert_eq!(row[column("tool")], result.tool.to_string());
            let told = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
            assert_eq!(row[column("clients")], told(result.clients));
            assert_eq!(row[column("errors_timeout")], told(result.errors.timeout));
            assert_eq!(row[column("errors_total")], told(result.errors.total));
            let p999 = result.latency_us.p999.map(|time| time.to_string()).unwrap_or_default();
            assert_eq!(row[column("latency_p999_us")], p999);
        }
        assert!(rows.iter().any(|row| row[column("latency_p999_us")].is_empty()));
    }
}
