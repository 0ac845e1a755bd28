//! `jsarena run`: load runs of chosen cells, with live percentiles.

use std::path::Path;

use super::compare::{run_cells, verdict};
use super::matrix::cells;
use super::output::{Recording, print_record, print_terminal, write_reports};
use super::{Failure, Verdict};
use crate::cli::{Defaults, Flags, Settings};

/// Runs each chosen cell; with `--out` the record and its reports are kept.
pub fn run(flags: &Flags, config: Option<&Path>) -> Result<Verdict, Failure> {
    if flags.engines.is_empty() || flags.workloads.is_empty() {
        return Err(Failure::Usage(
            "run needs an engine and a workload: -e quickjs -w seed/one-plus-one".to_owned(),
        ));
    }
    let settings = Settings::gather(flags, config, Defaults::RUN)?;
    let mut recording = Recording::start(&settings);
    if let Some(folder) = &settings.out {
        recording.save_to(folder.join("record.json"))?;
    }
    run_cells(&settings, &mut recording, &cells(&settings))?;
    let record = recording.finish()?;
    if let Some(folder) = &settings.out {
        write_reports(&record, folder)?;
    }
    if settings.json {
        print_record(&record)?
    } else {
        print_terminal(&record)?
    }
    verdict(&record)
}
