//! The view's arithmetic, case by case.

use crate::load::{Arrivals, Spacing};
use crate::record::{Measurement, NoiseFloor, RunRecord};
use crate::report::fixture::{self, measurement};
use crate::stats::compare::{ComparisonVerdict, Metric};
use crate::stats::{LatencyHistogram, Machine};

use super::*;

/// A record of these measurements, with the fixture's engines and workloads and a quiet host.
fn record(measurements: Vec<Measurement>) -> RunRecord {
    let mut record = fixture::record();
    record.measurements = measurements;
    record.noise_floor = None;
    record.host.governor = None;
    record.host.virtualised = Some(false);
    record
}

/// One round under `thread`: engine, workload, microseconds a job.
fn round(engine: &str, workload: &str, micros: f64) -> Measurement {
    measurement(engine, workload, "thread", 0, micros, 1_500)
}

fn wrong(mut measurement: Measurement) -> Measurement {
    measurement.summary.as_mut().unwrap().wrong_answers = 1;
    measurement
}

fn failed(mut measurement: Measurement, reason: &str) -> Measurement {
    measurement.summary = None;
    measurement.error = Some(reason.to_owned());
    measurement
}

fn floor(throughput: f64) -> NoiseFloor {
    NoiseFloor {
        throughput,
        p50: throughput,
        p95: None,
        p99: throughput,
        ..fixture::record().noise_floor.unwrap()
    }
}

/// Names and throughput means of the only setting's ranked engines, best first.
fn ranked(record: &RunRecord) -> Vec<(String, f64)> {
    let report = Report::new(record).unwrap();
    let ranking = &report.settings[0].ranking;
    let name = |engine: usize| report.engines[engine].name.clone();
    ranking.ranked.iter().map(|r| (name(r.engine), (r.throughput * 1e3).round() / 1e3)).collect()
}

/// What is left out and who is unranked, in words.
fn excluded(record: &RunRecord) -> (Vec<String>, Vec<String>) {
    let report = Report::new(record).unwrap();
    let ranking = &report.settings[0].ranking;
    let name = |engine: &usize| report.engines[*engine].name.clone();
    let left = ranking.left_out.iter().map(|left| {
        let because: Vec<_> =
            left.because.iter().map(|(engine, why)| format!("{}: {why}", name(engine))).collect();
        format!("{} ({})", left.label, because.join(", "))
    });
    let unranked = ranking.unranked.iter().map(|(engine, why)| format!("{}: {why}", name(engine)));
    (left.collect(), unranked.collect())
}

#[test]
fn rounds_of_a_cell_add_up_exactly() {
    let rounds = vec![
        measurement("alpha", "demo/one", "thread", 0, 10.0, 3_000),
        measurement("alpha", "demo/one", "thread", 1, 30.0, 1_000),
    ];
    let mut whole = LatencyHistogram::default();
    for summary in rounds.iter().filter_map(|m| m.summary.as_ref()) {
        whole.merge(&summary.response_histogram.decode().unwrap());
    }
    let record = record(rounds);
    let report = Report::new(&record).unwrap();
    let figures = report.settings[0].rows[0].cells[0].figures().unwrap();
    assert_eq!((figures.rounds, figures.submitted, figures.outcomes.ok), (2, 4_000, 4_000));
    assert_eq!(figures.response.samples, whole.len());
    assert_eq!(figures.response.p99(), Some(whole.percentiles().p99));
    // 3,000 jobs in 15 ms and 1,000 in 15 ms.
    assert!((figures.throughput.value - 4_000.0 / 0.030).abs() < 1.0, "{:?}", figures.throughput);
    assert!((figures.throughput.min - 2e6 / 30.0).abs() < 1.0 && (figures.throughput.max - 2e5).abs() < 1.0);
    assert!(figures.p50.min < figures.p50.value && figures.p50.value < figures.p50.max);
    let rss = figures.rss.unwrap();
    assert_eq!((rss.end, rss.growth()), (34_500_000, 4_500_000));
}

#[test]
fn of_a_server_nothing_is_told_that_is_only_the_generator_s() {
    let mut round = round("alpha", "demo/one", 10.0);
    (round.isolation, round.reuse, round.workers) = (Isolation::Remote, Reuse::Unknown, 0);
    let summary = round.summary.as_mut().unwrap();
    summary.machine = Some(Machine { others_cpu: Some(0.9), ..Machine::default() });
    summary.cpu_s.generator = summary.elapsed_s;
    let record = record(vec![round]);
    let report = Report::new(&record).unwrap();
    let figures = report.settings[0].rows[0].cells[0].figures().unwrap();
    assert_eq!((figures.rss, figures.cpu_workers, figures.generator_share()), (None, None, None));
    assert_eq!(figures.conditions.others_cpu, None);
    assert!(
        report.verdict().iter().any(|text| text.starts_with("Over HTTP, alpha")),
        "{:?}",
        report.verdict()
    );
    assert!(!report.settings[0].load().unwrap().contains("worker"));
    let says = |words: &str| report.warnings().iter().any(|warning| warning.text.contains(words));
    assert!(says("which is one thread, was busy"), "{:?}", report.warnings());
    assert!(!says("more than 10 % of the processor time"), "{:?}", report.warnings());
}

#[test]
fn a_cell_keeps_its_good_rounds_and_tells_of_the_others() {
    let second = measurement("alpha", "demo/one", "thread", 1, 10.0, 1_500);
    let record = record(vec![round("alpha", "demo/one", 10.0), failed(second, "exit 3")]);
    let report = Report::new(&record).unwrap();
    let cell = &report.settings[0].rows[0].cells[0];
    assert_eq!(cell.figures().map(|f| (f.rounds, f.failed_rounds())), Some((1, 1)));
    assert!(cell.completed().is_none());
    assert_eq!(cell.fault().as_deref(), Some("1 of 2 rounds failed"));
}

#[test]
fn an_interval_is_about_its_figure_and_as_wide_as_the_rounds_are_apart() {
    let compared = fixture::compared();
    let report = Report::new(&compared).unwrap();
    let cell = |workload: usize| report.settings[0].rows[workload].cells[0].figures().unwrap();
    let (one, two) = (cell(0), cell(1));
    for (metric, value) in [
        (Metric::Throughput, Some(one.throughput.value)),
        (Metric::P50, one.response.p50()),
        (Metric::P99, one.response.p99()),
    ] {
        let ([low, high], value) = (one.intervals[&metric], value.unwrap());
        assert!(low < value && value < high, "{metric}: {low} < {value} < {high}");
        assert!(high / low < 1.03, "rounds a per cent apart: {metric}: {low} – {high}");
    }
    // Six hundred jobs have no 99th percentile to speak of, and a single round has no interval.
    assert_eq!(
        two.intervals.keys().copied().collect::<Vec<_>>(),
        [Metric::Throughput, Metric::P50, Metric::P95]
    );
    let alone = record(vec![round("alpha", "demo/one", 10.0)]);
    let report = Report::new(&alone).unwrap();
    assert!(report.settings[0].rows[0].cells[0].figures().unwrap().intervals.is_empty());
}

#[test]
fn the_second_half_of_a_pair_is_no_round() {
    let mut again = round("alpha", "demo/one", 10.0);
    again.label = Some("A/A".to_owned());
    let record = record(vec![round("alpha", "demo/one", 10.0), again]);
    let report = Report::new(&record).unwrap();
    assert_eq!(report.settings[0].rows[0].cells[0].figures().unwrap().rounds, 1);
}

#[test]
fn loads_are_rows_and_seeds_are_not() {
    let mut other_seed = measurement("alpha", "demo/one", "thread", 1, 10.0, 1_500);
    other_seed.plan.seed = 99;
    let mut more_workers = round("alpha", "demo/one", 10.0);
    more_workers.workers = 4;
    let record = record(vec![more_workers, round("alpha", "demo/one", 10.0), other_seed]);
    let report = Report::new(&record).unwrap();
    let rows = &report.settings[0].rows;
    assert_eq!(rows.iter().map(|row| row.workers).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(rows[0].cells[0].figures().unwrap().rounds, 2);
    assert!(rows[1].label.contains("4 workers"), "{}", rows[1].label);
}

#[test]
fn ranks_are_geometric_means_of_ratios_to_the_best() {
    // alpha twice as fast on one, beta eight times as fast on the other: 1 · 1/8 against 1/2 · 1.
    let record = record(vec![
        round("alpha", "demo/one", 10.0),
        round("beta", "demo/one", 20.0),
        round("alpha", "demo/two", 80.0),
        round("beta", "demo/two", 10.0),
    ]);
    assert_eq!(ranked(&record), [("beta".to_owned(), 0.707), ("alpha".to_owned(), 0.354)]);
}

#[test]
fn workloads_that_someone_did_not_complete_are_left_out_and_named() {
    let record = record(vec![
        round("alpha", "demo/one", 10.0),
        round("beta", "demo/one", 20.0),
        round("alpha", "demo/two", 10.0),
        wrong(round("beta", "demo/two", 1.0)),
        round("alpha", "demo/three", 10.0),
        failed(round("gamma", "demo/one", 1.0), "signal 11 (SIGSEGV)"),
    ]);
    assert_eq!(ranked(&record), [("alpha".to_owned(), 1.0), ("beta".to_owned(), 0.5)]);
    let (left, unranked) = excluded(&record);
    assert_eq!(left, ["demo/two (beta: 1 wrong answer)", "demo/three (beta: not measured)"]);
    assert_eq!(
        unranked,
        [
            "gamma: completed nothing; first: signal 11 (SIGSEGV)",
            "delta: not built: the feature `delta` is off"
        ]
    );
}

#[test]
fn without_a_common_workload_none_is_ranked() {
    let record = record(vec![round("alpha", "demo/one", 10.0), round("beta", "demo/two", 10.0)]);
    assert_eq!(ranked(&record), []);
    let (_, unranked) = excluded(&record);
    assert_eq!(unranked[0], "alpha: completed 1 of 2, none of which all others completed");
    assert!(Report::new(&record).unwrap().verdict()[0].contains("none is ranked"));
}

#[test]
fn differences_below_the_floor_are_none() {
    let mut record = record(vec![round("alpha", "demo/one", 10.0), round("beta", "demo/one", 10.3)]);
    let same = |record: &RunRecord| Report::new(record).unwrap().settings[0].ranking.ranked[1].same_as_first;
    for (noise, expected) in [(None, false), (Some(floor(0.02)), false), (Some(floor(0.05)), true)] {
        record.noise_floor = noise;
        assert_eq!(same(&record), expected, "{:?}", record.noise_floor);
    }
    assert!(Report::new(&record).unwrap().verdict()[0].contains("alpha and beta were the fastest engines"));
    assert!(within_floor(0.0, None) && !within_floor(0.01, None));
}

#[test]
fn open_loops_are_ranked_by_their_median() {
    let mut measurements = vec![round("alpha", "demo/one", 30.0), round("beta", "demo/one", 10.0)];
    for m in &mut measurements {
        m.plan.arrivals = Arrivals::Open { rate_per_s: 100.0, spacing: Spacing::Poisson };
        let summary = m.summary.as_mut().unwrap();
        (summary.throughput_per_s, summary.offered_per_s) = (100.0, Some(100.0));
    }
    let record = record(measurements);
    let report = Report::new(&record).unwrap();
    assert_eq!(report.settings[0].ranking.by, RankedBy::Median);
    assert_eq!(ranked(&record).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["beta", "alpha"]);
    assert!(report.gains.is_empty() && report.verdict()[0].contains("beta answered soonest"));
}

#[test]
fn percentiles_need_samples_beyond_them() {
    for (jobs, p99, p999) in
        [(999, false, false), (1_000, true, false), (9_999, true, false), (10_000, true, true)]
    {
        let record = record(vec![measurement("alpha", "demo/one", "thread", 0, 10.0, jobs)]);
        let report = Report::new(&record).unwrap();
        let response = &report.settings[0].rows[0].cells[0].figures().unwrap().response;
        assert_eq!((response.p99().is_some(), response.p999().is_some()), (p99, p999), "{jobs}");
    }
}

#[test]
fn the_pool_s_gain_is_over_the_baseline_of_the_same_engine_and_workload() {
    let record = record(vec![
        round("alpha", "demo/one", 10.0),
        measurement("alpha", "demo/one", "task", 0, 50.0, 1_500),
        round("beta", "demo/one", 10.0),
    ]);
    let report = Report::new(&record).unwrap();
    let [alpha, beta, ..] = report.gains[0].rows[0].ratios.as_slice() else { panic!("{:?}", report.gains) };
    assert!(matches!(alpha, Some((ratio, true)) if (ratio - 5.0).abs() < 1e-9), "{alpha:?}");
    assert_eq!(*beta, None);
}

#[test]
fn pools_come_before_the_baseline() {
    let record = fixture::record();
    let report = Report::new(&record).unwrap();
    let names: Vec<_> = report.settings.iter().map(|setting| &*setting.name).collect();
    assert_eq!(names, ["thread/keep", "task/fresh"]);
}

#[test]
fn warnings_come_with_their_cause_and_go_with_it() {
    type Change = fn(&mut RunRecord);
    let cases: [(&str, Change); 14] = [
        ("was not kept up with", |r| r.measurements[0].summary.as_mut().unwrap().offered_per_s = Some(1e9)),
        ("profile “debug”", |r| r.build.profile = "debug".to_owned()),
        ("Wrong answers in 1 cell", |r| r.measurements[0].summary.as_mut().unwrap().wrong_answers = 1),
        ("Jobs failed in 1 cell", |r| r.measurements[0].summary.as_mut().unwrap().outcomes.timeout = 1),
        ("Rounds failed in 1 cell", |r| r.measurements[0] = failed(r.measurements[0].clone(), "exit 3")),
        ("No A/A floor", |r| r.noise_floor = None),
        ("measured twice differed by up to 20.0 %", |r| r.noise_floor = Some(floor(0.2))),
        ("single round", |r| r.measurements.truncate(1)),
        ("two rounds", |r| r.measurements.truncate(2)),
        ("4 of 4 had not enough data", |r| {
            *r = fixture::compared();
            r.comparisons.truncate(4);
            r.comparisons.iter_mut().for_each(|one| one.verdict = ComparisonVerdict::NotEnoughData);
        }),
        ("Too few samples", |r| {
            r.measurements = vec![measurement("alpha", "demo/one", "thread", 0, 10.0, 50)]
        }),
        ("governor is “powersave”", |r| r.host.governor = Some("powersave".to_owned())),
        ("virtual machine", |r| r.host.virtualised = Some(true)),
        ("generator took more", |r| r.measurements[0].summary.as_mut().unwrap().cpu_s.generator = 3.0),
    ];
    let mut good =
        record((0..3).map(|round| measurement("alpha", "demo/one", "thread", round, 10.0, 6_000)).collect());
    good.noise_floor = Some(floor(0.01));
    let texts = |record: &RunRecord| {
        let report = Report::new(record).unwrap();
        report.warnings().iter().map(|warning| warning.text.clone()).collect::<Vec<_>>()
    };
    let usual = texts(&good);
    assert_eq!(usual.len(), 1, "{usual:?}");
    assert!(usual[0].contains("A closed loop hides queueing"), "{usual:?}");
    for (text, change) in cases {
        let mut record = good.clone();
        change(&mut record);
        let warnings = texts(&record);
        assert!(warnings.iter().any(|warning| warning.contains(text)), "{text}: {warnings:?}");
    }
}

#[test]
fn engines_that_comparisons_do_not_tell_apart_share_their_rank() {
    let record = fixture::compared();
    let report = Report::new(&record).unwrap();
    let ranked = &report.settings[0].ranking.ranked;
    let told: Vec<(&str, bool)> =
        ranked.iter().map(|one| (&*report.engines[one.engine].name, one.same_as_first)).collect();
    assert_eq!(told, [("alpha", false), ("beta", true), ("gamma", false)]);
    assert!(report.verdict()[0].contains("no significant difference between them"), "{:?}", report.verdict());
    // A comparison overrules the floor, which is far below the distance to gamma.
    let mut open = record.clone();
    open.comparisons.iter_mut().for_each(|one| one.verdict = ComparisonVerdict::NotEnoughData);
    assert!(Report::new(&open).unwrap().settings[0].ranking.ranked[2].same_as_first);
}

#[test]
fn the_generator_may_take_a_tenth_of_the_processor_time_and_no_more() {
    for (generator, too_much) in [(0.1, false), (0.101, true)] {
        let mut measured = round("alpha", "demo/one", 10.0);
        let cpu = &mut measured.summary.as_mut().unwrap().cpu_s;
        (cpu.workers, cpu.generator) = (1.0 - generator, generator);
        let record = record(vec![measured]);
        let report = Report::new(&record).unwrap();
        let warned =
            report.warnings().iter().any(|w| w.text.contains("took more than 10 % of the processor time"));
        assert_eq!(warned, too_much, "{generator}");
    }
}
