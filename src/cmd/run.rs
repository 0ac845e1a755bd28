//! `jsarena run`: load runs of chosen cells, with live percentiles; with `--soak` long ones, judged by what
//! they did to their process.

use std::path::Path;

use super::compare::{run_cells, say_if_stopped, verdict};
use super::matrix::cells;
use super::output::{Recording, hand_over};
use super::probe::probe;
use super::{Failure, Verdict, signals};
use crate::cli::{Defaults, RunArgs, Settings};
use crate::record::RunRecord;
use crate::report::Report;

/// Runs each chosen cell; with `--out` the record and its reports are kept.
pub fn run(args: &RunArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let flags = &args.flags;
    let sends_as_it_is = flags.urls.sends_as_it_is();
    let has_engine = !(flags.engines.is_empty() && flags.urls.url.is_empty());
    if !has_engine || (flags.workloads.is_empty() && !sends_as_it_is) {
        return Err(Failure::Usage(
            "run needs an engine and a workload: -e quickjs (or --url http://…) -w seed/one-plus-one"
                .to_owned(),
        ));
    }
    let settings = Settings::gather(flags, config, if args.soak { Defaults::SOAK } else { Defaults::RUN })?;
    if settings.hostile.is_none() && flags.says_which_hostile() {
        return Err(Failure::Usage("say what part of the jobs is to be hostile: --hostile 5%".to_owned()));
    }
    probe(&settings)?;
    let early_stop = signals::drain_on_first_signal()?;
    let mut recording = Recording::start(&settings);
    if let Some(folder) = &settings.out {
        recording.save_to(folder.join("record.json"))?;
    }
    let cells = cells(&settings);
    let measured = run_cells(&settings, &mut recording, &cells, &early_stop)?;
    let record = recording.finish()?;
    hand_over(&record, settings.out.as_deref(), settings.json)?;
    say_findings(&record)?;
    say_if_stopped(&early_stop, measured, cells.len());
    verdict(&record, &early_stop)
}

/// What speaks against a soak, a line each, on standard error: there they stand whatever was printed.
fn say_findings(record: &RunRecord) -> anyhow::Result<()> {
    for finding in Report::new(record)?.soak_findings() {
        eprintln!("jsarena: {finding}");
    }
    Ok(())
}
