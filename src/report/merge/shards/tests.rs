//! Shards made one, case by case.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::whole;
use crate::record::{Measurement, RunRecord, Shards};
use crate::report::fixture::{self, measurement};
use crate::report::{Report, merge};
use crate::stats::LatencyHistogram;

/// The fixed record dealt out, cell by cell with all rounds, as if each shard came from a machine of its own.
fn dealt(of: u32) -> Vec<RunRecord> {
    let whole = fixture::record();
    let mut cells: Vec<&Measurement> = Vec::new();
    for row in &whole.measurements {
        if cells.iter().all(|cell| !cell.is_same_cell(row)) {
            cells.push(row);
        }
    }
    let place = |row: &Measurement| cells.iter().position(|cell| cell.is_same_cell(row)).unwrap() as u32;
    let shard = |index: u32| {
        let mut record = whole.clone();
        record.measurements.retain(|row| place(row) % of + 1 == index);
        record.shards = Some(Shards { held: BTreeSet::from([index]), of });
        record.command.extend(["--shard".to_owned(), format!("{index}/{of}")]);
        record
    };
    (1..=of).map(shard).collect()
}

#[track_caller]
fn refused(change: impl Fn(&mut RunRecord), expected: &str) {
    let mut shards = dealt(2);
    change(&mut shards[1]);
    let error = merge(shards).unwrap_err().to_string();
    assert!(error.contains(expected) && error.contains("record 2"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

/// How many samples, and pairs of quantile and microseconds.
type Curve = (u64, Vec<(f64, f64)>);

/// Every cell's response and service times, in the order of the tables.
fn latencies(record: &RunRecord) -> Vec<[Curve; 2]> {
    let report = Report::new(record).unwrap();
    let figures = report.cells().filter_map(|(.., cell)| cell.figures());
    figures.map(|of| [&of.response, &of.service].map(|times| (times.samples, times.curve.clone()))).collect()
}

#[test]
fn four_shards_give_the_percentiles_of_the_whole() {
    let expected = latencies(&fixture::record());
    assert!(expected.len() > 10);
    let mut shards = dealt(4);
    assert_eq!(latencies(&merge(shards.clone()).unwrap()), expected);
    shards.reverse();
    assert_eq!(latencies(&merge(shards).unwrap()), expected);
}

/// Ten thousand response times with a long tail, in one record, and the same ones dealt into four.
#[test]
fn samples_dealt_into_four_records_have_exactly_the_percentiles_of_one() {
    let mut random = Pcg64Mcg::seed_from_u64(11);
    let times: Vec<Duration> = (0..10_000)
        .map(|_| {
            let tail = 1.0 / (1.0 - random.random::<f64>()).sqrt();
            Duration::from_nanos((20_000.0 * tail) as u64)
        })
        .collect();
    let record = |times: &mut dyn Iterator<Item = &Duration>| {
        let mut histogram = LatencyHistogram::default();
        times.for_each(|time| histogram.record(*time));
        let mut row = measurement("alpha", "demo/one", "thread", 0, 10.0, histogram.len() as u32);
        let summary = row.summary.as_mut().unwrap();
        summary.response_histogram = histogram.encode();
        summary.response_us = histogram.percentiles();
        RunRecord { measurements: vec![row], ..fixture::record() }
    };
    let one = record(&mut times.iter());
    let four = (0..4).map(|part| record(&mut times.iter().skip(part).step_by(4))).collect();
    let merged = merge(four).unwrap();
    assert_eq!(merged.measurements.len(), 4);
    let percentiles = |record: &RunRecord| {
        let report = Report::new(record).unwrap();
        let figures = report.cells().find_map(|(.., cell)| cell.figures()).unwrap().clone();
        let response = figures.response;
        (response.samples, response.p50(), response.p99(), response.p999(), response.max(), response.curve)
    };
    assert_eq!(percentiles(&merged), percentiles(&one));
    // Averaged, they would not be: the parts differ.
    let parts: BTreeSet<u64> = merged
        .measurements
        .iter()
        .map(|row| row.summary.as_ref().unwrap().response_us.p99.to_bits())
        .collect();
    assert!(parts.len() > 1);
}

#[test]
fn shards_become_the_whole_and_some_of_them_tell_which() {
    let shards = dealt(4);
    let merged = merge(shards.clone()).unwrap();
    assert_eq!(
        (merged.shards, &merged.command),
        (None, &vec!["compare".into(), "--rounds".into(), "2".into()])
    );
    let some = merge(vec![shards[3].clone(), shards[1].clone()]).unwrap();
    let held = some.shards.clone().unwrap();
    assert_eq!(held, Shards { held: BTreeSet::from([2, 4]), of: 4 });
    let report = Report::new(&some).unwrap();
    let told = |text: &str| report.warnings().iter().any(|warning| warning.text.contains(text));
    assert!(told("Only 2 of 4 shards are here; not 1/4 and 3/4."), "{:?}", report.warnings());
    let rest = merge(vec![shards[0].clone(), some, shards[2].clone()]).unwrap();
    assert_eq!(rest.shards, None);
    assert_eq!(rest.measurements.len(), fixture::record().measurements.len());
}

#[test]
fn shards_that_do_not_belong_together_are_refused() {
    let held = |index, of| Some(Shards { held: BTreeSet::from([index]), of });
    refused(|record| record.shards = held(1, 2), "shard 1/2, which is there already");
    refused(|record| record.shards = held(2, 3), "number of shards is 3, not 2");
    refused(|record| record.shards = None, "it is no shard, and the first is shard 1/2");
    refused(|record| record.seed = 2, "seed is 2");
    refused(|record| record.command.push("--quick".to_owned()), "command without --shard and --out");
    refused(|record| record.host.cpu = "other".to_owned(), "processor is \"other\"");
    refused(|record| record.host.cores = 8, "number of processors is 8");
    refused(|record| record.host.memory_bytes *= 2, "memory in bytes");
    refused(|record| record.workloads.truncate(1), "list of workloads");
    refused(|record| record.measurements.iter_mut().for_each(|row| row.workers = 9), "its load is");
    refused(|record| record.measurements = dealt(2)[0].measurements.clone(), "which another shard measured");
    let mut shards = dealt(2);
    shards[0].shards = None;
    let error = merge(shards).unwrap_err().to_string();
    assert!(error.contains("it is shard 2/2, and the first is no shard"), "{error}");
}

#[test]
fn machines_of_a_kind_may_differ_in_what_does_not_count() {
    let mut shards = dealt(3);
    shards[1].host.kernel = "6.13".to_owned();
    shards[2].host.kernel = "6.13".to_owned();
    shards[2].host.memory_bytes -= 4096;
    let merged = merge(shards).unwrap();
    assert_eq!(merged.host.kernel, "6.12, 6.13");
    assert_eq!(merged.host.memory_bytes, fixture::record().host.memory_bytes - 4096);
}

#[test]
fn the_floor_of_the_whole_is_that_of_its_noisiest_parts() {
    let mut shards = dealt(2);
    let is_free = |row: &&Measurement| row.summary.is_some() && row.label.is_none();
    let mut again = shards[1].measurements.iter().find(is_free).unwrap().clone();
    again.label = Some(crate::record::AGAIN.to_owned());
    again.summary.as_mut().unwrap().throughput_per_s *= 1.2;
    let noisy = again.workload.clone();
    shards[1].measurements.push(again);
    let floor = merge(shards.clone()).unwrap().noise_floor.unwrap();
    // Both shards have a pair: that of the fixture is twice the very same.
    assert_eq!((&floor.workload, floor.pairs), (&noisy, 2));
    assert!((floor.throughput - 0.2).abs() < 1e-9 && floor.p99 == 0.0, "{floor:?}");
    // Where no pair is left to look at, what the parts say counts.
    for shard in &mut shards {
        shard.measurements.retain(|row| row.label.is_none());
    }
    let told = shards[1].noise_floor.as_mut().unwrap();
    (told.workload, told.throughput, told.p99) = ("demo/two".to_owned(), 0.2, 0.01);
    let floor = merge(shards).unwrap().noise_floor.unwrap();
    assert_eq!((floor.workload.as_str(), floor.pairs), ("demo/two", 4));
    assert_eq!([floor.throughput, floor.p50, floor.p99], [0.2, 0.05, 0.12]);
}

#[test]
fn a_command_is_the_whole_without_what_each_shard_says() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for text in ["compare --shard 1/2 -e a --out x --quick", "compare -e a --shard=2/2 --quick --out=y"] {
        assert_eq!(whole(&words(text)), words("compare -e a --quick"));
    }
    assert_eq!(whole(&words("compare --outer-timeout 1s")), words("compare --outer-timeout 1s"));
}
