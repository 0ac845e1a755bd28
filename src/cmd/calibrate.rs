//! `jsarena calibrate`: the load driver held against servers that are known.

use std::path::PathBuf;
use std::time::Duration;

use super::output::{Recording, print_record, print_terminal, write_reports};
use super::progress::Progress;
use super::{Failure, Verdict, signals};
use crate::calibrate::{self, Case, Contrast};
use crate::cli::{CalibrateArgs, Defaults, Flags, ListFormat, Settings};
use crate::record::{ClosedLoop, Instrument};
use crate::workload::near::one_of;

/// Runs every case, then finds out what the driver can do. Fails when a percentile is off, a job failed, or a closed
/// loop did not hide the stall that it is there to hide.
pub fn calibrate(args: &CalibrateArgs) -> Result<Verdict, Failure> {
    let cases = chosen(calibrate::cases(args.quick), &args.cases)?;
    let flags = Flags { seed: Some(args.seed), out: args.out.clone(), ..Flags::default() };
    let mut settings = Settings::gather(&flags, None, Defaults::RUN)?;
    // No script of anyone runs, so none stands in the record.
    settings.selection.workloads.clear();
    settings.selection.engines.clear();
    let mut recording = Recording::start(&settings);
    if let Some(folder) = &args.out {
        recording.save_to(folder.join("record.json"))?;
    }
    let early_stop = signals::drain_on_first_signal()?;
    let progress = Progress::new(cases.len() + 1);
    let mut instrument = Instrument::default();
    let mut is_shown = true;
    for case in &cases {
        if early_stop.is_requested() {
            break;
        }
        progress.say(&format!("{}: {}", case.name, case.why));
        let measured = case.run(args.seed, &early_stop).map_err(anyhow::Error::from)?;
        if early_stop.is_requested() {
            break;
        }
        instrument.runs.push(measured.run);
        if let Some(contrast) = measured.contrast {
            is_shown &= contrast.is_wrong();
            instrument.closed_loop = Some(closed_loop(contrast));
        }
        recording.push_calibration(measured.rows, &instrument)?;
        progress.end();
    }
    if !early_stop.is_requested() {
        progress.say("what the driver can do");
        let time = Duration::from_millis(if args.quick { 250 } else { 1_000 });
        instrument.driver = Some(calibrate::limits(time, &early_stop).map_err(anyhow::Error::from)?);
        recording.push_calibration(Vec::new(), &instrument)?;
    }
    progress.clear();
    let record = recording.finish()?;
    let pages: Vec<PathBuf> =
        args.out.as_ref().map_or(Ok(Vec::new()), |folder| write_reports(&record, folder))?;
    match args.format {
        ListFormat::Json => print_record(&record)?,
        ListFormat::Text => {
            print_terminal(&record)?;
            pages.iter().for_each(|page| println!("{}", page.display()));
        }
    }
    if instrument.runs.len() < cases.len() {
        return Err(Failure::Run(anyhow::anyhow!(
            "stopped early by a signal: {} of {} cases measured",
            instrument.runs.len(),
            cases.len()
        )));
    }
    let is_whole = instrument.runs.iter().all(|run| run.failed == 0);
    Ok(Verdict::of(is_shown && is_whole && record.calibration.iter().all(|row| row.within)))
}

/// The cases of these names; all of them for none.
fn chosen(all: Vec<Case>, wanted: &[String]) -> Result<Vec<Case>, Failure> {
    let known = || all.iter().map(|case| case.name.as_str());
    if let Some(stranger) = wanted.iter().find(|name| known().all(|known| known != name.as_str())) {
        let known: Vec<&str> = known().collect();
        return Err(Failure::Usage(format!(
            "cases: no case is named `{stranger}`{}",
            one_of(stranger, &known)
        )));
    }
    let is_wanted = |case: &Case| wanted.is_empty() || wanted.contains(&case.name);
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn closed_loop(contrast: Contrast) -> ClosedLoop {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    ClosedLoop { p99_us: micros(contrast.closed_p99), reference_us: micros(contrast.reference_p99) }
}
