//! Settings: defaults, then `jsarena.toml`, then flags; checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::capacity;
use super::config::{Merged, config_file, extract};
use super::engines;
use super::hostile::HostileSettings;
use super::urls;
use super::{Counts, Defaults, Flags};
use crate::engine::{Deadlines, Limits};
use crate::executor::{Candidate, Isolation, PolicyChoice, Recycle, Reuse};
use crate::load::{Arrivals, Plan, Spacing, Stop};
use crate::record::MINIMAL_EFFECT;
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
    /// Engines, built in or not, in the order in which they were asked for; then the servers behind URLs.
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
    /// All numbers of workers that were asked for, in the order in which they were; the first one is `workers`.
    pub sweep: Vec<u32>,
    /// How an open loop's jobs are spaced.
    pub spacing: Spacing,
    /// The load of each cell.
    pub plan: Plan,
    /// How often each cell is measured.
    pub rounds: u32,
    /// The smallest relative difference that counts.
    pub minimal_effect: f64,
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
    /// What has to hold, as it was asked for.
    pub(super) asked_capacity: capacity::Asked,
    /// The folder of hostile scripts that was asked for, and which of them.
    pub asked_hostile: (Option<PathBuf>, Vec<String>),
    /// The hostile scripts, where some jobs are to be hostile.
    pub hostile: Option<HostileSettings>,
    /// Whether the process is watched while the load runs.
    pub soak: bool,
    /// Whether a first impression is enough.
    pub quick: bool,
    /// Where the record goes.
    pub out: Option<PathBuf>,
    /// Whether the record itself is printed, and nothing else.
    pub json: bool,
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

    /// The deadlines of a workload's jobs, as asked for or its own.
    pub fn deadlines(&self, workload: &Workload) -> Deadlines {
        self.deadlines_over(workload.deadlines())
    }

    /// These deadlines, replaced by what was asked for. An outer deadline that was not asked for keeps its distance
    /// from the inner one.
    fn deadlines_over(&self, own: Deadlines) -> Deadlines {
        let inner = self.timeout.unwrap_or(own.inner);
        let outer =
            self.outer_timeout.unwrap_or_else(|| inner.saturating_add(own.outer.saturating_sub(own.inner)));
        Deadlines { inner, outer }
    }

    /// The same, checked.
    ///
    /// # Errors
    /// [`UsageError`] when the outer deadline comes before the inner one.
    pub fn checked_deadlines(&self, own: Deadlines, whose: &str) -> Result<Deadlines, UsageError> {
        let deadlines = self.deadlines_over(own);
        let Deadlines { inner, outer } = deadlines;
        if outer < inner {
            return Err(UsageError(format!(
                "outer_timeout: {outer:?} is before the inner deadline of {inner:?} ({whose})"
            )));
        }
        Ok(deadlines)
    }
}

impl Merged {
    fn check(self, defaults: Defaults, file: Option<&Path>) -> Result<Settings, UsageError> {
        let foreign = engines::checked(&self.engine, file)?;
        let targets = urls::targets(&self, &foreign, defaults)?;
        let quick = self.quick;
        let sweep = sweep(self.workers, defaults)?;
        let workers = sweep[0];
        let spacing = spacing(self.spacing.as_deref())?;
        let duration = if quick { Defaults::QUICK_DURATION } else { defaults.duration };
        let warmup = if quick { Defaults::QUICK_WARMUP } else { defaults.warmup };
        let concurrency = at_least_one("concurrency", self.concurrency)?;
        let rate = self.rate.or(defaults.rate_per_s.filter(|_| concurrency.is_none()));
        let arrivals = match (rate, concurrency) {
            (Some(_), Some(_)) => return Err(UsageError("either concurrency or rate, not both".to_owned())),
            (Some(rate), None) if !(rate.is_finite() && rate > 0.0) => {
                return Err(UsageError(format!("rate: {rate} is no rate; give jobs a second, above zero")));
            }
            (Some(rate_per_s), None) => Arrivals::Open { rate_per_s, spacing },
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
        let engines = engines::engines(&self.engines, &foreign, &targets)?;
        let asked_workloads = match self.workloads {
            none if none.is_empty() => defaults.workloads.iter().map(|name| (*name).to_owned()).collect(),
            asked => asked,
        };
        let workloads = match urls::request(&targets) {
            Some(request) => vec![request],
            None => select(&asked_workloads)?,
        };
        let settings = Settings {
            asked_capacity: capacity::Asked {
                slo: self.slo,
                precision: self.precision,
                confirm: self.confirm,
                quick,
            },
            asked_hostile,
            isolations: engines::isolations(&self.isolation, defaults.isolations, &engines, &self.engines)?,
            selection: Selection { engines, workloads, asked_workloads },
            reuses: parse_all("reuse", &self.reuse, &[defaults.reuse], Reuse::ALL.map(Reuse::as_str))?,
            workers,
            sweep,
            spacing,
            plan,
            rounds: at_least_one("rounds", self.rounds)?.unwrap_or(if quick { 1 } else { defaults.rounds }),
            minimal_effect: self.minimal_effect.map_or(MINIMAL_EFFECT, |share| share.0),
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
            quick,
            out: self.out,
            json: match self.format.as_deref() {
                None | Some("text") => false,
                Some("json") => true,
                Some(other) => return Err(unknown("format", other, ["text", "json"])),
            },
        };
        for workload in &settings.selection.workloads {
            settings.checked_deadlines(workload.deadlines(), &workload.name)?;
        }
        Ok(settings)
    }
}

/// The numbers of workers asked for, once each; at least one.
fn sweep(asked: Option<Counts>, defaults: Defaults) -> Result<Vec<u32>, UsageError> {
    let mut sweep = Vec::new();
    for workers in asked.map_or(Vec::new(), |counts| counts.0) {
        at_least_one("workers", Some(workers))?;
        if !sweep.contains(&workers) {
            sweep.push(workers);
        }
    }
    if sweep.is_empty() {
        sweep.push(defaults.workers.unwrap_or_else(processors));
    }
    if sweep.len() > 1 && !defaults.sweeps {
        return Err(UsageError("workers: give one number; only capacity tries several".to_owned()));
    }
    Ok(sweep)
}

fn spacing(asked: Option<&str>) -> Result<Spacing, UsageError> {
    match asked {
        None | Some("constant") => Ok(Spacing::Constant),
        Some("poisson") => Ok(Spacing::Poisson),
        Some(other) => Err(unknown("spacing", other, ["constant", "poisson"])),
    }
}

pub(super) fn parse_all<T: std::str::FromStr + Copy + PartialEq, const N: usize>(
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
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> UsageError {
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
        let flags = Flags { workers: Some(Counts(vec![3])), ..Flags::default() };
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
    fn survive_has_defaults_of_its_own_and_the_file_wins_over_them() {
        let of = |toml: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), toml).unwrap();
            Settings::gather(&Flags::default(), Some(file.path()), Defaults::SURVIVE).unwrap()
        };
        let settings = of("");
        assert_eq!((settings.workers, &*settings.reuses), (4, &[Reuse::Reset][..]));
        let settings = of("workers = 2\nreuse = ['fresh']\ntimeout = '1s'");
        assert_eq!((settings.workers, &*settings.reuses), (2, &[Reuse::Fresh][..]));
        let own = Deadlines { inner: Duration::from_millis(250), outer: Duration::from_millis(500) };
        let deadlines = settings.checked_deadlines(own, "scripts").unwrap();
        assert_eq!((deadlines.inner.as_millis(), deadlines.outer.as_millis()), (1000, 1250));
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
