//! `jsarena calibrate`: the load driver held against servers that are known.

use std::time::Duration;

use super::output::{Recording, hand_over};
use super::progress::Progress;
use super::{Failure, Verdict, signals, verdicts};
use crate::calibrate::{self, Case};
use crate::cli::{CalibrateArgs, ListFormat};
use crate::load::EarlyStop;
use crate::record::{RunRecord, VerdictRate};
use crate::workload::near::one_of;

/// Runs every case, then finds out what the driver can do. Fails when a percentile is off, a job failed, or a closed
/// loop did not hide the stall that it is there to hide. With `--verdicts` compares known servers instead, and
/// fails when too many comparisons come to a wrong verdict.
pub fn calibrate(args: &CalibrateArgs) -> Result<Verdict, Failure> {
    let cases = chosen(calibrate::cases(args.quick), &args.cases)?;
    let mut recording = Recording::without_scripts(args.seed);
    if let Some(folder) = &args.out {
        recording.save_to(folder.join("record.json"))?;
    }
    let early_stop = signals::drain_on_first_signal()?;
    let told = if args.verdicts {
        let (run, all) = verdicts::count(args, &mut recording, &early_stop)?;
        format!("{run} of {all} drills run")
    } else {
        let run = measure(args, &cases, &mut recording, &early_stop)?;
        format!("{run} of {} cases measured", cases.len())
    };
    let record = recording.finish()?;
    hand_over(&record, args.out.as_deref(), args.format == ListFormat::Json)?;
    if early_stop.is_requested() {
        return Err(Failure::Run(anyhow::anyhow!("stopped early by a signal: {told}")));
    }
    Ok(Verdict::of(is_true(&record)))
}

/// What a signal cuts short is no measurement. Gives how many cases were measured.
fn measure(
    args: &CalibrateArgs,
    cases: &[Case],
    recording: &mut Recording,
    early_stop: &EarlyStop,
) -> anyhow::Result<usize> {
    let progress = Progress::new(cases.len() + 1);
    for (measured_before, case) in cases.iter().enumerate() {
        progress.say(&format!("{}: {}", case.name, case.why));
        let measured = case.run(args.seed, early_stop)?;
        if early_stop.is_requested() {
            progress.clear();
            return Ok(measured_before);
        }
        recording.push_calibration(measured)?;
        progress.end();
    }
    progress.say("what the driver can do");
    let time = Duration::from_millis(if args.quick { 250 } else { 1_000 });
    let limits = calibrate::limits(time, early_stop)?;
    if !early_stop.is_requested() {
        recording.push_driver(limits)?;
    }
    progress.clear();
    Ok(cases.len())
}

fn is_true(record: &RunRecord) -> bool {
    if !record.verdicts.is_empty() {
        return VerdictRate::together(&record.verdicts).iter().all(VerdictRate::is_as_asked);
    }
    let Some(instrument) = &record.instrument else { return false };
    record.calibration.iter().all(|row| row.is_near())
        && instrument.runs.iter().all(|run| run.failed == 0)
        && instrument.closed_loop.is_none_or(|closed| closed.is_wrong())
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
