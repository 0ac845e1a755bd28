//! What of the sandbox is in force.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Each measure of the sandbox and how it stands, in the kernel's own terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The cap on memory.
    pub memory: Measure,
    /// The cap on CPU time.
    pub cpu: Measure,
    /// No core dumps, to a file or to a handler.
    pub core_dumps: Measure,
    /// No inherited descriptors, and few new ones.
    pub descriptors: Measure,
    /// The end of the parent is the end of the worker.
    pub parent_death: Measure,
    /// No files but those an engine reads at run time.
    pub filesystem: Measure,
    /// No connections, no listening, no signals to others.
    pub network: Measure,
    /// No system calls but those of a running engine.
    pub syscalls: Measure,
}

impl Report {
    /// Every measure with its name, in a fixed order.
    pub fn rows(&self) -> [(&'static str, &Measure); 8] {
        [
            ("memory", &self.memory),
            ("cpu", &self.cpu),
            ("core dumps", &self.core_dumps),
            ("descriptors", &self.descriptors),
            ("parent death", &self.parent_death),
            ("filesystem", &self.filesystem),
            ("network", &self.network),
            ("syscalls", &self.syscalls),
        ]
    }

    /// A report in which nothing is in force, for one reason.
    pub(super) fn nothing(why: &str) -> Self {
        let none = || Measure::none(why);
        Self {
            memory: none(),
            cpu: none(),
            core_dumps: none(),
            descriptors: none(),
            parent_death: none(),
            filesystem: none(),
            network: none(),
            syscalls: none(),
        }
    }
}

/// One measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// How far it is in force.
    pub standing: Standing,
    /// What of the kernel's does it, such as `rlimit data`, `cgroup v2` or `landlock abi 6`; `none` without.
    pub by: String,
    /// Its figures, what is missing of it, or why it is not there.
    pub detail: String,
}

/// How far a measure is in force; in the report of what is available, how far it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All of it.
    Full,
    /// Some of it.
    Partial,
    /// Nothing of it.
    None,
}

impl Measure {
    pub(super) fn full(by: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { standing: Standing::Full, by: by.into(), detail: detail.into() }
    }

    pub(super) fn partial(by: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { standing: Standing::Partial, by: by.into(), detail: detail.into() }
    }

    pub(super) fn none(why: impl fmt::Display) -> Self {
        Self { standing: Standing::None, by: "none".to_owned(), detail: why.to_string() }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partly = match self.standing {
            Standing::Full | Standing::None => "",
            Standing::Partial => ", in part",
        };
        write!(f, "{}{partly}", self.by)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}
