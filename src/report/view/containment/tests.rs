//! The scorecard's arithmetic, case by case.

use serde_json::Value;

use crate::record::{Containment, RunRecord};
use crate::report::fixture::{self, hostile_row};
use crate::report::view::Report;

use super::*;

/// A row of the fixture's that nothing spoils.
fn good(engine: &str, number: usize) -> Containment {
    hostile_row(&format!("made/up-{number:03}"), &["timeout"], engine, "thread")
}

/// That row with these fields of its own.
fn with(row: Containment, fields: &[(&str, Value)]) -> Containment {
    let mut row = serde_json::to_value(row).unwrap();
    for (name, value) in fields {
        row[*name] = value.clone();
    }
    serde_json::from_value(row).unwrap()
}

fn record(rows: Vec<Containment>) -> RunRecord {
    let mut record = fixture::hostile();
    record.containment = rows;
    record
}

/// The first column of the rows' scorecard.
fn tally(rows: Vec<Containment>) -> Tally {
    let record = record(rows);
    let mut groups = Report::new(&record).unwrap().scorecard.unwrap().groups;
    groups.remove(0).columns.remove(0).tally
}

fn headline_of(rows: Vec<Containment>) -> String {
    Report::new(&record(rows)).unwrap().verdict()[0].clone()
}

#[test]
fn recoveries_have_a_p99_from_a_hundred_on() {
    let after = |millis: f64| vec![("recovery_ms", millis.into())];
    let hundred: Vec<_> = (0..100).map(|n| with(good("alpha", n), &after(n as f64 + 1.0))).collect();
    let recovery = tally(hundred.clone()).recovery;
    assert_eq!((recovery.p99, recovery.max, recovery.never), (Some(99.0), Some(100.0), 0));
    assert_eq!(tally(hundred[1..].to_vec()).recovery.p99, None);
}

#[test]
fn a_pool_that_never_recovered_took_longest() {
    let never = [("recovery_ms", Value::Null), ("verdict", "degraded".into())];
    let mut rows: Vec<_> = (0..198).map(|n| good("alpha", n)).collect();
    rows.push(with(good("alpha", 198), &never));
    let recovery = tally(rows.clone()).recovery;
    assert_eq!((recovery.p99, recovery.max, recovery.never), (Some(4.25), Some(f64::INFINITY), 1));
    rows.extend((199..202).map(|n| with(good("alpha", n), &never)));
    assert_eq!(tally(rows).recovery.p99, Some(f64::INFINITY));
}

#[test]
fn a_host_that_died_has_no_recovery_to_wait_for() {
    let killed = [
        ("recovery_ms", Value::Null),
        ("host_survived", false.into()),
        ("outcome", Value::Null),
        ("verdict", "host_killed".into()),
    ];
    let recovery = tally(vec![good("alpha", 0), with(good("alpha", 1), &killed)]).recovery;
    assert_eq!((recovery.max, recovery.never), (Some(4.25), 0));
}

#[test]
fn latencies_count_only_where_both_were_seen() {
    // 400 jobs a row: three rows carry a p99, two do not.
    let mut rows: Vec<_> = (0..3).map(|n| good("alpha", n)).collect();
    let (beside, quiet) = tally(rows.clone()).p99.unwrap();
    assert!((beside / quiet - 1.6).abs() < 0.01, "{beside} {quiet}");
    rows[2].neighbours.latency = None;
    assert_eq!(tally(rows).p99, None);
}

#[test]
fn a_script_that_still_ran_at_the_end_is_counted() {
    let rows = vec![
        with(good("alpha", 0), &[("overrun_ms", 12.5.into())]),
        with(good("alpha", 1), &[("overrun_ms", Value::Null)]),
        good("alpha", 2),
    ];
    let tally = tally(rows);
    assert_eq!(tally.overrun, Some((12.5, "made/up-000".to_owned())));
    assert_eq!(tally.endless, 1);
}

#[test]
fn a_row_that_could_not_be_run_counts_nowhere() {
    let not_run = [("verdict", Value::Null), ("outcome", Value::Null), ("error", "no child".into())];
    let record =
        record(vec![good("alpha", 0), with(good("alpha", 1), &not_run), with(good("beta", 0), &not_run)]);
    let scorecard = Report::new(&record).unwrap().scorecard.unwrap();
    assert_eq!((scorecard.scripts, scorecard.columns().count()), (2, 1));
    let counts = scorecard.groups[0].total();
    assert_eq!((counts.total(), counts.contained()), (1, 1));
    assert_eq!(scorecard.not_run.iter().map(|not_run| not_run.rows).sum::<u64>(), 2);
    assert_eq!(scorecard.partial().map(|(.., count)| count).collect::<Vec<_>>(), [1]);
}

#[test]
fn the_strongest_isolation_comes_first_and_reuses_stand_apart() {
    let under = |isolation: &str, reuse: &str| {
        with(good("alpha", 0), &[("isolation", isolation.into()), ("reuse", reuse.into())])
    };
    let record = record(vec![
        under("task", "fresh"),
        under("thread", "reset"),
        under("process", "keep"),
        under("thread", "keep"),
    ]);
    let scorecard = Report::new(&record).unwrap().scorecard.unwrap();
    let names: Vec<&str> = scorecard.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["process", "thread/keep", "thread/reset", "task"]);
}

#[test]
fn the_headline_is_short_where_all_is_well_and_names_who_kills() {
    let killed = |engine: &str, number: usize| {
        let fields =
            [("verdict", "host_killed".into()), ("host_survived", false.into()), ("outcome", Value::Null)];
        with(good(engine, number), &fields)
    };
    let degraded = with(good("alpha", 1), &[("outcome", "ok".into()), ("verdict", "degraded".into())]);
    assert_eq!(headline_of(vec![good("alpha", 0)]), "1 hostile script: thread contained 1 of 1 on alpha.");
    assert_eq!(
        headline_of(vec![good("alpha", 0), good("beta", 0)]),
        "1 hostile script: thread contained 2 of 2 on all 2 engines."
    );
    assert_eq!(
        headline_of(vec![
            killed("alpha", 0),
            degraded,
            killed("beta", 0),
            killed("beta", 1),
            good("beta", 2)
        ]),
        "3 hostile scripts: thread contained 1 of 5, while 3 killed the host (beta 2, alpha 1) and 1 degraded."
    );
}

#[test]
fn what_goes_wrong_in_the_same_way_stands_together() {
    let ok = [("outcome", "ok".into()), ("verdict", "degraded".into())];
    let leaked =
        [("leaked", serde_json::json!({"threads": 2, "children": 1})), ("verdict", "degraded".into())];
    let record = record(vec![
        with(good("alpha", 0), &leaked),
        with(with(good("alpha", 1), &ok), &[("expected", serde_json::json!(["timeout", "crash"]))]),
        with(with(good("alpha", 2), &ok), &[("expected", serde_json::json!(["crash", "timeout"]))]),
        good("alpha", 3),
    ]);
    let scorecard = Report::new(&record).unwrap().scorecard.unwrap();
    let faults: Vec<(&str, Vec<String>)> = scorecard.groups[0].columns[0]
        .faults
        .iter()
        .map(|fault| (fault.why.as_str(), fault.scripts.clone()))
        .collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        faults,
        [
            ("ok instead of timeout or crash", names(&["made/up-001", "made/up-002"])),
            ("threads leaked; child processes leaked", names(&["made/up-000"])),
        ]
    );
}
