//! `jsarena compare`: the whole matrix, each cell and round in a fresh process, into a record and a report.

use std::path::{Path, PathBuf};

use super::matrix::{Cell, cells, with_noise_floor};
use super::output::{Recording, print_record, write_reports};
use super::progress::Progress;
use super::{Failure, Verdict};
use crate::cli::{Defaults, Flags, Settings};

/// Runs the matrix. The record is on disk after every cell, so that nothing measured is ever lost.
pub fn compare(flags: &Flags, config: Option<&Path>) -> Result<Verdict, Failure> {
    let settings = Settings::gather(flags, config, Defaults::COMPARE)?;
    let mut recording = Recording::start(&settings);
    let folder = settings.out.clone().unwrap_or_else(|| recording.default_folder(Path::new("reports")));
    recording.save_to(folder.join("record.json"))?;
    let cells = with_noise_floor(&settings, cells(&settings));
    run_cells(&settings, &mut recording, &cells)?;
    let record = recording.finish()?;
    let pages = write_reports(&record, &folder)?;
    if settings.json {
        print_record(&record)?;
    } else {
        super::output::print_terminal(&record)?;
        pages.iter().for_each(|page: &PathBuf| println!("{}", page.display()));
    }
    verdict(&record)
}

/// Runs cells one after the other and records each.
pub fn run_cells(settings: &Settings, recording: &mut Recording, cells: &[Cell]) -> Result<(), Failure> {
    let progress = Progress::new(cells.len());
    for cell in cells {
        let title = cell.title();
        progress.begin(&title);
        let measurement = recording.measure(settings, cell, |event| progress.event(&title, event))?;
        recording.push(measurement)?;
        progress.end();
    }
    progress.clear();
    Ok(())
}

/// Well, unless a job or a cell failed. Engines that are not built in are no failure: they are shown as such.
pub fn verdict(record: &crate::record::RunRecord) -> Result<Verdict, Failure> {
    let missing =
        |engine: &str| record.engines.iter().any(|entry| entry.id == engine && entry.info.is_none());
    let mut measured = record.measurements.iter().filter(|row| !missing(&row.engine)).peekable();
    if measured.peek().is_none() {
        return Err(Failure::Run(anyhow::anyhow!("none of the engines asked for is built in")));
    }
    Ok(Verdict::of(measured.all(|row| row.summary.as_ref().is_some_and(|summary| summary.errors() == 0))))
}
