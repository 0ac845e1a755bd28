//! What `capacity` is asked: an objective, and how well the rate that holds it is to be known.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::{Defaults, Flags, Settings, Share, UsageError};
use crate::capacity::{Slo, probe_time};
use crate::load::Stop;

/// What `capacity` is asked.
#[derive(Debug, Args)]
pub struct CapacityArgs {
    /// What to run, and how.
    #[command(flatten)]
    pub flags: Flags,
    /// What has to hold, such as 'p99<50ms,errors<0.1%': limits of response time (p50, p90, p95, p99, p999, max,
    /// mean) and of errors. Where nothing is said of errors, they are to be below 1%; that no queue builds up has to
    /// hold too
    #[arg(long, value_name = "LIMITS")]
    pub slo: Option<String>,
    /// How near the highest rate that holds and the lowest that does not are to be [default: 5%; quick: 10%]
    #[arg(long, value_name = "SHARE")]
    pub precision: Option<Share>,
    /// How often the rate found is tried again; it has to hold in most of them, as the lowest one that broke has to
    /// break [default: 3; quick: 1]
    #[arg(long, value_name = "N")]
    pub confirm: Option<u32>,
}

/// The same in the words of the config file.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub slo: Option<String>,
    pub precision: Option<Share>,
    pub confirm: Option<u32>,
    pub quick: bool,
}

/// What `capacity` is to do.
#[derive(Debug, Clone)]
pub struct CapacitySettings {
    /// What to run. Its plan is that of no probe: it has the seed and the warm-up.
    pub settings: Settings,
    /// What has to hold.
    pub slo: Slo,
    /// Least time on the clock of a probe.
    pub duration: Duration,
    /// How near the highest rate that holds and the lowest that does not are to be, as a part.
    pub precision: f64,
    /// How often the rate found is tried again.
    pub confirm: u32,
}

/// The finest precision, a part: to tell less apart takes more than a few runs on any machine.
const FINEST: f64 = 0.005;

impl CapacitySettings {
    /// Puts flags, config file and defaults together and checks the whole.
    ///
    /// # Errors
    /// [`UsageError`] as [`Settings::gather`], and for what makes no sense in a search for a rate.
    pub fn gather(args: &CapacityArgs, config: Option<&Path>) -> Result<Self, UsageError> {
        let wrong = |text: &str| Err(UsageError(text.to_owned()));
        let flags = &args.flags;
        if flags.engines.is_empty() || flags.workloads.is_empty() {
            return wrong(
                "capacity needs an engine and a workload: -e quickjs -w seed/one-plus-one --slo 'p99<50ms'",
            );
        }
        if let Some(refused) = refused(flags) {
            return Err(refused);
        }
        let mut settings = Settings::gather(flags, config, Defaults::CAPACITY)?;
        let asked = std::mem::take(&mut settings.asked_capacity);
        let Some(slo) = args.slo.clone().or(asked.slo) else {
            return wrong("capacity needs what has to hold: --slo 'p99<50ms,errors<0.1%'");
        };
        let slo = slo.parse().map_err(|error| UsageError(format!("slo: {error}")))?;
        let duration = match settings.plan.stop {
            Stop::After(time) if time.is_zero() => {
                return wrong("duration: a probe takes some time; give more than nought");
            }
            Stop::After(time) => time,
            Stop::Count(_) => return wrong("count: a probe runs for a time; give it a duration instead"),
        };
        let (precision, confirm) = if asked.quick { (0.1, 1) } else { (0.05, 3) };
        let precision = args.precision.or(asked.precision).map_or(precision, |share| share.0);
        if precision < FINEST {
            return Err(UsageError(format!(
                "precision: {}% is finer than load runs tell apart; give at least {}%",
                precision * 100.0,
                FINEST * 100.0
            )));
        }
        let confirm = args.confirm.or(asked.confirm).unwrap_or(confirm);
        if confirm == 0 {
            return wrong("confirm: give at least 1");
        }
        // The config file may have them for other commands.
        (settings.plan.hostile, settings.hostile) = (0.0, None);
        Ok(Self { settings, slo, duration, precision, confirm })
    }

    /// The time on the clock of a probe at that rate.
    pub fn probe_time(&self, rate_per_s: f64) -> Duration {
        probe_time(&self.slo, rate_per_s, self.precision, self.duration)
    }
}

/// A flag that other commands have and this one cannot heed.
fn refused(flags: &Flags) -> Option<UsageError> {
    let wrong = |flag: &str, why: &str| UsageError(format!("{flag}: {why}"));
    let says_which_hostile = flags.hostile.is_some() || flags.says_which_hostile();
    [
        flags.rate.map(|_| wrong("rate", "capacity looks for it itself; leave it out")),
        flags.concurrency.map(|_| {
            wrong("concurrency", "capacity runs open loops, whose jobs wait for nobody; leave it out")
        }),
        flags.count.map(|_| wrong("count", "a probe runs for a time; give it a duration instead")),
        flags.rounds.map(|_| wrong("rounds", "say with confirm how often the rate found is tried again")),
        says_which_hostile
            .then(|| wrong("hostile", "an objective is for good jobs; leave hostile ones to run")),
    ]
    .into_iter()
    .flatten()
    .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(change: impl FnOnce(&mut CapacityArgs)) -> CapacityArgs {
        let names = |name: &str| vec![name.to_owned()];
        let flags = Flags { engines: names("fake"), workloads: names("seed/fib"), ..Flags::default() };
        let mut args =
            CapacityArgs { flags, slo: Some("p99<50ms".to_owned()), precision: None, confirm: None };
        change(&mut args);
        args
    }

    fn gather(args: &CapacityArgs, toml: &str) -> Result<CapacitySettings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        CapacitySettings::gather(args, Some(file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let toml = "slo = 'p50<1ms'\nprecision = '2%'\nconfirm = 5\nworkers = [1, 2]\nhostile = '5%'";
        let plain = gather(&args(|_| {}), "").unwrap();
        assert_eq!((plain.precision, plain.confirm, plain.duration), (0.05, 3, Duration::from_secs(2)));
        assert_eq!(plain.settings.sweep, [plain.settings.workers]);
        let quick = gather(&args(|args| args.flags.quick = true), "").unwrap();
        assert_eq!((quick.precision, quick.confirm, quick.duration), (0.1, 1, Duration::from_millis(500)));
        let file = gather(&args(|args| args.slo = None), toml).unwrap();
        assert_eq!((file.slo.to_string().as_str(), file.precision, file.confirm), ("p50<1ms", 0.02, 5));
        assert_eq!(file.settings.sweep, [1, 2]);
        assert!(file.settings.hostile.is_none());
        let flags =
            args(|args| (args.confirm, args.flags.workers) = (Some(2), Some("4,8,4".parse().unwrap())));
        let flags = gather(&flags, toml).unwrap();
        assert_eq!((flags.slo.to_string().as_str(), flags.confirm), ("p99<50ms", 2));
        assert_eq!((flags.settings.workers, &*flags.settings.sweep), (4, &[4, 8][..]));
    }

    #[test]
    fn what_makes_no_sense_is_said_in_one_line() {
        type Change = fn(&mut CapacityArgs);
        let changes: [(Change, &str); 11] = [
            (|args| args.slo = None, "needs what has to hold: --slo"),
            (|args| args.slo = Some("p99<50".to_owned()), "slo: `50` is no time for p99"),
            (|args| args.flags.engines.clear(), "needs an engine and a workload"),
            (|args| args.flags.rate = Some(5.0), "rate: capacity looks for it itself"),
            (|args| args.flags.concurrency = Some(5), "concurrency: capacity runs open loops"),
            (|args| args.flags.count = Some(5), "count: a probe runs for a time"),
            (|args| args.flags.rounds = Some(5), "rounds: say with confirm"),
            (|args| args.flags.hostile = Some(Share(0.1)), "hostile: an objective is for good jobs"),
            (|args| args.precision = Some(Share(0.0)), "precision: 0% is finer"),
            (|args| args.confirm = Some(0), "confirm: give at least 1"),
            (
                |args| args.flags.duration = Some(super::super::Time(Duration::ZERO)),
                "duration: a probe takes",
            ),
        ];
        for (change, expected) in changes {
            let error = gather(&args(change), "").unwrap_err();
            assert!(error.contains(expected) && error.lines().count() == 1, "{expected}: {error}");
        }
        assert!(gather(&args(|_| {}), "count = 5").unwrap_err().contains("count: a probe"));
    }

    #[test]
    fn one_number_of_workers_is_for_all_commands_and_several_for_this_one() {
        let several = Flags { workers: Some("1,2".parse().unwrap()), ..Flags::default() };
        let error = Settings::gather(&several, None, Defaults::RUN).unwrap_err().to_string();
        assert!(error.contains("workers: give one number; only capacity tries several"), "{error}");
        let nought = args(|args| args.flags.workers = Some("2,0".parse().unwrap()));
        assert!(gather(&nought, "").unwrap_err().contains("workers: give at least 1"));
        assert!(gather(&args(|_| {}), "workers = 'many'").unwrap_err().contains("workers"));
    }
}
