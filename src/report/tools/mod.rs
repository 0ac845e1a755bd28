//! Files that a report is made from: records, and results of other load tools, which become rows of a record. Which
//! is which is told by what is in them, whatever their names.

mod hey;
mod locust;
mod oha;
mod wrk;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::record::{self, LoadTool, OtherTool, RecordError, RunRecord, ToolLatency};

/// What a file holds.
#[derive(Debug)]
pub enum Given {
    /// A record.
    Record(Box<RunRecord>),
    /// Results of another load tool, at least one.
    Results(Vec<OtherTool>),
}

/// Why nothing could be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// It cannot be read at all.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a record, but not a good one.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It is of a tool that is known, but not whole.
    #[error("{path}: not a whole result of {tool}: {reason}; expected {expected}. {READ}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The tool.
        tool: LoadTool,
        /// What is wrong with it.
        reason: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Nobody knows what it is.
    #[error("{path}: neither a jsarena record nor a result of a load tool that is known. {READ}", path = path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

/// All that is read.
const READ: &str = "Read are jsarena's record.json, wrk's text and the JSON of scripts/load/wrk, oha's JSON \
                    (--output-format json), Locust's *_stats.csv, hey's text";

/// What a tool writes, and how it is read.
struct Form {
    tool: LoadTool,
    /// In words, with what makes it.
    expected: &'static str,
    /// Whether a text is meant to be it.
    is_meant: fn(&str) -> bool,
    /// The results in it, or what is wrong.
    read: fn(&str) -> Result<Vec<OtherTool>, String>,
}

const FORMS: [Form; 5] = [wrk::JSON, wrk::TEXT, oha::JSON, locust::CSV, hey::TEXT];

impl Given {
    /// Reads a record or a tool's result.
    ///
    /// # Errors
    /// [`GivenError`] naming the file when it cannot be read, is neither of them, is damaged, or holds figures that cannot
    /// be.
    pub fn read(path: &Path) -> Result<Self, GivenError> {
        let here = || path.to_owned();
        let bytes = fs::read(path).map_err(|source| GivenError::Io { path: here(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| GivenError::Unknown { path: here() })?;
        // Half a record is a record too: with a place where it breaks off.
        if is_object(&text) && text.contains("\"schema\"") {
            return Ok(Self::Record(Box::new(record::read(path, &text)?)));
        }
        let form = FORMS.iter().find(|form| (form.is_meant)(&text));
        let form = form.ok_or_else(|| GivenError::Unknown { path: here() })?;
        let broken =
            |reason| GivenError::Broken { path: here(), tool: form.tool, reason, expected: form.expected };
        let mut results = (form.read)(&text).map_err(broken)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for result in &mut results {
            result.file = name.clone().into_owned();
            if let Some(wrong) = record::check_other_tool(result).into_iter().next() {
                return Err(broken(format!("it {wrong}")));
            }
        }
        Ok(Self::Results(results))
    }
}

/// Whether it begins as a JSON object does. Serde takes a list for one too.
fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// A result of which nothing is told yet.
fn untold(tool: LoadTool) -> OtherTool {
    OtherTool {
        tool,
        file: String::new(),
        target: None,
        clients: None,
        duration_s: None,
        requests: None,
        requests_per_s: None,
        latency_us: ToolLatency::default(),
        errors: Default::default(),
    }
}

/// A time that a tool could tell, microseconds: one of 0 is below what it can. To the nanosecond, for what is beyond comes
/// from the change of units.
fn told(micros: f64) -> Option<f64> {
    let micros = (micros * 1e3).round() / 1e3;
    (micros.is_finite() && micros > 0.0).then_some(micros)
}

/// What follows this label at the beginning of a line.
fn after<'a>(text: &'a str, label: &str) -> Result<&'a str, String> {
    let mut lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(label));
    lines.next().map(str::trim).ok_or_else(|| format!("it has no line `{label} …`"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{}` is no number", text.trim()))
}

#[cfg(test)]
mod tests;
