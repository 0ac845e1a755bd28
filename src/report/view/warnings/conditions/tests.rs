use crate::load::{Arrivals, Spacing};
use crate::record::{Measurement, NoiseFloor, RunRecord};
use crate::report::Report;
use crate::report::fixture::{self, measurement, series};
use crate::stats::{Machine, Summary};

/// A cell of five equal rounds on a quiet machine, and another engine's of the same.
fn quiet() -> RunRecord {
    let mut record = fixture::record();
    let rounds =
        |engine| (0..5).map(move |round| measurement(engine, "demo/one", "thread", round, 10.0, 1_500));
    record.measurements = rounds("alpha").chain(rounds("beta")).collect();
    let machine = Machine {
        others_cpu: Some(0.05),
        steal: Some(0.01),
        throttled_periods: Some(0),
        throttled_s: Some(0.0),
        heat_events: Some(0),
        yardstick_us: [500.0; 2],
    };
    for summary in summaries(&mut record.measurements) {
        (summary.machine, summary.steady) = (Some(machine), Some(series(|_| 1.0)));
    }
    record.noise_floor =
        Some(NoiseFloor { throughput: 0.1, p50: 0.03, p99: 0.1, ..fixture::record().noise_floor.unwrap() });
    (record.host.governor, record.host.virtualised) = (None, Some(false));
    record
}

fn summaries(measurements: &mut [Measurement]) -> impl Iterator<Item = &mut Summary> {
    measurements.iter_mut().filter_map(|measurement| measurement.summary.as_mut())
}

/// The rounds of the first engine's cell.
fn alpha(record: &mut RunRecord) -> impl Iterator<Item = &mut Summary> {
    summaries(&mut record.measurements[..5])
}

fn machine(summary: &mut Summary) -> &mut Machine {
    summary.machine.as_mut().unwrap()
}

/// Text and advice of what a change of the quiet record adds to its warnings.
fn added(change: impl FnOnce(&mut RunRecord)) -> Vec<(String, String)> {
    let of = |record: &RunRecord| {
        let report = Report::new(record).unwrap();
        report.warnings().iter().map(|w| (w.text.clone(), w.advice.clone())).collect::<Vec<_>>()
    };
    let mut record = quiet();
    let usual = of(&record);
    change(&mut record);
    of(&record).into_iter().filter(|warning| !usual.contains(warning)).collect()
}

/// That a change adds one warning, with these words in its text and in its advice.
#[track_caller]
fn warns(change: impl FnOnce(&mut RunRecord), text: &str, advice: &str) {
    let added = added(change);
    let [(found, advised)] = &added[..] else { panic!("{added:?}") };
    assert!(found.contains(text), "{found}");
    assert!(advised.contains(advice), "{advised}");
}

#[track_caller]
fn is_silent(change: impl FnOnce(&mut RunRecord)) {
    assert_eq!(added(change), []);
}

/// The first sentence of the report.
fn first(change: impl FnOnce(&mut RunRecord)) -> String {
    let mut record = quiet();
    change(&mut record);
    Report::new(&record).unwrap().verdict()[0].clone()
}

#[test]
fn at_every_limit_the_machine_counts_as_quiet() {
    let record = quiet();
    let report = Report::new(&record).unwrap();
    let texts: Vec<&str> = report.warnings().iter().map(|warning| &*warning.text).collect();
    assert_eq!(texts.len(), 2, "too few samples for p99.9, and a closed loop: {texts:?}");
    assert!(report.verdict()[0].starts_with("Under thread isolation"), "{:?}", report.verdict());
}

#[test]
fn a_series_that_never_settles_is_told_with_its_place() {
    // Of one round it is noise: the other four are in the median.
    is_silent(|r| alpha(r).take(1).for_each(|s| s.steady = Some(series(|at| 1.0 + at))));
    warns(
        |r| alpha(r).for_each(|s| s.steady = Some(series(|at| 1.0 + at))),
        "Service time never settled in 1 cell: alpha on demo/one under thread/keep.",
        "--duration",
    );
}

#[test]
fn a_short_warm_up_is_told_with_the_one_that_it_takes() {
    // One second of warm-up and four on the clock: 0.4 s of those may still belong to the start.
    let step = |until: f64| move |at: f64| if at < until - 1e-9 { 2.0 } else { 1.0 };
    is_silent(|r| alpha(r).for_each(|s| s.steady = Some(series(step(0.26)))));
    warns(
        |r| alpha(r).for_each(|s| s.steady = Some(series(step(0.32)))),
        "The warm-up was too short in 1 cell: alpha on demo/one under thread/keep (steady from 1.6",
        "“--warmup 2s”",
    );
}

#[test]
fn where_hostile_jobs_move_it_the_service_time_is_not_judged() {
    is_silent(|r| {
        r.measurements[..5].iter_mut().for_each(|m| m.plan.hostile = 0.1);
        alpha(r).for_each(|s| s.steady = Some(series(|at| 1.0 + at)));
    });
}

#[test]
fn a_round_that_stands_apart_is_told_by_its_number() {
    is_silent(|r| alpha(r).nth(3).unwrap().throughput_per_s *= 0.96);
    warns(
        |r| alpha(r).nth(3).unwrap().throughput_per_s *= 0.9,
        "1 round stands apart from the others of the same cell: alpha on demo/one under thread/keep, round 4 (throughput \
         0.90×).",
        "measure again",
    );
    warns(|r| alpha(r).nth(1).unwrap().response_us.p99 *= 3.0, "round 2 (p99 3.00×)", "measure again");
    warns(
        |r| {
            let round = alpha(r).nth(3).unwrap();
            (round.throughput_per_s, round.response_us.p99) =
                (round.throughput_per_s * 0.5, round.response_us.p99 * 3.0);
        },
        "1 round stands apart from the others of the same cell: alpha on demo/one under thread/keep, round 4 (p99 3.00×).",
        "measure again",
    );
    is_silent(|r| {
        // Too few samples for a percentile to be told apart by.
        r.measurements[0].summary.as_mut().unwrap().submitted = 999;
        alpha(r).nth(1).unwrap().response_us.p99 *= 3.0;
    });
}

#[test]
fn neighbours_steal_quota_and_heat_are_told_with_the_worst() {
    warns(
        |r| {
            machine(alpha(r).nth(2).unwrap()).others_cpu = Some(0.051);
            machine(r.measurements[7].summary.as_mut().unwrap()).others_cpu = Some(0.4);
        },
        "more than 5.00 % of the machine's processor time in 2 of 2 cells, at most 40.0 % (beta on demo/one under \
         thread/keep).",
        "end them",
    );
    warns(
        |r| machine(alpha(r).nth(2).unwrap()).steal = Some(0.011),
        "more than 1.00 % of the processor time to other guests in 1 of 2 cells, at most 1.10 % (alpha",
        "not shared",
    );
    warns(
        |r| alpha(r).for_each(|s| machine(s).throttled_s = Some(0.1)),
        "A quota of processor time held the load back in 1 of 2 cells, at most for 0.50 s (alpha",
        "cpu.max",
    );
    warns(
        |r| alpha(r).for_each(|s| machine(s).heat_events = Some(2)),
        "because of heat rose in 1 of 2 cells, by at most 10 (alpha",
        "cool",
    );
}

#[test]
fn a_yardstick_that_takes_longer_is_another_clock_rate() {
    is_silent(|r| alpha(r).for_each(|s| machine(s).yardstick_us = [525.0; 2]));
    warns(
        |r| alpha(r).for_each(|s| machine(s).yardstick_us = [526.0; 2]),
        "took 5.20 % longer beside alpha on demo/one under thread/keep than beside beta",
        "clock rate",
    );
    is_silent(|r| machine(alpha(r).next().unwrap()).yardstick_us = [900.0; 2]);
}

#[test]
fn what_the_system_does_not_tell_is_no_reason_to_warn() {
    is_silent(|r| summaries(&mut r.measurements).for_each(|s| (s.machine, s.steady) = (None, None)));
    is_silent(|r| summaries(&mut r.measurements).for_each(|s| s.machine = Some(Machine::default())));
}

#[test]
fn the_report_of_a_noisy_machine_says_so_first() {
    let noisy = "This machine was noisy: ";
    assert_eq!(
        first(|r| machine(alpha(r).next().unwrap()).others_cpu = Some(0.4)),
        "This machine was noisy: other programs took up to 40.0 % of its processor time; take differences below 10 % as \
         none."
    );
    assert_eq!(
        first(|r| r.noise_floor.as_mut().unwrap().throughput = 0.101),
        "This machine was noisy: the same engine measured twice differed by 10.1 % in throughput; take differences below \
         11 % as none."
    );
    // Nothing is ranked in an ablation.
    let mut ablation = fixture::ablation();
    ablation.noise_floor = Some(NoiseFloor { throughput: 0.5, ..quiet().noise_floor.unwrap() });
    assert!(!Report::new(&ablation).unwrap().verdict()[0].starts_with(noisy));
    // One disturbed cell of five is no property of the machine.
    let more = |r: &mut RunRecord, workloads: &[&str]| {
        for workload in workloads {
            r.measurements
                .extend(["alpha", "beta"].map(|e| measurement(e, workload, "thread", 0, 10.0, 1_500)));
        }
        machine(alpha(r).next().unwrap()).steal = Some(0.4);
    };
    assert!(first(|r| more(r, &["demo/two"])).starts_with(noisy), "one of four");
    assert!(!first(|r| more(r, &["demo/two", "demo/three"])).starts_with(noisy), "one of six");
}

#[test]
fn without_a_floor_the_rounds_tell_what_is_no_difference() {
    let disturb = |r: &mut RunRecord| {
        r.noise_floor = None;
        machine(alpha(r).next().unwrap()).heat_events = Some(1);
    };
    let of = |change: fn(&mut RunRecord)| {
        first(|r| {
            disturb(r);
            change(r);
        })
    };
    let spread = of(|r| {
        for rounds in r.measurements.chunks_mut(5) {
            summaries(rounds).next().unwrap().throughput_per_s *= 0.8;
        }
    });
    assert!(spread.ends_with("it ran hot; take differences below 11 % as none."), "{spread}");
    let open = of(|r| {
        for m in &mut r.measurements {
            m.plan.arrivals = Arrivals::Open { rate_per_s: 100.0, spacing: Spacing::Poisson };
            m.summary.as_mut().unwrap().throughput_per_s = 100.0;
        }
        for rounds in r.measurements.chunks_mut(5) {
            summaries(rounds).next().unwrap().response_us.p50 *= 1.5;
        }
    });
    assert!(open.ends_with("take differences below 25 % as none."), "by the median, which ranks: {open}");
    let nothing = of(|r| r.measurements.retain(|m| m.round == 0));
    assert!(nothing.ends_with("take small differences as none."), "{nothing}");
}
