//! `jsarena compare`: the whole matrix, each cell and round in a fresh process, into a record and a report.

use std::path::Path;

use super::ablation;
use super::cost;
use super::matrix::{Cell, cells, with_noise_floor};
use super::output::{Recording, hand_over};
use super::probe::probe;
use super::progress::Progress;
use super::{Failure, Verdict, footprint, shard, signals, startup};
use crate::cli::{CompareArgs, Defaults, Settings};
use crate::load::EarlyStop;
use crate::record::RunRecord;
use crate::stats::Summary;

/// Runs the matrix. The record is on disk after every cell, so that nothing measured is ever lost.
pub fn compare(args: &CompareArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let defaults = if args.ablation { Defaults::ABLATION } else { Defaults::COMPARE };
    let settings = Settings::gather(&args.flags, config, defaults)?;
    if args.ablation {
        ablation::check(&settings)?;
    }
    probe(&settings)?;
    let mut recording = Recording::start(&settings).of_shard(args.shard);
    let folder = settings.out.clone().unwrap_or_else(|| recording.default_folder(Path::new("reports")));
    recording.save_to(folder.join("record.json"))?;
    let cells = if args.ablation {
        ablation::cells(&settings)
    } else {
        let dealt = shard::part_of(cells(&settings), Cell::group, args.shard, settings.plan.seed);
        with_noise_floor(&settings, dealt)
    };
    shard::say_if_empty(args.shard, cells.is_empty());
    let early_stop = signals::drain_on_first_signal()?;
    let measured = run_cells(&settings, &mut recording, &cells, &early_stop)?;
    let pairs = cost::pairs(&settings, args.shard);
    let mut costs_known = true;
    if args.startup {
        costs_known &= startup::measure(&settings, &pairs, &mut recording, &early_stop)?;
    }
    if args.footprint {
        costs_known &= footprint::measure(&settings, &pairs, &mut recording, &early_stop)?;
    }
    let record = recording.finish()?;
    hand_over(&record, Some(&folder), settings.json)?;
    say_if_stopped(&early_stop, measured, cells.len());
    if early_stop.is_requested() && (args.startup || args.footprint) {
        let (starts, memories, pairs) = (record.startup.len(), record.footprint.len(), pairs.len());
        eprintln!("jsarena: there are {starts} rows of starts, and memory of {memories} of {pairs} pairs");
    }
    if args.shard.is_some() && cells.is_empty() {
        return Ok(Verdict::of(costs_known));
    }
    Ok(match verdict(&record, &early_stop)? {
        _ if args.ablation => ablation::verdict(&record),
        Verdict::Well => Verdict::of(costs_known),
        Verdict::CheckFailed => Verdict::CheckFailed,
    })
}

/// Runs cells one after the other and records each, until an early stop is wanted: the cell under way then ends
/// early, and the rest is left out. Gives how many were run.
pub fn run_cells(
    settings: &Settings,
    recording: &mut Recording,
    cells: &[Cell],
    early_stop: &EarlyStop,
) -> Result<usize, Failure> {
    let progress = Progress::new(cells.len());
    let mut measured = 0;
    for cell in cells {
        if early_stop.is_requested() {
            break;
        }
        let title = cell.title();
        progress.begin(&title);
        let measurement =
            recording.measure(settings, cell, early_stop, |event| progress.event(&title, event))?;
        recording.push(measurement)?;
        progress.end();
        measured += 1;
    }
    progress.clear();
    Ok(measured)
}

/// One line on standard error for whoever asked for an early stop.
pub fn say_if_stopped(early_stop: &EarlyStop, measured: usize, cells: usize) {
    if early_stop.is_requested() {
        eprintln!(
            "jsarena: stopped early by a signal: {measured} of {cells} cells measured, every job submitted has its outcome"
        );
    }
}

/// Well, unless a job or a cell failed. Engines that are not built in are no failure: they are shown as such.
pub fn verdict(record: &RunRecord, early_stop: &EarlyStop) -> Result<Verdict, Failure> {
    let missing =
        |engine: &str| record.engines.iter().any(|entry| entry.id == engine && entry.missing.is_some());
    let mut measured = record.measurements.iter().filter(|row| !missing(&row.engine)).peekable();
    if measured.peek().is_none() && !early_stop.is_requested() {
        return Err(Failure::Run(anyhow::anyhow!("none of the engines asked for is built in")));
    }
    Ok(Verdict::of(measured.all(|row| row.summary.as_ref().is_some_and(is_well))))
}

/// A soak has its own rule: what policies turn away is no failure, growth is one.
fn is_well(summary: &Summary) -> bool {
    match &summary.soak {
        Some(soak) => soak.is_well(),
        None => summary.errors() == 0 && summary.lost() == 0,
    }
}
