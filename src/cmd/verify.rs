//! `jsarena verify`: every pair of engine and workload once, answers checked, before anyone spends an hour.

use std::io::{self, Write};
use std::path::Path;

use super::cell::{CellEvent, CellTask};
use super::child::run_cell;
use super::matrix::{Cell, kinds};
use super::progress::Progress;
use super::{Failure, Verdict};
use crate::cli::{Defaults, Flags, Settings};
use crate::executor::Candidate;
use crate::load::EarlyStop;

/// Runs every pair once, each in a process of its own, under the first isolation asked for.
pub fn verify(flags: &Flags, config: Option<&Path>) -> Result<Verdict, Failure> {
    let settings = Settings::gather(flags, config, Defaults::RUN)?;
    let mut out = io::stdout().lock();
    let mut counts = Counts::default();
    let engines = settings.selection.engines.iter();
    let (built, missing): (Vec<&Candidate>, Vec<_>) = engines.partition(|engine| engine.is_there().is_ok());
    for engine in missing {
        if let Err(not_built) = engine.is_there() {
            writeln!(out, "{:<12} {not_built}", engine.id())?;
        }
    }
    let kinds = kinds(&settings);
    // One job a cell: a signal ends the program, and the cell with it.
    let never = EarlyStop::default();
    let progress = Progress::new(built.len() * settings.selection.workloads.len());
    for workload in &settings.selection.workloads {
        for &engine in &built {
            let first = kinds.iter().find(|(isolation, _)| engine.runs_under(*isolation));
            let Some(&(isolation, reuse)) = first else { continue };
            let cell = Cell::plain(&settings, (engine, workload), (isolation, reuse), 0);
            progress.begin(&cell.title());
            let wrong = match run_cell(&cell.spec(&settings, CellTask::Verify), &never, |_| {})?.last {
                CellEvent::Verified(wrong) => wrong,
                CellEvent::Failed(why) => Some(why),
                CellEvent::Listening | CellEvent::Progress { .. } | CellEvent::Measured(_) => {
                    Some("no verdict".to_owned())
                }
            };
            progress.end();
            counts.add(wrong.is_none());
            writeln!(
                out,
                "{:<12} {:<28} {}",
                cell.engine.id(),
                cell.workload.name,
                wrong.as_deref().unwrap_or("ok")
            )?;
        }
    }
    progress.clear();
    writeln!(out, "{} right, {} wrong", counts.right, counts.wrong)?;
    if counts.right + counts.wrong == 0 {
        return Err(Failure::Run(anyhow::anyhow!("none of the engines asked for is built in")));
    }
    Ok(Verdict::of(counts.wrong == 0))
}

#[derive(Default)]
struct Counts {
    right: u32,
    wrong: u32,
}

impl Counts {
    fn add(&mut self, right: bool) {
        if right { self.right += 1 } else { self.wrong += 1 }
    }
}
