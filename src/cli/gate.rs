//! What a gate is asked: flags, then the `[gate]` table of `jsarena.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::UsageError;
use super::config::gate_table;
use super::values::Share;
use crate::report::{Allowed, GateRules};
use crate::stats::compare::Metric;

/// What `gate` is asked.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// The record that was good
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// The record to be let through
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Figures that count [default: throughput,p50,p95,p99]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub metrics: Vec<Metric>,
    /// Smallest change that counts, such as 2%; an A/A floor of either record counts if it is larger [default: that of
    /// the records]
    #[arg(long, value_name = "SHARE")]
    pub minimal_effect: Option<Share>,
    /// The same of one figure, such as p99=10%
    #[arg(long, value_name = "METRIC=SHARE", value_delimiter = ',')]
    pub threshold: Vec<Threshold>,
    /// What may differ between the records nevertheless: host, build, workload
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub allow: Vec<Allow>,
    /// What to print
    #[arg(long, value_enum, default_value_t = GateFormat::Text)]
    pub format: GateFormat,
    /// Folder to write gate.md, gate.junit.xml and gate.json to as well
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// What a gate prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    /// For people.
    Text,
    /// For a comment on a pull request.
    Markdown,
    /// For a CI server.
    Junit,
    /// For scripts.
    Json,
}

/// What may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allow {
    /// The machine.
    Host,
    /// The program and the engines in it.
    Build,
    /// The workloads.
    Workload,
}

/// The smallest change of one figure that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(Metric, Share);

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (metric, share) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is no threshold; write p99=10%"))?;
        Ok(Self(metric.trim().parse()?, share.parse()?))
    }
}

/// The `[gate]` table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GateTable {
    metrics: Vec<Metric>,
    minimal_effect: Option<Share>,
    thresholds: BTreeMap<Metric, Share>,
    allow: Vec<Allow>,
}

impl GateArgs {
    /// Flags and file together; flags win.
    ///
    /// # Errors
    /// [`UsageError`] when the config file is not there or not in its form.
    pub fn rules(&self, config: Option<&Path>) -> Result<GateRules, UsageError> {
        let file = gate_table(config)?;
        let metrics = [&self.metrics, &file.metrics].into_iter().find(|metrics| !metrics.is_empty());
        let mut thresholds: BTreeMap<Metric, f64> =
            file.thresholds.into_iter().map(|(metric, share)| (metric, share.0)).collect();
        thresholds.extend(self.threshold.iter().map(|Threshold(metric, share)| (*metric, share.0)));
        let may = |what| self.allow.contains(&what) || file.allow.contains(&what);
        Ok(GateRules {
            metrics: metrics.map_or(Metric::ALL.to_vec(), |metrics| {
                Metric::ALL.into_iter().filter(|metric| metrics.contains(metric)).collect()
            }),
            minimal_effect: self.minimal_effect.or(file.minimal_effect).map(|share| share.0),
            thresholds,
            allowed: Allowed {
                host: may(Allow::Host),
                build: may(Allow::Build),
                workload: may(Allow::Workload),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        args: GateArgs,
    }

    fn rules(flags: &[&str], file: &str) -> Result<GateRules, String> {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("jsarena.toml");
        fs::write(&config, file).unwrap();
        let words = ["gate", "base.json", "new.json"].iter().chain(flags);
        let alone = Alone::try_parse_from(words).map_err(|error| error.to_string())?;
        alone.args.rules(Some(&config)).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        assert_eq!(rules(&[], "").unwrap(), GateRules::default());
        let file = "[gate]\nmetrics = [\"p99\", \"throughput\"]\nminimal_effect = \"5%\"\nallow = [\"host\"]\n\
                    thresholds = { p99 = \"20%\", p50 = \"3%\" }\n";
        let of_file = rules(&[], file).unwrap();
        assert_eq!(of_file.metrics, [Metric::Throughput, Metric::P99]);
        assert_eq!(of_file.minimal_effect, Some(0.05));
        assert_eq!(of_file.thresholds[&Metric::P99], 0.2);
        assert_eq!(of_file.allowed, Allowed { host: true, ..Allowed::default() });
        let flags =
            ["--metrics", "p50", "--threshold", "p99=10%", "--minimal-effect", "1%", "--allow", "build"];
        let of_both = rules(&flags, file).unwrap();
        assert_eq!(of_both.metrics, [Metric::P50]);
        assert_eq!(of_both.minimal_effect, Some(0.01));
        assert_eq!((of_both.thresholds[&Metric::P99], of_both.thresholds[&Metric::P50]), (0.1, 0.03));
        assert_eq!(of_both.allowed, Allowed { host: true, build: true, workload: false });
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (flags, file, expected) in [
            (&["--metrics", "p98"][..], "", "unknown metric `p98`"),
            (&["--threshold", "p99"], "", "write p99=10%"),
            (&["--threshold", "p99=lots"], "", "write 5%"),
            (&["--allow", "weather"], "", "weather"),
            (&[], "[gate]\nmetric = [\"p99\"]\n", "metric"),
            (&[], "[gate]\nminimal_effect = 5\n", "minimal_effect"),
        ] {
            let error = rules(flags, file).unwrap_err();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
