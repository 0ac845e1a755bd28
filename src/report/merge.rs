//! Records made one: the shards of a run that was measured in parts.

mod capacity;
mod cost;
mod results;
mod shards;

pub use results::add_results;

use std::fmt::Debug;

use crate::record::{self, Containment, EngineEntry, Measurement, NoiseFloor, RunRecord, VerdictRate};

use super::ReportError;

/// One record of several of the same schema, seed, build, host and workloads.
///
/// Their measurements follow one another. A cell measured in several of them gets its rounds counted on. Containment
/// rows follow one another too; one that could not be run in one of them gives way to the same row judged in another.
///
/// Shards of one matrix become the whole; as long as some are missing, the record tells which it holds. They may come
/// from several machines of a kind, so the systems and kernels of all are named.
///
/// # Errors
/// [`ReportError::NoRecord`] for none, [`ReportError::Apart`] naming what differs when figures of one would not
/// be comparable with those of another, or when one is there twice.
pub fn merge(records: Vec<RunRecord>) -> Result<RunRecord, ReportError> {
    let mut records = records.into_iter();
    let mut merged = records.next().ok_or(ReportError::NoRecord)?;
    for (index, record) in records.enumerate() {
        let apart = |reason| ReportError::Apart { number: index + 2, reason };
        belongs(&merged, &record).map_err(apart)?;
        shards::unite(&mut merged, &record);
        if merged.shards.is_none() && record.command != merged.command {
            merged.command.push("&&".to_owned());
            merged.command.extend(record.command);
        }
        // RFC 3339 in UTC sorts as text.
        merged.created = merged.created.min(record.created);
        record.engines.into_iter().for_each(|entry| add_engine(&mut merged.engines, entry));
        for workload in record.workloads {
            if merged.workloads.iter().all(|known| known.name != workload.name) {
                merged.workloads.push(workload);
            }
        }
        // The host is the same, or what it confines with is.
        merged.sandbox = merged.sandbox.or(record.sandbox);
        merged.noise_floor =
            merged.noise_floor.into_iter().chain(record.noise_floor).reduce(NoiseFloor::worse);
        merged.minimal_effect = larger(merged.minimal_effect, record.minimal_effect);
        add_measurements(&mut merged.measurements, record.measurements);
        add_containment(&mut merged.containment, record.containment);
        merged.capacity.extend(record.capacity);
        cost::add_startup(&mut merged.startup, record.startup);
        cost::add_footprint(&mut merged.footprint, record.footprint);
        if merged.calibration.is_empty() {
            (merged.calibration, merged.instrument) = (record.calibration, record.instrument);
        }
        add_verdicts(&mut merged.verdicts, record.verdicts);
        merged.other_tools.extend(record.other_tools);
    }
    merged.noise_floor = NoiseFloor::measured(&merged.measurements, merged.seed).or(merged.noise_floor);
    merged.comparisons = record::comparisons(&merged);
    merged.shards = merged.shards.filter(|shards| shards.missing().next().is_some());
    Ok(merged)
}

/// Whether figures of the two are comparable; if not, the first thing that differs.
fn belongs(first: &RunRecord, other: &RunRecord) -> Result<(), String> {
    same("schema", &first.schema, &other.schema)?;
    same("seed", &first.seed, &other.seed)?;
    same("jsarena version", &first.build.jsarena, &other.build.jsarena)?;
    same("build profile", &first.build.profile, &other.build.profile)?;
    same("build features", &first.build.features, &other.build.features)?;
    same("crate versions", &first.build.crates, &other.build.crates)?;
    same("build", &first.build, &other.build)?;
    same("processor", &first.host.cpu, &other.host.cpu)?;
    shards::belong(first, other)?;
    for workload in &other.workloads {
        if let Some(known) = first.workloads.iter().find(|known| known.name == workload.name) {
            same(&format!("hash of workload {}", workload.name), &known.hash, &workload.hash)?;
        }
    }
    for entry in &other.engines {
        if let Some(known) = first.engines.iter().find(|known| known.id == entry.id)
            && let (Some(known), Some(info)) = (&known.info, &entry.info)
        {
            same(&format!("version of engine {}", entry.id), &known.engine_version, &info.engine_version)?;
        }
    }
    if other.measurements.iter().any(|m| m.summary.is_some() && first.measurements.contains(m)) {
        return Err("it holds measurements that are there already; name each record once".to_owned());
    }
    if !(first.calibration.is_empty() || other.calibration.is_empty()) {
        return Err("it holds a calibration, and so does another; report on each alone".to_owned());
    }
    capacity::apart(first, other)?;
    cost::belong(first, other)?;
    results::apart(first, other)?;
    let judged = |row: &&Containment| row.verdict.is_some();
    for row in other.containment.iter().filter(judged) {
        if first.containment.iter().filter(judged).any(|known| known.is_same_row(row)) {
            let Containment { script, engine, isolation, reuse, .. } = row;
            return Err(format!(
                "it judges {script} on {engine} under {isolation}/{reuse}, which is judged already; name each record once"
            ));
        }
    }
    Ok(())
}

fn same<T: PartialEq + Debug>(what: &str, first: &T, other: &T) -> Result<(), String> {
    if first == other { Ok(()) } else { Err(format!("its {what} is {other:?}, not {first:?}")) }
}

/// An engine that one record has and another misses is there.
fn add_engine(engines: &mut Vec<EngineEntry>, entry: EngineEntry) {
    match engines.iter_mut().find(|known| known.id == entry.id) {
        None => engines.push(entry),
        Some(known) if known.info.is_none() && entry.info.is_some() => *known = entry,
        Some(_) => {}
    }
}

fn larger(first: Option<f64>, other: Option<f64>) -> Option<f64> {
    first.into_iter().chain(other).reduce(f64::max)
}

fn add_measurements(measurements: &mut Vec<Measurement>, more: Vec<Measurement>) {
    let known = measurements.len();
    for mut measurement in more {
        let same_cell = |m: &&Measurement| m.is_same_cell(&measurement);
        let last = measurements[..known].iter().filter(same_cell).map(|m| m.round).max();
        measurement.round += last.map_or(0, |last| last + 1);
        measurements.push(measurement);
    }
}

/// Counts of the same kind add up.
fn add_verdicts(rates: &mut Vec<VerdictRate>, more: Vec<VerdictRate>) {
    for rate in more {
        match rates.iter_mut().find(|known| known.is_same_kind(&rate)) {
            Some(known) => known.add(&rate),
            None => rates.push(rate),
        }
    }
}

/// A row that could not be run counts only where no other record could run it.
fn add_containment(rows: &mut Vec<Containment>, more: Vec<Containment>) {
    for row in more {
        match rows.iter_mut().find(|known| known.is_same_row(&row)) {
            None => rows.push(row),
            Some(known) if known.verdict.is_none() => *known = row,
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// The fixed record in two parts.
    fn halves() -> (RunRecord, RunRecord) {
        let whole = fixture::record();
        let (mut first, mut second) = (whole.clone(), whole);
        let half = first.measurements.len() / 2;
        second.measurements = first.measurements.split_off(half);
        second.created = "2026-11-23T19:00:00Z".to_owned();
        (first, second)
    }

    #[track_caller]
    fn refused(change: impl Fn(&mut RunRecord), expected: &str) {
        let (first, mut second) = halves();
        change(&mut second);
        let error = merge(vec![first, second]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("record 2"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }

    #[test]
    fn steps_of_an_ablation_are_cells_of_their_own() {
        let first = fixture::ablation();
        let mut second = first.clone();
        second.measurements.iter_mut().filter_map(|row| row.summary.as_mut()).for_each(|it| it.restarts += 1);
        let known = first.measurements.len();
        let merged = merge(vec![first, second]).unwrap();
        assert!(merged.measurements[..known].iter().all(|row| row.round == 0));
        assert!(merged.measurements[known..].iter().all(|row| row.round == 1));
    }

    #[test]
    fn shards_become_one_record() {
        let (first, second) = halves();
        let count = first.measurements.len() + second.measurements.len();
        let merged = merge(vec![first.clone(), second]).unwrap();
        assert_eq!(merged.measurements.len(), count);
        assert_eq!(merged.created, "2026-11-23T19:00:00Z");
        assert_eq!((&merged.engines, &merged.workloads), (&first.engines, &first.workloads));
        assert_eq!(merged.command, first.command, "the same command is told once");
    }

    #[test]
    fn further_rounds_of_a_cell_count_on() {
        let (first, _) = halves();
        let mut again = first.clone();
        for summary in again.measurements.iter_mut().filter_map(|m| m.summary.as_mut()) {
            summary.throughput_per_s += 1.0;
        }
        let merged = merge(vec![first.clone(), again]).unwrap();
        let cell = |m: &&Measurement| {
            (&m.engine, &m.workload, m.isolation)
                == (
                    &first.measurements[0].engine,
                    &first.measurements[0].workload,
                    first.measurements[0].isolation,
                )
        };
        let rounds: Vec<u32> =
            merged.measurements.iter().filter(cell).filter(|m| m.label.is_none()).map(|m| m.round).collect();
        let distinct: std::collections::BTreeSet<_> = rounds.iter().collect();
        assert!(rounds.len() > 1 && distinct.len() == rounds.len(), "{rounds:?}");
    }

    #[test]
    fn records_that_do_not_belong_together_are_refused() {
        refused(|record| record.schema = 9, "schema is 9");
        refused(|record| record.seed = 2, "seed is 2");
        refused(|record| record.build.profile = "debug".to_owned(), "build profile is \"debug\"");
        refused(|record| record.build.rustc = "other".to_owned(), "its build is");
        refused(|record| record.host.cpu = "other".to_owned(), "processor is \"other\"");
        refused(|record| record.workloads[0].hash = "0".to_owned(), "hash of workload");
        assert!(matches!(merge(Vec::new()), Err(ReportError::NoRecord)));
    }

    #[test]
    fn the_same_record_twice_is_refused() {
        let (first, _) = halves();
        let error = merge(vec![first.clone(), first]).unwrap_err().to_string();
        assert!(error.contains("there already"), "{error}");
    }

    #[test]
    fn a_calibration_goes_with_what_it_is_about_and_not_with_another() {
        let (first, mut second) = halves();
        let calibration = fixture::calibration();
        second.calibration.clone_from(&calibration.calibration);
        second.instrument.clone_from(&calibration.instrument);
        let merged = merge(vec![first, second.clone()]).unwrap();
        assert_eq!(merged.calibration, calibration.calibration);
        let error = merge(vec![merged, RunRecord { measurements: Vec::new(), ..second }]).unwrap_err();
        assert!(error.to_string().contains("report on each alone"), "{error}");
    }

    #[test]
    fn a_scorecard_in_parts_is_one_again() {
        let whole = fixture::hostile();
        let (mut first, mut second) = (whole.clone(), whole.clone());
        second.containment = first.containment.split_off(whole.containment.len() / 2);
        let merged = merge(vec![first, second]).unwrap();
        assert_eq!(merged.containment, whole.containment);
        assert_eq!(crate::record::check(&merged), Vec::<String>::new());
    }

    #[test]
    fn what_was_judged_twice_is_refused() {
        let first = fixture::hostile();
        let mut second = first.clone();
        second.containment.truncate(1);
        second.containment[0].recovery_ms = Some(1234.5);
        let error = merge(vec![first.clone(), second]).unwrap_err().to_string();
        assert!(error.contains("judged already") && error.contains("record 2"), "{error}");
        assert!(error.contains(&first.containment[0].script), "{error}");
    }

    #[test]
    fn a_row_that_one_part_could_run_is_judged() {
        let whole = fixture::hostile();
        let at = whole.containment.iter().position(|row| row.error.is_none()).unwrap();
        let judged = whole.containment[at].clone();
        let mut without = whole.clone();
        without.containment[at] = Containment {
            outcome: None,
            verdict: None,
            error: Some("not built".to_owned()),
            ..judged.clone()
        };
        let mut only = whole.clone();
        only.containment = vec![judged.clone()];
        for parts in [[without.clone(), only.clone()], [only, without]] {
            let merged = merge(parts.to_vec()).unwrap();
            assert_eq!(merged.containment.len(), whole.containment.len());
            assert!(merged.containment.contains(&judged));
        }
    }

    #[test]
    fn an_engine_that_one_part_has_is_there() {
        let (first, mut second) = halves();
        let entry = second.engines.iter_mut().find(|entry| entry.missing.is_some()).unwrap();
        let id = entry.id.clone();
        entry.missing = None;
        entry.info = first.engines[0].info.clone();
        let merged = merge(vec![first, second]).unwrap();
        assert!(merged.engines.iter().find(|entry| entry.id == id).unwrap().info.is_some());
    }
}
