//! The containment rows as CSV.
//!
//! Columns, in this order; a cell is empty where the record has nothing:
//! - `script`, `class`, `engine`, `engine_version`, `isolation`, `reuse`;
//! - `status` (`ok`, or `failed` for what could not be run) and `error`, its reason;
//! - `verdict`, `outcome`, `expected` (separated by spaces), `detail`, `host_survived` (`true` or `false`);
//! - `ran_ms`, `overrun_ms`, `recovery_ms`, `replaced` (`true` or `false`), `peak_rss_bytes`;
//! - `leftovers` (separated by `; `), `leaked_threads`, `leaked_children`, `restarts`;
//! - `neighbours_submitted`, `neighbours_lost`, `neighbours_p50_us`, `neighbours_p99_us`, `quiet_p50_us`,
//!   `quiet_p99_us`.

use crate::executor::OutcomeKind;
use crate::record::{Containment, ContainmentVerdict, RunRecord};

use super::{Fields, ReportError, engine_version, file};

/// The file of a record that has such rows.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let mut rows = record.containment.iter().map(|row| fields(record, row)).peekable();
    let shape = rows.peek().cloned().unwrap_or_default();
    file(shape, rows)
}

fn fields(record: &RunRecord, row: &Containment) -> Fields {
    let text = |value: Option<String>| value.unwrap_or_default();
    let number = |value: Option<f64>| text(value.map(|value| value.to_string()));
    let expected: Vec<&str> = row.expected.iter().copied().map(OutcomeKind::as_str).collect();
    let fields = [
        ("script", row.script.clone()),
        ("class", text(row.class.clone())),
        ("engine", row.engine.clone()),
        ("engine_version", engine_version(record, &row.engine).to_owned()),
        ("isolation", row.isolation.to_string()),
        ("reuse", row.reuse.to_string()),
        ("status", if row.error.is_none() { "ok" } else { "failed" }.to_owned()),
        ("error", text(row.error.clone())),
        ("verdict", row.verdict.map_or("", ContainmentVerdict::as_str).to_owned()),
        ("outcome", row.outcome.map_or("", OutcomeKind::as_str).to_owned()),
        ("expected", expected.join(" ")),
        ("detail", text(row.detail.clone())),
        ("host_survived", text(row.verdict.map(|_| row.host_survived.to_string()))),
        ("ran_ms", number(row.ran_ms)),
        ("overrun_ms", number(row.overrun_ms)),
        ("recovery_ms", number(row.recovery_ms)),
        ("replaced", row.replaced.to_string()),
        ("peak_rss_bytes", text(row.peak_rss_bytes.map(|bytes| bytes.to_string()))),
        ("leftovers", row.leftovers.join("; ")),
        ("leaked_threads", row.leaked.threads.to_string()),
        ("leaked_children", row.leaked.children.to_string()),
        ("restarts", row.restarts.to_string()),
        ("neighbours_submitted", row.neighbours.submitted.to_string()),
        ("neighbours_lost", row.neighbours.lost.to_string()),
        ("neighbours_p50_us", row.neighbours.p50_us.to_string()),
        ("neighbours_p99_us", row.neighbours.p99_us.to_string()),
        ("quiet_p50_us", row.neighbours.quiet_p50_us.to_string()),
        ("quiet_p99_us", row.neighbours.quiet_p99_us.to_string()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_fixed_scorecard_as_csv() {
        insta::assert_snapshot!(String::from_utf8(rows(&fixture::hostile()).unwrap()).unwrap());
    }

    #[test]
    fn every_row_reads_back_as_it_was() {
        let record = fixture::hostile();
        let file = rows(&record).unwrap();
        let mut reader = ::csv::Reader::from_reader(file.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let read: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(read.len(), record.containment.len());
        for (read, row) in read.iter().zip(&record.containment) {
            assert_eq!(&read[column("script")], row.script);
            assert_eq!(
                &read[column("detail")],
                row.detail.as_deref().unwrap_or_default(),
                "quoted, not altered"
            );
            assert_eq!(&read[column("status")] == "failed", row.error.is_some());
        }
    }
}
