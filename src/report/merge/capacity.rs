//! Rows of capacity follow one another; none is there twice.

use crate::record::{Capacity, RunRecord};

/// Whether the other's rows are new; if not, the first that is not.
pub(super) fn apart(first: &RunRecord, other: &RunRecord) -> Result<(), String> {
    let is_known = |row: &&Capacity| first.capacity.iter().any(|known| known.is_same_row(row));
    match other.capacity.iter().find(is_known) {
        None => Ok(()),
        Some(Capacity { engine, workload, isolation, reuse, workers, slo, .. }) => Err(format!(
            "it has the capacity of {engine} on {workload} under {isolation}/{reuse} with {workers} workers for {slo}, \
             which is there already; name each record once"
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{fixture, merge};

    #[test]
    fn rows_in_parts_are_one_sweep_again() {
        let whole = fixture::capacity();
        let (mut first, mut second) = (whole.clone(), whole.clone());
        second.capacity = first.capacity.split_off(1);
        let merged = merge(vec![first.clone(), second]).unwrap();
        assert_eq!(merged.capacity, whole.capacity);
        let error = merge(vec![whole, first]).unwrap_err().to_string();
        assert!(error.contains("the capacity of alpha on demo/one under thread/keep"), "{error}");
        assert!(error.contains("record 2") && error.contains("there already"), "{error}");
    }
}
