//! Reports: a record turned into pages for people and files for tools.
//!
//! One direction: `record → view → document → page`. The view ([`Report`]) does all arithmetic; the document
//! lays its figures out as titled tables; the exporters only write. A report needs nothing but the record, so
//! any jsarena can rebuild it, whatever engines it was built with. No clock is read: the same record always
//! gives the same bytes. Results of other load tools (`tools`) become rows of the record first.

mod csv;
mod document;
#[cfg(test)]
mod fixture;
mod gate;
mod hlog;
mod html;
mod markdown;
mod merge;
mod plot;
mod quantity;
mod splice;
mod terminal;
mod tools;
mod view;

pub use gate::{Allowed, BrokenCell, Gate, GateCell, GateRow, GateRules, NotComparable};
pub use merge::{add_results, merge};
pub use quantity::Quantity;
pub use splice::{BEGIN_MARKER, END_MARKER, splice, summary_table};
pub use tools::{Given, GivenError};
pub use view::{Report, Warning};

use std::fmt;
use std::str::FromStr;

use crate::executor::Isolation;
use crate::record::LoadTool;
use crate::stats::HistogramError;

/// What a report can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A page for a repository.
    Markdown,
    /// A self-contained page for a browser.
    Html,
    /// One row a measurement, and in a second file one a containment row, for spreadsheets and scripts.
    Csv,
    /// HdrHistogram interval logs, for its tools.
    Hlog,
    /// The record itself.
    Json,
    /// A digest for a terminal of 100 columns.
    Terminal,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Markdown, Self::Html, Self::Csv, Self::Hlog, Self::Json, Self::Terminal];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Hlog => "hlog",
            Self::Json => "json",
            Self::Terminal => "terminal",
        }
    }

    fn exporter(self) -> Exporter {
        match self {
            Self::Markdown => |report| Ok(vec![Export::text("report.md", markdown::render(report)?)]),
            Self::Html => |report| Ok(vec![Export::text("report.html", html::render(report)?)]),
            Self::Csv => csv::render,
            Self::Hlog => |report| {
                // An empty log beside a scorecard, a calibration or a capacity says nothing.
                let is_of_others =
                    report.scorecard.is_some() || report.is_of_instrument() || !report.sweeps.is_empty();
                if report.settings.is_empty() && is_of_others {
                    return Ok(Vec::new());
                }
                let [response, service] = [hlog::Latency::Response, hlog::Latency::Service];
                Ok(vec![
                    Export { file_name: "response.hlog", bytes: hlog::render(report, response)? },
                    Export { file_name: "service.hlog", bytes: hlog::render(report, service)? },
                ])
            },
            Self::Json => |report| Ok(vec![Export::text("record.json", json(report))]),
            Self::Terminal => |report| Ok(vec![Export::text("report.txt", terminal::render(report))]),
        }
    }
}

/// All that an output format has to be: a way from the view to files.
type Exporter = fn(&Report<'_>) -> Result<Vec<Export>, ReportError>;

/// One file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its usual name inside a report's folder.
    pub file_name: &'static str,
    /// What is in it. Text is UTF-8 and ends with a line feed.
    pub bytes: Vec<u8>,
}

impl Export {
    fn text(file_name: &'static str, text: String) -> Self {
        Self { file_name, bytes: text.into_bytes() }
    }
}

impl Report<'_> {
    /// The report as `format`: one file for most. [`Format::Hlog`] has two, and none without a measurement beside a
    /// scorecard, a calibration or a capacity; [`Format::Csv`] has one for each kind of rows.
    ///
    /// # Errors
    /// [`ReportError`] when a histogram or the date of the record is damaged.
    pub fn export(&self, format: Format) -> Result<Vec<Export>, ReportError> {
        format.exporter()(self)
    }
}

fn json(report: &Report<'_>) -> String {
    let text = serde_json::to_string_pretty(report.record());
    text.expect("a record has only text keys, so it always serialises") + "\n"
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}` (known: markdown, html, csv, hlog, json, terminal)")]
pub struct UnknownFormat(String);

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A histogram of the record is damaged.
    #[error("{engine} on {workload}, round {round}: {source}")]
    Histogram {
        /// Engine of the measurement.
        engine: String,
        /// Its workload.
        workload: String,
        /// Its round.
        round: u32,
        /// What is wrong with it.
        source: HistogramError,
    },
    /// A histogram of innocent jobs in a containment row is damaged.
    #[error("{engine} on {script} under {isolation}: {source}")]
    Neighbours {
        /// The hostile script.
        script: String,
        /// Engine of the row.
        engine: String,
        /// Its isolation.
        isolation: Isolation,
        /// What is wrong with it.
        source: HistogramError,
    },
    /// The record's date is none.
    #[error("the record's date `{0}` is not in the form 2026-11-23T20:00:00Z")]
    Created(String),
    /// A page could not be laid out: a mistake in jsarena's own templates or plots.
    #[error("cannot lay out the {page}: {reason}")]
    Layout {
        /// Which page.
        page: &'static str,
        /// What the layout engine says.
        reason: String,
    },
    /// Records that cannot be one.
    #[error("record {number} cannot be merged with the first: {reason}")]
    Apart {
        /// Which one, counted from 1.
        number: usize,
        /// What differs.
        reason: String,
    },
    /// A result of another load tool that the record has.
    #[error("the result of {tool} in {file} is there already; name each file once")]
    Twice {
        /// The tool.
        tool: LoadTool,
        /// The file.
        file: String,
    },
    /// Nothing to merge.
    #[error("no record to report on; name at least one")]
    NoRecord,
    /// A text without the place for the table.
    #[error(
        "the text has no `{0}` line (or more than one, or out of order); put both markers where the table belongs"
    )]
    Marker(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_read_back_from_their_names() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "pdf".parse::<Format>().unwrap_err().to_string();
        for format in Format::ALL {
            assert!(error.contains(format.as_str()), "{error}");
        }
    }

    #[test]
    fn every_format_gives_the_same_bytes_again() {
        let record = fixture::measured_and_hostile();
        let report = Report::new(&record).unwrap();
        for format in Format::ALL {
            let once = report.export(format).unwrap();
            assert!(once.iter().all(|file| file.bytes.ends_with(b"\n")), "{format}");
            assert_eq!(once, Report::new(&record).unwrap().export(format).unwrap(), "{format}");
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let record = fixture::measured_and_hostile();
        let mut shuffled = record.clone();
        shuffled.measurements.reverse();
        shuffled.containment.reverse();
        let pages = |record| {
            let report = Report::new(record).unwrap();
            [Format::Markdown, Format::Html, Format::Terminal].map(|format| report.export(format).unwrap())
        };
        assert!(pages(&record) == pages(&shuffled));
    }

    #[test]
    fn a_record_without_measurements_still_gives_pages() {
        let mut record = fixture::record();
        record.measurements.clear();
        let report = Report::new(&record).unwrap();
        for format in Format::ALL {
            assert!(!report.export(format).unwrap().is_empty(), "{format}");
        }
    }

    #[test]
    fn a_scorecard_alone_is_a_report_of_its_own() {
        let record = fixture::hostile();
        let report = Report::new(&record).unwrap();
        let names: Vec<&str> = Format::ALL
            .into_iter()
            .flat_map(|format| report.export(format).unwrap())
            .map(|file| file.file_name)
            .collect();
        assert_eq!(names, ["report.md", "report.html", "containment.csv", "record.json", "report.txt"]);
        for format in [Format::Markdown, Format::Html, Format::Terminal] {
            let page = String::from_utf8(report.export(format).unwrap().remove(0).bytes).unwrap();
            assert!(page.contains("Containment"), "{format}");
            for load in [
                "Ranking",
                "A/A",
                "closed loop",
                "load measurement",
                "single round",
                "Clock rates",
                "0 workloads",
            ] {
                assert!(!page.contains(load), "{format}: {load}");
            }
        }
    }

    #[test]
    fn the_fixed_records_are_what_their_schema_and_their_sums_allow() {
        let validator = jsonschema::validator_for(&crate::record::json_schema()).unwrap();
        for record in [
            fixture::measured_and_hostile(),
            fixture::ablation(),
            fixture::calibration(),
            fixture::compared(),
            fixture::verdict_rates(),
            fixture::capacity(),
            fixture::cost(),
            fixture::other_tools(),
        ] {
            assert_eq!(crate::record::check(&record), Vec::<String>::new());
            let value = serde_json::to_value(&record).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(wrong, Vec::<String>::new());
            assert_eq!(serde_json::from_value::<crate::record::RunRecord>(value).unwrap(), record);
        }
    }

    #[test]
    fn the_order_of_the_steps_does_not_matter() {
        let record = fixture::ablation();
        let mut shuffled = record.clone();
        shuffled.measurements.reverse();
        let pages = |record| {
            let report = Report::new(record).unwrap();
            [Format::Markdown, Format::Html, Format::Terminal].map(|format| report.export(format).unwrap())
        };
        assert!(pages(&record) == pages(&shuffled));
    }

    #[test]
    fn a_record_with_both_shows_both() {
        let record = fixture::measured_and_hostile();
        let report = Report::new(&record).unwrap();
        for format in [Format::Markdown, Format::Html, Format::Terminal] {
            let page = String::from_utf8(report.export(format).unwrap().remove(0).bytes).unwrap();
            let (containment, ranking) = (page.find("Containment").unwrap(), page.find("Ranking").unwrap());
            assert!(containment < ranking, "{format}");
            assert!(page.contains("7 hostile scripts") && page.contains("fastest engines"), "{format}");
        }
        let names: Vec<&str> =
            report.export(Format::Csv).unwrap().into_iter().map(|file| file.file_name).collect();
        assert_eq!(names, ["measurements.csv", "containment.csv"]);
    }

    #[test]
    fn a_damaged_histogram_of_innocent_jobs_is_named() {
        let mut record = fixture::hostile();
        record.containment[0].neighbours.latency = serde_json::from_value("?".into()).unwrap();
        let error = Report::new(&record).unwrap_err().to_string();
        assert!(error.starts_with("alpha on loop/plain under task: "), "{error}");
    }

    #[test]
    fn json_is_the_record() {
        let record = fixture::record();
        let files = Report::new(&record).unwrap().export(Format::Json).unwrap();
        assert_eq!(files[0].bytes, (serde_json::to_string_pretty(&record).unwrap() + "\n").into_bytes());
    }
}
