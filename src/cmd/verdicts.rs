//! `jsarena calibrate --verdicts`: how often comparisons are right.

use std::fs;
use std::path::Path;

use anyhow::Context;
use tempfile::TempDir;

use super::Failure;
use super::matrix::Cell;
use super::output::Recording;
use super::progress::Progress;
use crate::calibrate::verdicts::{DrillCell, Server, Variant, drill, judge};
use crate::cli::{CalibrateArgs, Defaults, Flags, Settings, Time};
use crate::load::EarlyStop;
use crate::record::{Measurement, VerdictRate};
use crate::stats::compare::Metric;

/// Rounds of a drill: those that `compare` measures where nothing else is said.
const ROUNDS: u32 = Defaults::COMPARE.rounds;

/// Runs the drills of both servers in turn, and keeps count. Gives how many were run, of how many.
pub fn count(
    args: &CalibrateArgs,
    recording: &mut Recording,
    early_stop: &EarlyStop,
) -> Result<(u32, u32), Failure> {
    let each = args.times.unwrap_or(if args.quick { 5 } else { 100 });
    let all = each * Server::ALL.len() as u32;
    let progress = Progress::new(all as usize);
    let mut run = 0;
    for number in 0..each {
        for server in Server::ALL {
            progress.say(&format!("{} server, {} of {each}", server.as_str(), number + 1));
            let seed = args.seed.wrapping_mul(1_000).wrapping_add(u64::from(number));
            let measured = measure(recording, &drill(server, ROUNDS, seed), seed, early_stop)?;
            if early_stop.is_requested() {
                progress.clear();
                return Ok((run, all));
            }
            let verdicts = judge(recording.record(), &measured);
            recording.count_verdicts(|rates| {
                for (variant, metric, verdict) in verdicts {
                    rate(rates, server, variant, metric).count(verdict);
                }
            })?;
            run += 1;
            progress.end();
        }
    }
    progress.clear();
    Ok((run, all))
}

/// The row that counts this kind of comparison.
fn rate(rates: &mut Vec<VerdictRate>, server: Server, variant: Variant, metric: Metric) -> &mut VerdictRate {
    let none = VerdictRate::none(server.as_str(), variant.injected(), metric);
    let place = rates.iter().position(|rate| rate.is_same_kind(&none)).unwrap_or_else(|| {
        rates.push(none);
        rates.len() - 1
    });
    &mut rates[place]
}

/// Runs the cells of one drill, each in a process of its own.
fn measure(
    recording: &Recording,
    cells: &[DrillCell],
    seed: u64,
    early_stop: &EarlyStop,
) -> Result<Vec<(Variant, Measurement)>, Failure> {
    let folder = tempfile::tempdir().context("a folder for the drill's workloads")?;
    let settings = settings(&folder, cells, seed)?;
    let engine = settings.selection.engines.first().context("the fake engine is always there")?;
    let mut measured = Vec::new();
    for cell in cells {
        let name = format!("drill/{}", name(cell));
        let workload = settings.selection.workloads.iter().find(|workload| workload.name == name);
        let workload = workload.with_context(|| format!("{name} was not found again"))?;
        let kind = (settings.isolations[0], settings.reuses[0]);
        let run = Cell::plain(&settings, (engine, workload), kind, cell.round);
        let measurement = recording.measure(&settings, &run, early_stop, |_| {})?;
        if let Some(error) = &measurement.error {
            return Err(Failure::Run(anyhow::anyhow!("a cell of a drill failed: {error}")));
        }
        measured.push((cell.variant, measurement));
        if early_stop.is_requested() {
            break;
        }
    }
    Ok(measured)
}

/// The settings of a drill: one worker that four clients wait for. No config file has a say in it.
fn settings(folder: &TempDir, cells: &[DrillCell], seed: u64) -> Result<Settings, Failure> {
    for cell in cells {
        write(folder.path(), cell).context("the drill's workloads")?;
    }
    let config = folder.path().join("jsarena.toml");
    fs::write(&config, "").context("the drill's settings")?;
    let time = |text: &str| text.parse::<Time>().map_err(Failure::Usage);
    let flags = Flags {
        engines: vec![crate::engine::registry::FAKE.to_owned()],
        workloads: vec![folder.path().display().to_string()],
        workers: Some(1),
        concurrency: Some(4),
        duration: Some(time("250ms")?),
        warmup: Some(time("50ms")?),
        seed: Some(seed),
        ..Flags::default()
    };
    Ok(Settings::gather(&flags, Some(&config), Defaults::RUN)?)
}

fn write(root: &Path, cell: &DrillCell) -> std::io::Result<()> {
    let folder = root.join("drill").join(name(cell));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"a server that is known\"\n")?;
    fs::write(folder.join("main.js"), &cell.script)?;
    fs::write(folder.join("expected.json"), "null")
}

fn name(cell: &DrillCell) -> String {
    format!("{}-{}", cell.variant.as_str().replace(' ', "-"), cell.round)
}
