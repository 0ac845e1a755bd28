//! The arithmetic of ladders, case by case.

use serde_json::json;

use crate::executor::PolicyChoice;
use crate::record::{Measurement, RunRecord};
use crate::report::fixture::{ablation, ablation_row, die, set};
use crate::report::view::{Ablation, Report, Rung};

/// The fixture's engines and workload with these rows, all of one engine.
fn record(rows: Vec<Measurement>) -> RunRecord {
    RunRecord { measurements: rows, ..ablation() }
}

#[track_caller]
fn with_only(record: &RunRecord, check: impl FnOnce(&Report<'_>, &Ablation)) {
    let report = Report::new(record).unwrap();
    assert_eq!(report.ablations.len(), 1, "{:?}", report.ablations);
    check(&report, &report.ablations[0]);
}

fn named<'a>(ablation: &'a Ablation, name: &str) -> &'a Rung {
    ablation.rungs.iter().find(|rung| rung.name == name).expect(name)
}

#[test]
fn steps_come_in_the_order_of_the_ladder_each_over_what_it_builds_on() {
    let record = ablation();
    let report = Report::new(&record).unwrap();
    let titles: Vec<&str> = report.ablations.iter().map(|ablation| &*ablation.title).collect();
    assert_eq!(titles, ["alpha on demo/one, reset in pools", "beta on demo/one, reset in pools"]);
    let rungs = &report.ablations[0].rungs;
    let steps: Vec<(&str, &str)> =
        rungs.iter().map(|rung| (&*rung.name, rung.over.map_or("", |over| &*rungs[over].name))).collect();
    let expected = [
        ("task", ""),
        ("thread", "task"),
        ("thread +retry", "thread"),
        ("thread +breaker", "thread"),
        ("thread +both", "thread"),
        ("process", "thread"),
        ("process +retry", "process"),
        ("process +breaker", "process"),
        ("process +both", "process"),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_share_is_of_the_jobs_submitted_and_a_dead_host_s_of_those_planned() {
    let process = ablation_row("alpha", "process", "bare");
    let planned = process.plan.good_jobs().unwrap();
    with_only(&record(vec![process, ablation_row("alpha", "thread", "bare")]), |_, ablation| {
        let (dead, living) = (named(ablation, "thread"), named(ablation, "process"));
        assert_eq!((living.right, living.wanted), (1_163, 1_173));
        assert_eq!((dead.right, dead.wanted), (479, planned));
        let kinds = [("failed before its end".to_owned(), 2), ("unanswered".to_owned(), planned - 481)];
        assert_eq!(dead.failed, kinds);
        assert_eq!(living.failed, [("timeout".to_owned(), 2), ("crash".to_owned(), 8)]);
        let gained = 1_163.0 / 1_173.0 - 479.0 / planned as f64;
        assert!((living.gained.unwrap() - gained).abs() < 1e-12);
        assert_eq!(dead.p50, Some(3_900.0), "until it died");
        assert_eq!((dead.p99, living.p99_ratio), (None, None), "481 samples carry no p99");
        // 4.8 s for 1,163 jobs.
        assert!((living.cpu_per_thousand.unwrap() - 4_800.0 / 1_163.0).abs() < 1e-12);
        assert_eq!(dead.cpu_per_thousand, None);
        assert!((dead.up.unwrap() - 8.2 / 20.0).abs() < 1e-12 && living.up == Some(1.0));
        let told = format!(
            "thread: killed after 8.20 s of 20.0 s: signal 6 (SIGABRT): fatal runtime error: stack overflow, \
             aborting; at least 479 of {planned} good jobs had been answered rightly by then.",
            planned = crate::report::Quantity::Count(planned)
        );
        assert_eq!(dead.told(), [told]);
    });
}

#[test]
fn what_fails_in_a_step_is_no_warning_and_a_mix_of_few_draws_is() {
    let texts = |rows| {
        let record = record(rows);
        let report = Report::new(&record).unwrap();
        report.warnings().iter().map(|warning| warning.text.clone()).collect::<Vec<_>>().join("\n")
    };
    let mut row = ablation_row("alpha", "process", "bare");
    let few = texts(vec![
        row.clone(),
        ablation_row("alpha", "thread", "bare"),
        ablation_row("beta", "thread", "bare"),
    ]);
    assert!(few.contains("The ablation met 27 hostile jobs, drawn from 131 scripts."), "{few}");
    for subject in ["Jobs failed", "Rounds failed", "Wrong answers", "kept up"] {
        assert!(!few.contains(subject), "{few}");
    }
    set(&mut row, json!({"hostile": {"scripts": 3}}));
    assert!(!texts(vec![row.clone()]).contains("The ablation met"));
    row.step = None;
    assert!(texts(vec![row]).contains("Jobs failed"), "outside of a ladder it is one");
}

#[test]
fn wrong_answers_are_no_answers() {
    let row = ablation_row("beta", "thread", "bare");
    with_only(&record(vec![row]), |_, ablation| {
        let rung = named(ablation, "thread");
        assert_eq!((rung.right, rung.wanted), (1_172, 1_173));
        assert_eq!(rung.failed, [("wrong".to_owned(), 1)]);
    });
}

#[test]
fn rounds_add_up_the_dead_ones_too() {
    let living = ablation_row("beta", "process", "bare");
    let mut dead = living.clone();
    dead.round = 1;
    die(&mut dead, 2.0, 100, 0);
    let mut unable = living.clone();
    (unable.round, unable.summary, unable.error) = (2, None, Some("no isolate".to_owned()));
    with_only(&record(vec![unable, dead, living]), |_, ablation| {
        let rung = named(ablation, "process");
        let planned = ablation_row("beta", "process", "bare").plan.good_jobs().unwrap();
        assert_eq!((rung.right, rung.wanted), (1_173 + 100, 1_173 + planned));
        assert_eq!((rung.deaths.len(), rung.not_run.len()), (1, 1));
        assert!((rung.up.unwrap() - 22.0 / 40.0).abs() < 1e-12, "what could not run was not down");
        assert_eq!(rung.told()[1], "process: 1 round could not run: no isolate.");
    });
}

#[test]
fn a_p99_is_held_against_that_of_the_base() {
    let (mut slow, fast) = (ablation_row("beta", "thread", "both"), ablation_row("beta", "thread", "bare"));
    // The same histogram at twice the scale.
    let twice = crate::report::fixture::measurement("beta", "demo/one", "thread", 0, 7_200.0, 1_173);
    slow.summary = twice.summary;
    with_only(&record(vec![slow, fast]), |_, ablation| {
        let ratio = named(ablation, "thread +both").p99_ratio.unwrap();
        assert!((ratio - 2.0).abs() < 0.01, "{ratio}");
        assert_eq!(named(ablation, "thread").p99_ratio, None, "it builds on nothing here");
    });
}

#[test]
fn rows_that_differ_in_policies_are_rows_of_their_own() {
    let bare = ablation_row("beta", "process", "bare");
    let (two, mut three) =
        (ablation_row("beta", "process", "retry"), ablation_row("beta", "process", "retry"));
    three.policies = Some(PolicyChoice { retries: Some(3), ..PolicyChoice::default() });
    let record = record(vec![three, two, bare]);
    with_only(&record, |report, ablation| {
        let names: Vec<&str> = ablation.rungs.iter().map(|rung| &*rung.name).collect();
        assert_eq!(names, ["process", "process +retry 2", "process +retry 3"]);
        let names: Vec<&str> = report.settings.iter().map(|setting| &*setting.name).collect();
        assert_eq!(names, ["process/reset", "process/reset +retry 2", "process/reset +retry 3"]);
    });
}

#[test]
fn a_ladder_is_apart_from_the_same_cells_outside_of_it() {
    let mut plain = ablation_row("beta", "process", "bare");
    plain.step = None;
    with_only(&record(vec![plain, ablation_row("beta", "process", "bare")]), |report, ablation| {
        assert_eq!(ablation.rungs[0].wanted, 1_173);
        assert_eq!(report.ranked().count(), 1);
        assert_eq!(report.settings.len(), 2);
    });
}

#[test]
fn the_floor_is_how_far_the_same_step_was_from_itself() {
    let record = ablation();
    let floor = Report::new(&record).unwrap().ablation_floor.unwrap();
    assert!((floor - 1.0 / 1_173.0).abs() < 1e-12, "{floor}");
}

#[track_caller]
fn headline(rows: Vec<Measurement>, expected: &str) {
    with_only(&record(rows), |report, ablation| {
        assert_eq!(ablation.headline, expected);
        assert_eq!(report.verdict()[0], expected);
    });
}

#[test]
fn the_headline_says_what_it_comes_to() {
    let row = ablation_row;
    let dead = |isolation| {
        let mut row = row("beta", isolation, "bare");
        die(&mut row, 8.2, 490, 0);
        row
    };
    let of = |row: &Measurement| 100.0 * 490.0 / row.plan.good_jobs().unwrap() as f64;
    let thread = dead("thread");
    let share = (of(&thread) * 100.0).floor() / 100.0;
    headline(
        vec![dead("task"), thread, row("alpha", "process", "bare"), row("alpha", "process", "retry")]
            .into_iter()
            .map(|row| Measurement { engine: "alpha".to_owned(), ..row })
            .collect(),
        &format!(
            "On alpha, processes raise the share of good jobs answered rightly from {share} % in threads ({share} % \
             the naive way) to 99.14 %; on top of that, retry is worth +0.68 points; cost: p50 3.90 ms → 6.96 ms."
        ),
    );
    let mut worse = row("beta", "process", "bare");
    set(&mut worse, json!({"outcomes": {"ok": 1_000, "crash": 173}}));
    headline(
        vec![row("beta", "thread", "retry"), {
            let mut bare = row("beta", "thread", "retry");
            (bare.step, bare.policies) = (Some(crate::record::Step::Bare), None);
            bare
        }],
        "On beta, threads answer 100 % of the good jobs rightly; on top of that, policies change nothing.",
    );
    headline(
        vec![row("beta", "task", "bare"), worse],
        "On beta, processes lower the share of good jobs answered rightly from 100 % the naive way to 85.25 %; cost: \
         p50 15.7 ms → 6.96 ms, p99 17.9 ms → 7.96 ms and processor time for 1,000 good jobs 4.09 s → 4.80 s.",
    );
    let mut again = row("beta", "process", "bare");
    again.label = Some("A/A".to_owned());
    set(&mut again, json!({"outcomes": {"ok": 1_171, "crash": 2}}));
    let mut retry = row("beta", "process", "retry");
    set(&mut retry, json!({"outcomes": {"ok": 1_172, "crash": 1}}));
    headline(
        vec![row("beta", "thread", "bare"), row("beta", "process", "bare"), retry, again],
        "On beta, processes leave the share of good jobs answered rightly as it is: 100 %, and 99.91 % in threads; on \
         top of that, policies change nothing; cost: p50 6.27 ms → 6.96 ms, p99 7.17 ms → 7.96 ms and processor time \
         for 1,000 good jobs 4.10 s → 4.09 s.",
    );
    headline(vec![row("beta", "thread", "breaker")], "On beta, no step without policies gave figures.");
}
