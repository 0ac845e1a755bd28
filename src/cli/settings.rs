//! Settings: defaults, then `jsarena.toml`, then flags; checked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::Deserialize;

use super::hostile::HostileSettings;
use super::{Flags, Share, Size, Time};
use crate::engine::registry;
use crate::engine::{Deadlines, Limits};
use crate::executor::{Candidate, Foreign, Isolation, PolicyChoice, Recycle, Reuse};
use crate::load::{Arrivals, Plan, Spacing, Stop};
use crate::workload::near::{did_you_mean, nearest};
use crate::workload::{Workload, WorkloadError, select};

/// What is wrong with what the user asked for, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl From<WorkloadError> for UsageError {
    fn from(error: WorkloadError) -> Self {
        Self(error.to_string())
    }
}

/// The engines and workloads asked for.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Engines, built in or not: those of the registry in its order, then the foreign ones.
    pub engines: Vec<Candidate>,
    /// Workloads, by name.
    pub workloads: Vec<Workload>,
    /// How the workloads were asked for, so that a child process can ask for the same.
    pub asked_workloads: Vec<String>,
}

/// What a command that runs something was asked to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What to run.
    pub selection: Selection,
    /// Under which isolations.
    pub isolations: Vec<Isolation>,
    /// With which reuses.
    pub reuses: Vec<Reuse>,
    /// Workers of a pool.
    pub workers: u32,
    /// The load of each cell.
    pub plan: Plan,
    /// How often each cell is measured.
    pub rounds: u32,
    /// Deadlines that replace the workloads' own.
    timeout: Option<Duration>,
    outer_timeout: Option<Duration>,
    /// What an isolate may use.
    pub limits: Limits,
    /// Most jobs that wait.
    pub queue: u32,
    /// When isolates are replaced.
    pub recycle: Recycle,
    /// Most threads of tokio's blocking pool.
    pub blocking_threads: Option<u32>,
    /// What stands in front of the executor.
    pub policies: PolicyChoice,
    /// The folder of hostile scripts that was asked for, and which of them.
    pub asked_hostile: (Option<PathBuf>, Vec<String>),
    /// The hostile scripts, where some jobs are to be hostile.
    pub hostile: Option<HostileSettings>,
    /// Whether the process is watched while the load runs.
    pub soak: bool,
    /// Where the record goes.
    pub out: Option<PathBuf>,
    /// Whether the record itself is printed, and nothing else.
    pub json: bool,
}

/// What a command does where nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    isolations: &'static [Isolation],
    reuse: Reuse,
    /// All of them, if none is named here.
    workloads: &'static [&'static str],
    /// An open loop of this rate; without one, a closed loop.
    rate_per_s: Option<f64>,
    duration: Duration,
    warmup: Duration,
    rounds: u32,
    retries: u32,
    breaker: u32,
    hostile: f64,
    /// Whether hostile scripts that take down the process are among them.
    killers_too: bool,
    soak: bool,
}

impl Defaults {
    /// Of `run` and `verify`: one cell, looked at closely.
    pub const RUN: Self = Self {
        isolations: &[Isolation::Thread],
        reuse: Reuse::Keep,
        workloads: &[],
        rate_per_s: None,
        duration: Duration::from_secs(5),
        warmup: Duration::from_secs(1),
        rounds: 1,
        // Errors are measured as they are: no policy hides one.
        retries: 0,
        breaker: 0,
        hostile: 0.0,
        killers_too: false,
        soak: false,
    };

    /// Of `run --soak`: a server as it would be run, under guests as they come.
    pub const SOAK: Self = Self {
        duration: Duration::from_secs(600),
        retries: 2,
        breaker: 10,
        hostile: 0.05,
        soak: true,
        ..Self::RUN
    };

    /// Of `compare`: the whole matrix in a quarter of an hour.
    pub const COMPARE: Self = Self {
        isolations: &[Isolation::Thread, Isolation::Task],
        duration: Duration::from_secs(2),
        warmup: Duration::from_millis(500),
        rounds: 3,
        ..Self::RUN
    };

    /// Of `compare --ablation`: every step of the ladder under what all of them could hold on two processors, for as
    /// long as it takes to have the thousand good jobs that a 99th percentile needs.
    pub const ABLATION: Self = Self {
        isolations: &Isolation::ALL,
        reuse: Reuse::Reset,
        workloads: &["seed/filter-records"],
        rate_per_s: Some(60.0),
        duration: Duration::from_secs(20),
        warmup: Duration::from_millis(500),
        rounds: 1,
        retries: 2,
        breaker: 10,
        hostile: 0.02,
        killers_too: true,
        ..Self::RUN
    };

    /// Of `survive`: every isolation, to be compared.
    pub const SURVIVE: Self = Self {
        isolations: &Isolation::ALL,
        duration: Duration::from_secs(1),
        warmup: Duration::ZERO,
        ..Self::RUN
    };

    const QUICK_DURATION: Duration = Duration::from_millis(500);
    const QUICK_WARMUP: Duration = Duration::from_millis(200);
}

/// Flags and file put together, not yet checked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Merged {
    engines: Vec<String>,
    workloads: Vec<String>,
    isolation: Vec<String>,
    reuse: Vec<String>,
    workers: Option<u32>,
    concurrency: Option<u32>,
    rate: Option<f64>,
    spacing: Option<String>,
    duration: Option<Time>,
    count: Option<u64>,
    warmup: Option<Time>,
    rounds: Option<u32>,
    timeout: Option<Time>,
    outer_timeout: Option<Time>,
    memory: Option<Size>,
    queue: Option<u32>,
    recycle_jobs: Option<u64>,
    recycle_heap: Option<Size>,
    blocking_threads: Option<u32>,
    retries: Option<u32>,
    breaker: Option<u32>,
    in_flight: Option<u32>,
    hostile: Option<Share>,
    hostile_timeout: Option<Time>,
    corpus: Option<PathBuf>,
    scripts: Vec<String>,
    seed: Option<u64>,
    quick: bool,
    out: Option<PathBuf>,
    format: Option<String>,
    engine: Vec<ForeignEntry>,
}

/// A foreign engine as written: `[[engine]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForeignEntry {
    id: String,
    command: Vec<String>,
}

/// The foreign engines that the config file names.
///
/// # Errors
/// As [`Settings::gather`].
pub fn foreign(config: Option<&Path>) -> Result<Vec<Foreign>, UsageError> {
    let file = config_file(config)?;
    extract(file, None)?.foreign(file)
}

/// The file to read: the one asked for, which must be there, or the usual one if it is.
fn config_file(asked: Option<&Path>) -> Result<Option<&Path>, UsageError> {
    match asked {
        Some(path) if !path.is_file() => Err(UsageError(format!("{}: no such config file", path.display()))),
        Some(path) => Ok(Some(path)),
        None => Ok(Some(Path::new("jsarena.toml")).filter(|path| path.is_file())),
    }
}

fn extract(file: Option<&Path>, flags: Option<&Flags>) -> Result<Merged, UsageError> {
    let in_file = file.map_or_else(Figment::new, |path| Figment::from(Toml::file_exact(path)));
    flags
        .map_or(in_file.clone(), |flags| in_file.merge(Serialized::defaults(flags)))
        .extract()
        .map_err(|error| UsageError(error.to_string().lines().collect::<Vec<_>>().join(" ")))
}

impl Settings {
    /// Puts flags, config file and defaults together and checks the whole.
    ///
    /// # Errors
    /// [`UsageError`]: one line that says what is wrong, where, and names the near match if there is one.
    pub fn gather(flags: &Flags, config: Option<&Path>, defaults: Defaults) -> Result<Self, UsageError> {
        let file = config_file(config)?;
        let merged: Merged = extract(file, Some(flags))?;
        merged.check(defaults, file)
    }

    /// The inner and outer deadline that were asked for, where they were.
    pub fn asked_deadlines(&self) -> (Option<Duration>, Option<Duration>) {
        (self.timeout, self.outer_timeout)
    }

    /// The deadlines of a workload's jobs, as asked for or its own. An outer deadline that was not asked for
    /// keeps its distance from the inner one.
    pub fn deadlines(&self, workload: &Workload) -> Deadlines {
        let own = workload.deadlines();
        let inner = self.timeout.unwrap_or(own.inner);
        let outer =
            self.outer_timeout.unwrap_or_else(|| inner.saturating_add(own.outer.saturating_sub(own.inner)));
        Deadlines { inner, outer }
    }
}

/// Foreign engines run in processes only: where no isolation is asked for, that one is added for them; asked
/// for by name under others, they are a mistake.
fn isolations(
    asked: &[String],
    default: &[Isolation],
    engines: &[Candidate],
    asked_engines: &[String],
) -> Result<Vec<Isolation>, UsageError> {
    let mut chosen = parse_all("isolation", asked, default, Isolation::ALL.map(Isolation::as_str))?;
    let homeless = |engine: &&Candidate| !chosen.iter().any(|&one| engine.runs_under(one));
    if asked.is_empty() && engines.iter().any(|engine| homeless(&engine)) {
        chosen.retain(|&isolation| engines.iter().any(|engine| engine.runs_under(isolation)));
        chosen.push(Isolation::Process);
        return Ok(chosen);
    }
    let named = |engine: &&Candidate| asked_engines.iter().any(|name| name == engine.id());
    match engines.iter().filter(named).find(homeless) {
        Some(engine) => Err(UsageError(format!(
            "{} is a program of its own and runs under process isolation only: add `process` to isolation",
            engine.id()
        ))),
        None => Ok(chosen),
    }
}

impl Merged {
    /// The foreign engines, checked. Their programs run in the folder of the file that names them.
    fn foreign(&self, file: Option<&Path>) -> Result<Vec<Foreign>, UsageError> {
        let folder = file.and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
        let folder = std::path::absolute(folder.unwrap_or(Path::new(".")))
            .map_err(|error| UsageError(format!("the folder of the config file: {error}")))?;
        let mut seen: HashSet<&str> = HashSet::from([registry::FAKE, "all"]);
        for entry in registry::entries() {
            seen.insert(entry.id());
        }
        for ForeignEntry { id, command } in &self.engine {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
            if id.is_empty() || !id.chars().all(fits) {
                return Err(UsageError(format!(
                    "engine `{id}`: an id is made of a-z, 0-9, `-`, `_` and `.`"
                )));
            }
            if command.is_empty() {
                return Err(UsageError(format!("engine `{id}`: command is empty; give the program to run")));
            }
            if !seen.insert(id.as_str()) {
                return Err(UsageError(format!("engine `{id}`: there is one of that name already")));
            }
        }
        let engines = self.engine.iter();
        Ok(engines
            .map(|one| Foreign { id: one.id.clone(), command: one.command.clone(), folder: folder.clone() })
            .collect())
    }

    fn check(self, defaults: Defaults, file: Option<&Path>) -> Result<Settings, UsageError> {
        let foreign = self.foreign(file)?;
        let quick = self.quick;
        let workers = at_least_one("workers", self.workers)?.unwrap_or_else(processors);
        let duration = if quick { Defaults::QUICK_DURATION } else { defaults.duration };
        let warmup = if quick { Defaults::QUICK_WARMUP } else { defaults.warmup };
        let concurrency = at_least_one("concurrency", self.concurrency)?;
        let rate = self.rate.or(defaults.rate_per_s.filter(|_| concurrency.is_none()));
        let arrivals = match (rate, concurrency) {
            (Some(_), Some(_)) => return Err(UsageError("either concurrency or rate, not both".to_owned())),
            (Some(rate), None) if !(rate.is_finite() && rate > 0.0) => {
                return Err(UsageError(format!("rate: {rate} is no rate; give jobs a second, above zero")));
            }
            (Some(rate_per_s), None) => {
                Arrivals::Open { rate_per_s, spacing: spacing(self.spacing.as_deref())? }
            }
            (None, concurrency) => {
                Arrivals::Closed { concurrency: concurrency.unwrap_or(workers.saturating_mul(4)) }
            }
        };
        let stop = match (self.count, self.duration) {
            (Some(_), Some(_)) => return Err(UsageError("either count or duration, not both".to_owned())),
            (Some(0), _) => return Err(UsageError("count: nothing to do; give at least 1".to_owned())),
            (Some(count), None) => Stop::Count(count),
            (None, time) => Stop::After(time.map_or(duration, |time| time.0)),
        };
        let plan = Plan {
            arrivals,
            warmup: self.warmup.map_or(warmup, |time| time.0),
            stop,
            seed: self.seed.unwrap_or(1),
            hostile: self.hostile.map_or(defaults.hostile, |share| share.0),
        };
        let asked_hostile = (self.corpus.clone(), self.scripts.clone());
        let hostile = if plan.hostile > 0.0 {
            let timeout = self.hostile_timeout.map_or(HostileSettings::TIMEOUT, |time| time.0);
            let hostile = HostileSettings::gather(self.corpus, &self.scripts, timeout)?;
            Some(if defaults.killers_too { hostile.with_killers() } else { hostile })
        } else {
            None
        };
        let on = |count: u32| Some(count).filter(|count| *count > 0);
        let policies = PolicyChoice {
            retries: on(self.retries.unwrap_or(defaults.retries)),
            breaker: on(self.breaker.unwrap_or(defaults.breaker)),
            in_flight: at_least_one("in_flight", self.in_flight)?,
        };
        let limits = Limits::default();
        let engines = engines(&self.engines, &foreign)?;
        let asked_workloads = match self.workloads {
            none if none.is_empty() => defaults.workloads.iter().map(|name| (*name).to_owned()).collect(),
            asked => asked,
        };
        let settings = Settings {
            asked_hostile,
            isolations: isolations(&self.isolation, defaults.isolations, &engines, &self.engines)?,
            selection: Selection { engines, workloads: select(&asked_workloads)?, asked_workloads },
            reuses: parse_all("reuse", &self.reuse, &[defaults.reuse], Reuse::ALL.map(Reuse::as_str))?,
            workers,
            plan,
            rounds: at_least_one("rounds", self.rounds)?.unwrap_or(if quick { 1 } else { defaults.rounds }),
            timeout: self.timeout.map(|time| time.0),
            outer_timeout: self.outer_timeout.map(|time| time.0),
            limits: Limits { heap: self.memory.map(|size| size.0).or(limits.heap), ..limits },
            queue: at_least_one("queue", self.queue)?.unwrap_or(1024),
            recycle: Recycle {
                after_jobs: self.recycle_jobs,
                above_heap: self.recycle_heap.map(|size| size.0),
            },
            blocking_threads: at_least_one("blocking_threads", self.blocking_threads)?,
            policies,
            hostile,
            soak: defaults.soak,
            out: self.out,
            json: match self.format.as_deref() {
                None | Some("text") => false,
                Some("json") => true,
                Some(other) => return Err(unknown("format", other, ["text", "json"])),
            },
        };
        for workload in &settings.selection.workloads {
            let Deadlines { inner, outer } = settings.deadlines(workload);
            if outer < inner {
                return Err(UsageError(format!(
                    "outer_timeout: {outer:?} is before the inner deadline of {inner:?} ({})",
                    workload.name
                )));
            }
        }
        Ok(settings)
    }
}

fn engines(asked: &[String], foreign: &[Foreign]) -> Result<Vec<Candidate>, UsageError> {
    let all = || {
        let known = registry::entries().iter().copied().map(Candidate::Known);
        known.chain(foreign.iter().map(|one| Candidate::Foreign(Arc::new(one.clone()))))
    };
    let mut chosen: Vec<Candidate> = Vec::new();
    for name in asked {
        if name == "all" {
            chosen.extend(all());
        } else if let Some(candidate) = all().find(|candidate| candidate.id() == name) {
            chosen.push(candidate);
        } else if let Some(fake) = registry::find(name) {
            chosen.push(Candidate::Known(fake));
        } else {
            let known = all().map(|one| one.id().to_owned()).collect::<Vec<_>>();
            let known = known.iter().map(String::as_str).chain([registry::FAKE, "all"]);
            return Err(unknown("engine", name, known));
        }
    }
    if asked.is_empty() {
        chosen.extend(all());
    }
    let mut seen = HashSet::new();
    chosen.retain(|candidate| seen.insert(candidate.id().to_owned()));
    Ok(chosen)
}

fn spacing(asked: Option<&str>) -> Result<Spacing, UsageError> {
    match asked {
        None | Some("constant") => Ok(Spacing::Constant),
        Some("poisson") => Ok(Spacing::Poisson),
        Some(other) => Err(unknown("spacing", other, ["constant", "poisson"])),
    }
}

fn parse_all<T: std::str::FromStr + Copy + PartialEq, const N: usize>(
    what: &str,
    asked: &[String],
    default: &[T],
    known: [&str; N],
) -> Result<Vec<T>, UsageError> {
    if asked.is_empty() {
        return Ok(default.to_vec());
    }
    let mut chosen = Vec::new();
    for name in asked {
        let value = name.parse().map_err(|_| unknown(what, name, known))?;
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    Ok(chosen)
}

fn at_least_one(what: &str, asked: Option<u32>) -> Result<Option<u32>, UsageError> {
    if asked == Some(0) { Err(UsageError(format!("{what}: give at least 1"))) } else { Ok(asked) }
}

/// One line: what is unknown, its near match, and all that is known.
fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> UsageError {
    let known: Vec<&str> = known.into_iter().collect();
    let near = did_you_mean(nearest(name, known.iter().copied()));
    UsageError(format!("unknown {what} `{name}`{near} (known: {})", known.join(", ")))
}

fn processors() -> u32 {
    std::thread::available_parallelism()
        .map_or(1, |processors| u32::try_from(processors.get()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(flags: &Flags, toml: &str) -> Result<Settings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        Settings::gather(flags, Some(file.path()), Defaults::RUN).map_err(|error| error.to_string())
    }

    fn complaint(toml: &str) -> String {
        gather(&Flags::default(), toml).expect_err(toml)
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let flags = Flags { workers: Some(3), ..Flags::default() };
        let settings = gather(&flags, "workers = 7\nduration = '9s'\nmemory = '64MiB'").unwrap();
        assert_eq!(settings.workers, 3);
        assert_eq!(settings.plan.stop, Stop::After(Duration::from_secs(9)));
        assert_eq!(settings.limits.heap, Some(bytesize::ByteSize::mib(64)));
        assert_eq!(settings.plan.warmup, Duration::from_secs(1));
        assert_eq!(settings.plan.arrivals, Arrivals::Closed { concurrency: 12 });
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_with_the_near_match() {
        for (toml, expected) in [
            ("engines = ['bao']", "unknown engine `bao`; did you mean `boa`?"),
            ("isolation = ['tread']", "unknown isolation `tread`; did you mean `thread`?"),
            ("reuse = ['kep']", "did you mean `keep`?"),
            ("workloads = ['seed/fob']", "did you mean `seed/fib`?"),
            ("workers = 0", "workers: give at least 1"),
            ("rate = -1.0", "rate: -1 is no rate"),
            ("rate = 1.0\nconcurrency = 1", "either concurrency or rate"),
            ("duration = 'ten'", "is no time"),
            ("hostile = '5 per cent'", "write 5% or 0.05"),
            ("hostile = '5%'\nscripts = ['loop/plane']", "did you mean `loop/plain`?"),
            ("hostile = '5%'\nscripts = ['[']", "is not a glob"),
            ("hostile = '5%'\ncorpus = 'no-such-folder'", "no-such-folder"),
            ("in_flight = 0", "in_flight: give at least 1"),
            ("timeout = '2s'\nouter_timeout = '1s'", "is before the inner deadline"),
            ("wrokers = 2", "wrokers"),
        ] {
            let complaint = complaint(toml);
            assert!(complaint.contains(expected), "{toml}: {complaint}");
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
        }
    }

    #[test]
    fn policies_and_hostile_jobs_are_off_unless_asked_for_and_on_in_a_soak() {
        let run = gather(&Flags::default(), "").unwrap();
        assert!(run.policies.is_none() && run.hostile.is_none() && !run.soak && run.plan.hostile == 0.0);
        let toml = "retries = 1\nbreaker = 0\nin_flight = 9\nhostile = '20%'\nhostile_timeout = '50ms'";
        let asked = gather(&Flags::default(), toml).unwrap();
        assert_eq!(asked.policies, PolicyChoice { retries: Some(1), breaker: None, in_flight: Some(9) });
        let deadlines = asked.hostile.unwrap().deadlines();
        assert_eq!((deadlines.inner.as_millis(), deadlines.outer.as_millis()), (50, 100));
        assert!((asked.plan.hostile - 0.2).abs() < 1e-12);
        let soak = Settings::gather(&Flags::default(), None, Defaults::SOAK).unwrap();
        assert_eq!(soak.policies, PolicyChoice { retries: Some(2), breaker: Some(10), in_flight: None });
        assert_eq!(soak.plan.stop, Stop::After(Duration::from_secs(600)));
        assert!(soak.soak && soak.hostile.is_some());
    }

    #[test]
    fn an_ablation_is_an_open_loop_among_all_that_is_hostile() {
        let of = |flags: &Flags| Settings::gather(flags, None, Defaults::ABLATION).unwrap();
        let settings = of(&Flags::default());
        assert_eq!(settings.plan.arrivals, Arrivals::Open { rate_per_s: 60.0, spacing: Spacing::Constant });
        assert!(settings.plan.good_jobs() > Some(1_100), "enough for a 99th percentile");
        assert_eq!((&*settings.isolations, &*settings.reuses), (&Isolation::ALL[..], &[Reuse::Reset][..]));
        assert_eq!(settings.selection.asked_workloads, ["seed/filter-records"]);
        let hostile = settings.hostile.unwrap();
        let corpus = super::super::hostile_corpus(None).unwrap();
        assert_eq!(hostile.names("boa", Isolation::Thread).len(), corpus.len());
        let flags =
            Flags { concurrency: Some(3), workloads: vec!["seed/fib".to_owned()], ..Flags::default() };
        let asked = of(&flags);
        assert_eq!(asked.plan.arrivals, Arrivals::Closed { concurrency: 3 });
        assert_eq!(asked.selection.workloads.len(), 1);
    }

    #[test]
    fn an_outer_deadline_keeps_its_distance() {
        let settings =
            gather(&Flags::default(), "workloads = ['seed/fib', 'seed/filter-records']\ntimeout = '1s'")
                .unwrap();
        let outer: Vec<_> = settings
            .selection
            .workloads
            .iter()
            .map(|workload| settings.deadlines(workload).outer.as_secs())
            .collect();
        assert_eq!(outer, [6, 4], "5 s after for a task, 3 s after for a filter");
    }
}
