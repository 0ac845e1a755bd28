//! What came of a hostile script: one row for each script, engine and isolation, each run in a fresh host process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::executor::{Isolation, OutcomeKind, Reuse};
use crate::stats::EncodedHistogram;

/// What one hostile script did to one engine under one isolation, and to everything beside it. Either it was
/// run and has a verdict, or it has the reason why it could not be run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Containment {
    /// The script's path in its corpus, without `.js`.
    pub script: String,
    /// The kind of harm it does: the outermost folder it lies in, where it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Engine.
    pub engine: String,
    /// Isolation.
    pub isolation: Isolation,
    /// What the next job of a worker finds.
    pub reuse: Reuse,
    /// How the script's job ended; absent when the host died before it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeKind>,
    /// The outcomes that are right for it, any of them; none when nothing was declared.
    #[serde(default)]
    pub expected: Vec<OutcomeKind>,
    /// The outcome in words, or how the host ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How well it was contained; absent only with `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ContainmentVerdict>,
    /// Whether the host process lived until the end of the row.
    pub host_survived: bool,
    /// Milliseconds from the script's start to its outcome; absent without an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_ms: Option<f64>,
    /// Milliseconds that the script really ran past its inner deadline, also after it was given up; absent when
    /// nobody could see its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrun_ms: Option<f64>,
    /// The most resident memory of the host and its child processes together, bytes; absent when nobody saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rss_bytes: Option<u64>,
    /// Milliseconds from the script's outcome until the pool had answered the next good job; absent when it never
    /// did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_ms: Option<f64>,
    /// Whether the worker of that recovery had to be replaced, its isolate or process at least: the script cost the
    /// old one.
    #[serde(default)]
    pub replaced: bool,
    /// What the script left for others to find, a line each.
    #[serde(default)]
    pub leftovers: Vec<String>,
    /// What was still there when it should have been gone.
    #[serde(default)]
    pub leaked: Leaked,
    /// Workers started again after they died or were abandoned.
    #[serde(default)]
    pub restarts: u64,
    /// The innocent jobs beside it and after it.
    #[serde(default)]
    pub neighbours: Neighbours,
    /// Why the row could not be run; it then says nothing about the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How well a hostile script was contained, best first.
///
/// A row gets the worst that applies to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainmentVerdict {
    /// The host survived, the outcome is one that was expected (or nothing was declared), the pool answered good
    /// jobs again in time, every innocent job was answered rightly, and nothing leaked or was left over.
    Contained,
    /// The host survived and no innocent job suffered, but the outcome is not an expected one, the pool took too
    /// long to answer good jobs again or never did, or something leaked or was left over.
    Degraded,
    /// The host survived, but innocent jobs beside or after the script were lost, were answered wrongly, or found
    /// what it had left.
    NeighboursHurt,
    /// The host process died, and every job in it.
    HostKilled,
}

impl ContainmentVerdict {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [Self::Contained, Self::Degraded, Self::NeighboursHurt, Self::HostKilled];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contained => "contained",
            Self::Degraded => "degraded",
            Self::NeighboursHurt => "neighbours_hurt",
            Self::HostKilled => "host_killed",
        }
    }
}

/// What was still there when the script's work should have been gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leaked {
    /// Threads of the host beyond those it had before.
    pub threads: u64,
    /// Child processes of the host beyond those it had before.
    pub children: u64,
}

/// The innocent jobs beside and after a hostile script, and the same jobs before it, in quiet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbours {
    /// Innocent jobs submitted beside the script and after it.
    pub submitted: u64,
    /// Of those, jobs that did not end in their right answer.
    pub lost: u64,
    /// Their median response time, microseconds.
    pub p50_us: f64,
    /// Their 99th percentile, microseconds.
    pub p99_us: f64,
    /// Median response time of the same jobs in quiet, microseconds.
    pub quiet_p50_us: f64,
    /// 99th percentile of the same jobs in quiet, microseconds.
    pub quiet_p99_us: f64,
    /// The whole histogram of their response times, in nanoseconds, so that rows can be added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<EncodedHistogram>,
    /// The whole histogram of those in quiet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_latency: Option<EncodedHistogram>,
}

impl Leaked {
    /// Threads and child processes together.
    pub fn total(self) -> u64 {
        self.threads + self.children
    }
}

impl Containment {
    /// The row of a script (its name, its class, the outcomes that are right for it) of which nothing is known yet.
    pub fn untried(
        (script, class, expected): (String, Option<String>, Vec<OutcomeKind>),
        engine: &str,
        isolation: Isolation,
        reuse: Reuse,
    ) -> Self {
        Self {
            script,
            class,
            engine: engine.to_owned(),
            isolation,
            reuse,
            outcome: None,
            expected,
            detail: None,
            verdict: None,
            host_survived: false,
            ran_ms: None,
            overrun_ms: None,
            peak_rss_bytes: None,
            recovery_ms: None,
            replaced: false,
            leftovers: Vec::new(),
            leaked: Leaked::default(),
            restarts: 0,
            neighbours: Neighbours::default(),
            error: None,
        }
    }

    /// Whether the other is about the same script, engine, isolation and reuse. A record has each once.
    pub fn is_same_row(&self, other: &Self) -> bool {
        (&self.script, &self.engine, self.isolation, self.reuse)
            == (&other.script, &other.engine, other.isolation, other.reuse)
    }
}
