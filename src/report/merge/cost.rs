//! Rows of startup and footprint made one: those of one record follow those of the other, and one that could not be
//! measured in one of them gives way to the same row measured in another.

use crate::record::{Footprint, RunRecord, Startup};

/// Whether nothing was measured in both.
pub(super) fn belong(first: &RunRecord, other: &RunRecord) -> Result<(), String> {
    let measured = |row: &&Startup| row.times.is_some();
    for row in other.startup.iter().filter(measured) {
        if first.startup.iter().filter(measured).any(|known| known.is_same_row(row)) {
            return Err(twice("start", &row.engine, &row.workload));
        }
    }
    let measured = |row: &&Footprint| row.memory.is_some();
    for row in other.footprint.iter().filter(measured) {
        if first.footprint.iter().filter(measured).any(|known| known.is_same_row(row)) {
            return Err(twice("memory", &row.engine, &row.workload));
        }
    }
    Ok(())
}

fn twice(what: &str, engine: &str, workload: &str) -> String {
    format!("it has the {what} of {engine} on {workload}, which is there already; name each record once")
}

pub(super) fn add_startup(rows: &mut Vec<Startup>, more: Vec<Startup>) {
    add(rows, more, Startup::is_same_row, |row| row.times.is_some());
}

pub(super) fn add_footprint(rows: &mut Vec<Footprint>, more: Vec<Footprint>) {
    add(rows, more, Footprint::is_same_row, |row| row.memory.is_some());
}

fn add<T>(rows: &mut Vec<T>, more: Vec<T>, same: fn(&T, &T) -> bool, is_measured: fn(&T) -> bool) {
    for row in more {
        match rows.iter_mut().find(|known| same(known, &row)) {
            None => rows.push(row),
            Some(known) if !is_measured(known) => *known = row,
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::record::RunRecord;
    use crate::report::{fixture, merge};

    /// The fixed record, with only the rows of one engine.
    fn only(engine: &str) -> RunRecord {
        let mut record = fixture::cost();
        record.startup.retain(|row| row.engine == engine);
        record.footprint.retain(|row| row.engine == engine);
        record
    }

    #[test]
    fn parts_follow_one_another_and_what_one_could_measure_counts() {
        let mut without = only("beta");
        without
            .startup
            .iter_mut()
            .for_each(|row| (row.times, row.error) = (None, Some("not built".to_owned())));
        without
            .footprint
            .iter_mut()
            .for_each(|row| (row.memory, row.error) = (None, Some("not built".to_owned())));
        for parts in
            [[only("alpha"), without.clone(), only("beta")], [without.clone(), only("beta"), only("alpha")]]
        {
            let merged = merge(parts.to_vec()).unwrap();
            let (alpha, beta) = (only("alpha"), only("beta"));
            assert_eq!(merged.startup.len(), alpha.startup.len() + beta.startup.len());
            assert!(beta.startup.iter().chain(&alpha.startup).all(|row| merged.startup.contains(row)));
            assert_eq!(merged.footprint.len(), alpha.footprint.len() + beta.footprint.len());
            assert!(beta.footprint.iter().chain(&alpha.footprint).all(|row| merged.footprint.contains(row)));
            assert_eq!(crate::record::check(&merged), Vec::<String>::new());
        }
    }

    #[test]
    fn what_was_measured_twice_is_refused() {
        let refused = |forget: fn(&mut RunRecord), expected: &str| {
            let mut again = only("alpha");
            forget(&mut again);
            let error = merge(vec![only("alpha"), again]).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("record 2"), "{error}");
        };
        refused(|record| record.footprint.clear(), "the start of alpha on demo/one");
        refused(|record| record.startup.clear(), "the memory of alpha on demo/one");
    }
}
