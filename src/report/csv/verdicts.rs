//! The counts of verdicts as CSV: one row a server, injected difference and metric.
//!
//! Columns: `server`, `injected` (0.05 is 5 % more service time), `metric`, `faster`, `slower`, `no_difference`,
//! `not_enough_data`, `comparisons`.

use crate::record::{RunRecord, VerdictRate};
use crate::report::ReportError;

use super::{Fields, file};

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    file(row(None), record.verdicts.iter().map(|one| row(Some(one))))
}

fn row(rate: Option<&VerdictRate>) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: fn(&VerdictRate) -> String| {
        fields.push((name.to_owned(), rate.map(value).unwrap_or_default()));
    };
    put("server", |rate| rate.server.clone());
    put("injected", |rate| rate.injected.to_string());
    put("metric", |rate| rate.metric.to_string());
    put("faster", |rate| rate.faster.to_string());
    put("slower", |rate| rate.slower.to_string());
    put("no_difference", |rate| rate.no_difference.to_string());
    put("not_enough_data", |rate| rate.not_enough_data.to_string());
    put("comparisons", |rate| rate.comparisons().to_string());
    fields
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_count_is_a_row() {
        let record = fixture::verdict_rates();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        assert_eq!(files.iter().map(|file| file.file_name).collect::<Vec<_>>(), ["verdicts.csv"]);
        let text = String::from_utf8(files[0].bytes.clone()).unwrap();
        assert_eq!(text.lines().count(), record.verdicts.len() + 1);
        assert!(text.lines().any(|line| line == "even,0,p99,2,1,60,37,100"), "{text}");
    }
}
