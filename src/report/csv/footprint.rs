//! Memory as CSV: one row an engine and workload.
//!
//! Columns: `engine`, `engine_version`, `workload`, `status` (`ok` or `failed`), `error`, `base_bytes`,
//! `first_isolate_bytes` (the process with one isolate), `isolates` (most alive at once), `all_isolates_bytes` (the
//! process with those), `per_isolate_bytes`, `per_isolate_low`, `per_isolate_high`, `worker_process_pss_bytes`,
//! `growth_jobs`, `rss_per_1000_jobs`, `rss_low`, `rss_high`, `heap_per_1000_jobs`, `heap_low`, `heap_high`,
//! `smallest_heap_bytes`, `too_small_heap_bytes`. Slopes are bytes, low and high the ends of their 95 % intervals.

use crate::record::{Footprint, RunRecord, Slope};
use crate::report::ReportError;

use super::{Fields, engine_version, file};

/// The file.
pub(super) fn rows(record: &RunRecord) -> Result<Vec<u8>, ReportError> {
    let version = |taken: &Footprint| engine_version(record, &taken.engine).to_owned();
    file(row(None, String::new()), record.footprint.iter().map(|taken| row(Some(taken), version(taken))))
}

fn row(taken: Option<&Footprint>, version: String) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: &str, value: Option<String>| {
        fields.push((name.to_owned(), value.unwrap_or_default()));
    };
    put("engine", taken.map(|row| row.engine.clone()));
    put("engine_version", Some(version));
    put("workload", taken.map(|row| row.workload.clone()));
    put("status", taken.map(|row| if row.error.is_none() { "ok" } else { "failed" }.to_owned()));
    put("error", taken.and_then(|row| row.error.clone()));
    let memory = taken.and_then(|row| row.memory.as_ref());
    let (first, last) =
        (memory.and_then(|memory| memory.isolates.first()), memory.and_then(|memory| memory.isolates.last()));
    put("base_bytes", memory.map(|memory| memory.base_bytes.to_string()));
    put("first_isolate_bytes", first.map(|point| point.rss_bytes.to_string()));
    put("isolates", last.map(|point| point.n.to_string()));
    put("all_isolates_bytes", last.map(|point| point.rss_bytes.to_string()));
    slope(
        ["per_isolate_bytes", "per_isolate_low", "per_isolate_high"],
        memory.map(|memory| memory.per_isolate_bytes),
        &mut put,
    );
    put(
        "worker_process_pss_bytes",
        memory.and_then(|memory| Some(memory.worker_process_pss_bytes?.to_string())),
    );
    let growth = memory.and_then(|memory| memory.growth);
    put("growth_jobs", growth.map(|growth| growth.jobs.to_string()));
    slope(
        ["rss_per_1000_jobs", "rss_low", "rss_high"],
        growth.map(|growth| growth.rss_per_1000_jobs),
        &mut put,
    );
    slope(
        ["heap_per_1000_jobs", "heap_low", "heap_high"],
        growth.and_then(|growth| growth.heap_per_1000_jobs),
        &mut put,
    );
    let heap = memory.and_then(|memory| memory.smallest_heap);
    put("smallest_heap_bytes", heap.map(|heap| heap.bytes.to_string()));
    put("too_small_heap_bytes", heap.and_then(|heap| Some(heap.too_small_bytes?.to_string())));
    fields
}

fn slope(names: [&str; 3], slope: Option<Slope>, put: &mut impl FnMut(&str, Option<String>)) {
    let figures = slope.map(|Slope { bytes, interval: [low, high] }| [bytes, low, high]);
    for (place, name) in names.into_iter().enumerate() {
        put(name, figures.map(|figures| figures[place].to_string()));
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn every_engine_on_a_workload_is_a_row() {
        let record = fixture::cost();
        let files = Report::new(&record).unwrap().export(Format::Csv).unwrap();
        let file = files.iter().find(|file| file.file_name == "footprint.csv").unwrap();
        let mut reader = ::csv::Reader::from_reader(file.bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|head| head == name).expect(name);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), record.footprint.len());
        for (row, taken) in rows.iter().zip(&record.footprint) {
            assert_eq!(row[column("engine")], taken.engine);
            let Some(memory) = &taken.memory else {
                assert_eq!(&row[column("status")], "failed");
                continue;
            };
            assert_eq!(row[column("per_isolate_low")], memory.per_isolate_bytes.interval[0].to_string());
            let heap = memory.smallest_heap.map(|heap| heap.bytes.to_string()).unwrap_or_default();
            assert_eq!(row[column("smallest_heap_bytes")], heap);
            let last = memory.isolates.last().unwrap();
            assert_eq!(row[column("all_isolates_bytes")], last.rss_bytes.to_string());
        }
    }
}
