//! Workloads: a script, an input and the answer it must give, read from `workloads/<suite>/<name>/`.
//!
//! A workload is data: adding one touches no Rust. Its definition is checked in full when it is read, so that
//! whatever a [`Workload`] holds can be used without further questions. The suites of the repository are built
//! into the program, which therefore runs anywhere; other suites are read from directories by the same code.
//!
//! Beside the suites lies the [`hostile`] corpus: single scripts that have no right answer, only right outcomes.

mod choose;
mod definition;
mod expected;
mod files;
pub mod hostile;
mod json;
pub(crate) mod near;
mod request;
mod select;

pub use expected::{Checker, Expected};
pub use select::{built_in, load, select};

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::near::did_you_mean;
use crate::engine::{Deadlines, Script};

/// A script, its input and its expected answer, checked and ready to run.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `suite/name`, unique in a run.
    pub name: String,
    /// What the script is to its server; decides the deadlines.
    pub kind: Kind,
    /// Which real shape of work it stands for, in one sentence.
    pub why: String,
    /// What an isolate loads.
    pub script: Arc<Script>,
    /// What the script is called with: valid JSON text, as its author wrote it.
    pub input: Arc<str>,
    /// What it must answer.
    pub expected: Expected,
    /// The inner deadline, where the kind's own does not suit.
    pub deadline: Option<Duration>,
    /// Names the content: kind, script, setup, input and expected answer. Two records may be compared only
    /// where these are equal.
    pub hash: String,
    /// Free words to group by.
    pub tags: Vec<String>,
}

impl Workload {
    /// The deadlines of its jobs: the kind's, with the inner one replaced where the workload has its own. The
    /// outer one keeps its distance.
    pub fn deadlines(&self) -> Deadlines {
        let kind = self.kind.deadlines();
        match self.deadline {
            Some(inner) => Deadlines { inner, outer: inner.saturating_add(kind.outer - kind.inner) },
            None => kind,
        }
    }

    /// A fresh checker of this workload's answers.
    pub fn checker(&self) -> Checker {
        Checker::new(self.expected.clone())
    }
}

/// What a script is to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A task: any JavaScript, with a generous deadline.
    JavaScript,
    /// A filter or rule that decides over data, with a tighter one.
    Filter,
    /// No script of ours at all: an HTTP request that is sent as it is.
    Request,
}

impl Kind {
    /// Every kind that a definition can have.
    pub const ALL: [Self; 2] = [Self::JavaScript, Self::Filter];

    /// The name in definitions and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Filter => "filter",
            Self::Request => "request",
        }
    }

    /// The deadlines of a job of this kind, unless its workload says otherwise.
    pub const fn deadlines(self) -> Deadlines {
        let (inner, outer) = match self {
            Self::JavaScript | Self::Request => (25, 30),
            Self::Filter => (12, 15),
        };
        Deadlines { inner: Duration::from_secs(inner), outer: Duration::from_secs(outer) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why workloads could not be read or chosen.
#[derive(Debug, Error)]
pub enum WorkloadError {
    /// A file or directory that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file that a workload needs and does not have.
    #[error("{}: no such file; {advice}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do about it.
        advice: String,
    },
    /// A definition that says something it must not.
    #[error("{}{}: {message}", path.display(), line.map_or(String::new(), |line| format!(":{line}")))]
    Definition {
        /// The definition's file.
        path: PathBuf,
        /// Line in the file, from 1, where it can be told.
        line: Option<usize>,
        /// What is wrong and what to do.
        message: String,
    },
    /// An input or expected answer that is not JSON.
    #[error("{}: not valid JSON: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A folder whose name cannot be part of a workload's name.
    #[error("{}: `{name}` cannot name a suite or workload; use letters, digits, `-`, `_` and `.`", path.display())]
    Name {
        /// The folder.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// A directory without a single workload.
    #[error("{}: no workloads here; expected <suite>/<name>/workload.toml", path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// A directory without a single script, where hostile ones were looked for.
    #[error("{}: no scripts here; expected .js files, in folders or not", path.display())]
    NoScripts {
        /// The directory.
        path: PathBuf,
    },
    /// Two different workloads of one name.
    #[error(
        "two different workloads are named `{name}`; rename one, or choose only one of their directories"
    )]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A glob that does not parse.
    #[error("`{glob}` is not a glob: {reason}")]
    Glob {
        /// The glob as given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name or glob that chooses no hostile script.
    #[error("no hostile script matches `{wanted}`{}", did_you_mean(near.as_deref()))]
    NoScript {
        /// The name or glob as given.
        wanted: String,
        /// The name closest to it.
        near: Option<String>,
    },
    /// A name or glob that chooses nothing.
    #[error("no workload matches `{wanted}`{}", did_you_mean(near.as_deref()))]
    NoMatch {
        /// The name or glob as given.
        wanted: String,
        /// The name closest to it.
        near: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_deadline_keeps_the_distance_to_the_outer_one() {
        let mut workload = select(&["seed/one-plus-one".to_owned()]).unwrap().remove(0);
        assert_eq!(workload.deadlines(), Kind::JavaScript.deadlines());
        workload.deadline = Some(Duration::from_secs(1));
        let secs = Duration::from_secs;
        assert_eq!(workload.deadlines(), Deadlines { inner: secs(1), outer: secs(6) });
    }

    #[test]
    fn kinds_have_one_name_everywhere() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
