//! The command line: what may be said, and what is meant by it once flags, `jsarena.toml` and defaults are
//! put together. Runs nothing.

mod capacity;
mod config;
mod defaults;
mod engines;
mod gate;
mod hostile;
mod serve;
mod settings;
mod shard;
mod urls;
mod values;

pub use capacity::{CapacityArgs, CapacitySettings};
pub use config::foreign;
pub use defaults::Defaults;
pub use gate::{Allow, GateArgs, GateFormat, Threshold};
pub use hostile::{HostileSettings, read as hostile_corpus};
pub use serve::{LogFormat, ServeArgs, ServeSettings};
pub use settings::{Selection, Settings, UsageError};
pub use shard::Shard;
pub use urls::UrlFlags;
pub use values::{Counts, Share, Size, Time};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

/// Choose, size and trust an embedded JavaScript engine in a Rust server.
#[derive(Debug, Parser)]
#[command(name = "jsarena", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// A config file; without this, jsarena.toml in the current folder, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say more on standard error (-v: what the pool does, -vv: everything); JSARENA_LOG filters in full
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the engines: versions, capabilities, and what is not built in
    Engines {
        /// How to print
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// What this machine confines worker processes with, and whether every engine answers from one
    Doctor {
        /// How to print
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// List the workloads
    Workloads {
        /// Names, globs over names, or folders of suites
        #[arg(short, long, value_name = "GLOB|DIR", value_delimiter = ',')]
        workloads: Vec<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Run every pair of engine and workload once and check the answers
    Verify(Flags),
    /// One load run, with live percentiles
    Run(RunArgs),
    /// Engines × workloads × isolations, into a record and a report
    Compare(CompareArgs),
    /// Hostile scripts × engines × isolations, each in a fresh process, into a containment scorecard
    Survive(SurviveArgs),
    /// The highest rate of an open loop that holds an objective, and response times on the way to it
    Capacity(CapacityArgs),
    /// The load driver held against a server whose response times are known, and what it can do at most
    Calibrate(CalibrateArgs),
    /// Hold a new record against an old one: exit 1 when something got worse, significantly and by enough to matter
    Gate(GateArgs),
    /// Make reports from records
    Report(ReportArgs),
    /// Serve scripts over HTTP: POST /execute and /workloads/NAME
    Serve(ServeArgs),
    /// One cell of a matrix, for a parent jsarena: specification on standard input, events on standard output
    #[command(hide = true)]
    Cell,
    /// The host of one trial of `survive`
    #[command(hide = true)]
    Trial,
    /// One measurement of `compare --startup` or `compare --footprint`
    #[command(hide = true)]
    Cost,
    /// A worker's process, for a parent jsarena: the worker protocol on standard input
    #[command(hide = true)]
    Worker(WorkerArgs),
}

/// What `run` is asked.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// Run for long with hostile jobs mixed in, watch the process, and fail if it grows or jobs get lost.
    /// Unless told otherwise: 10 minutes, 5% hostile, 2 retries, circuits that open at 10 failures
    #[arg(long, conflicts_with = "quick")]
    pub soak: bool,
}

/// What `compare` is asked.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// What to run, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// Climb a ladder instead: what a pool, processes, retry and breaker each are worth among hostile jobs, those
    /// included that kill the host. Unless told otherwise: every isolation on seed/filter-records, 60 jobs a second
    /// for 20 s, 2% hostile, reuse reset, 2 retries, circuits that open at 10 failures. Faults are what is measured: it fails only if a
    /// step could not run, or a job has no outcome
    #[arg(long)]
    pub ablation: bool,
    /// Run only this part of the matrix, such as 2/4; `report` makes one record of all the parts. All engines on a
    /// workload under an isolation stay together
    #[arg(long, value_name = "I/N", conflicts_with = "ablation")]
    pub shard: Option<Shard>,
    /// Also time every engine from nothing to an answer on each workload: process, engine, load, first call, a second
    /// isolate; with and without what the engine offers to start sooner. Each time in a fresh process, ten times over
    #[arg(long, conflicts_with = "ablation")]
    pub startup: bool,
    /// Also find out what each engine takes of memory with each workload: an isolate, a worker's process, what jobs leave
    /// behind, and the smallest heap limit under which the workload passes. Up to a minute for each pair
    #[arg(long, conflicts_with = "ablation")]
    pub footprint: bool,
}

/// What `survive` is asked.
#[derive(Debug, Args)]
pub struct SurviveArgs {
    /// What to run, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// Run only this part of the scripts, such as 2/4; `report` makes one record of all the parts. All engines on a
    /// script under an isolation stay together
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

/// What `calibrate` is asked.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Only these cases, such as stall or "m-m-1 80 %" [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub cases: Vec<String>,
    /// Seed of due times and service times
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Instead, how often comparisons are right: of a server with itself, and with one that is 5 % or 10 % slower, each
    /// in fresh processes and as many rounds as `compare` has
    #[arg(long, conflicts_with = "cases")]
    pub verdicts: bool,
    /// How often, on each of two servers, about eight seconds each time [default: 100; quick: 5]
    #[arg(long, value_name = "N", requires = "verdicts", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub times: Option<u32>,
    /// A quarter of the time
    #[arg(long)]
    pub quick: bool,
    /// Folder of the record and its report; without it nothing is written
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Text,
    /// A JSON array of objects, each with an `id`.
    Json,
}

/// Options shared by the commands that run something. Each may also stand in `jsarena.toml` under the same
/// name; flags win.
#[derive(Debug, Default, Args, Serialize)]
pub struct Flags {
    /// Engines, by name, or `all`
    #[arg(short, long, alias = "engine", value_name = "A,B", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<String>,
    /// Names, globs over names, or folders of suites
    #[arg(short, long, alias = "workload", value_name = "GLOB|DIR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<String>,
    /// Servers to drive too, or instead.
    #[command(flatten)]
    #[serde(flatten)]
    pub urls: UrlFlags,
    /// What stands between a job and everything else: task, thread, process
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub isolation: Vec<String>,
    /// What the next job of a worker finds: keep, reset, fresh
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reuse: Vec<String>,
    /// Workers of a pool; capacity tries several, such as 1,2,4 [default: one a processor]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<Counts>,
    /// Closed loop: this many clients, each with one job in flight [default: four a worker]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Open loop: this many jobs a second, whatever happens to them [ablation: 60]
    #[arg(long, value_name = "R")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How an open loop's jobs are spaced: constant, poisson
    #[arg(long, value_name = "HOW")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing: Option<String>,
    /// Time on the clock, for each cell and round [default: 5s; compare: 600ms; capacity: 2s;
    /// soak: 10m; ablation: 20s]
    #[arg(long, value_name = "TIME", conflicts_with = "count")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Time>,
    /// Jobs instead of a time, for each cell and round
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Load before the clock starts [default: 1s; compare: 200ms; capacity: 500ms]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Time>,
    /// How often each cell is measured, each time in a fresh process [default: 1; compare: 6; ablation: 1]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// Smallest difference that counts, such as 2%; the A/A floor counts if it is larger [default: 2%]
    #[arg(long, value_name = "SHARE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimal_effect: Option<Share>,
    /// Inner deadline: the engine stops the script [default: 25s, of filters 12s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
    /// Outer deadline: the worker is given up [default: 5s after the inner one, of filters 3s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer_timeout: Option<Time>,
    /// Heap limit of an isolate, where its engine has one [default: 128MiB]
    #[arg(long, value_name = "SIZE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// Most jobs that wait for a worker; the next one is rejected [default: 1024]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Replace an isolate after this many jobs
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recycle_jobs: Option<u64>,
    /// Replace an isolate whose heap holds more than this
    #[arg(long, value_name = "SIZE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recycle_heap: Option<Size>,
    /// Most threads of tokio's blocking pool [default: tokio's 512]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking_threads: Option<u32>,
    /// Further attempts at a job that met a passing fault; 0 for none [default: 0; soak,
    /// ablation: 2]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Failures in a row that open a circuit; 0 for no circuits [default: 0; soak, ablation: 10]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<u32>,
    /// Most jobs in flight; the next one is rejected [default: any number]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Part of the jobs that is hostile, such as 5% [default: 0%; soak: 5%; ablation: 2%]
    #[arg(long, value_name = "SHARE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostile: Option<Share>,
    /// Inner deadline of hostile jobs; the outer one is twice as far [default: 200ms]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostile_timeout: Option<Time>,
    /// Folder of hostile scripts [default: the corpus that is built in]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpus: Option<PathBuf>,
    /// Hostile scripts: names, classes, or globs over names [default: all but those known to take down the
    /// process of the engine under the isolation; ablation: all]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<String>,
    /// Seed of everything random [default: 1]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Short runs, for a first impression: half a second and one round a cell
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub quick: bool,
    /// Folder of the record and its report [default, compare, capacity: reports/DATE-HOST]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    /// What to print: text, or json (the record and nothing else)
    #[arg(long, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl Flags {
    /// Whether they say which hostile jobs to mix in, or how.
    pub fn says_which_hostile(&self) -> bool {
        self.corpus.is_some() || !self.scripts.is_empty() || self.hostile_timeout.is_some()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a worker's process is.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// Process id of the parent, which it does not outlive
    #[arg(long)]
    pub parent: u32,
    /// Serve this engine
    #[arg(long, required_unless_present = "exec")]
    pub engine: Option<String>,
    /// Leave Landlock and seccomp out, to find out whether they are what stands in the way
    #[arg(long)]
    pub unfiltered: bool,
    /// Become this program, confined
    #[arg(num_args = 1.., last = true)]
    pub exec: Vec<String>,
}

/// What `report` is asked.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Records (record.json) of runs that belong together; and results of other load tools, to stand beside them: of wrk,
    /// oha, Locust (*_stats.csv) and hey
    #[arg(value_name = "FILE", required_unless_present_any = ["schema"])]
    pub files: Vec<PathBuf>,
    /// Formats: markdown, html, csv, hlog, json, terminal
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_values_t = ["terminal".to_owned()])]
    pub format: Vec<String>,
    /// Folder to write them to; without it they are printed
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Put the ranking into this Markdown file, between its jsarena:table markers
    #[arg(long, value_name = "FILE")]
    pub splice: Option<PathBuf>,
    /// Only check that the records are whole: form, sums, histograms
    #[arg(long)]
    pub validate: bool,
    /// Print the record's JSON Schema
    #[arg(long)]
    pub schema: bool,
}
