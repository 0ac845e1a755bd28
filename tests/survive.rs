//! `jsarena survive` from outside: hosts that live and hosts that die, and what is written down of both.
#![cfg(unix)]

use std::path::Path;

use jsarena::engine::registry;
use jsarena::executor::{Isolation, OutcomeKind};
use jsarena::record::{self, Containment, ContainmentVerdict, RunRecord};
use predicates::prelude::*;

fn survive(args: &[&str], out: &Path) -> assert_cmd::assert::Assert {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_jsarena"));
    command.arg("survive").args(args).arg("--out").arg(out).assert()
}

fn read(out: &Path) -> RunRecord {
    let record = record::load(&out.join("record.json")).unwrap();
    assert_eq!(record::check(&record), Vec::<String>::new());
    record
}

fn is_built(engine: &str) -> bool {
    registry::find(engine).is_some_and(|entry| entry.engine().is_ok())
}

#[test]
fn what_loops_lingers_and_swells_is_contained_in_a_process() {
    let Some(engine) = ["quickjs", "deno_core"].into_iter().find(|engine| is_built(engine)) else { return };
    let out = tempfile::tempdir().unwrap();
    survive(
        &["-e", engine, "--isolation", "process", "--scripts", "loop/plain,state/globals,memory/array-push"],
        out.path(),
    )
    .success()
    .stdout(predicate::str::contains("process contained 3 of 3"));
    let record = read(out.path());
    assert!(record.measurements.is_empty() && record.workloads.is_empty());
    for row in &record.containment {
        assert_eq!(row.verdict, Some(ContainmentVerdict::Contained), "{row:?}");
        assert!(
            row.host_survived && row.recovery_ms.is_some() && row.expected.contains(&row.outcome.unwrap())
        );
        assert!(row.neighbours.submitted > 5 && row.neighbours.lost == 0, "{:?}", row.neighbours);
        assert!(row.neighbours.quiet_p50_us > 100.0, "an innocent job takes about a millisecond");
    }
    for page in ["report.html", "report.md", "containment.csv"] {
        assert!(out.path().join(page).is_file(), "{page}");
    }
}

/// Boa overflows the native stack on some sources, which nothing inside a process can catch.
#[test]
fn a_host_that_dies_is_a_row_and_a_process_saves_it() {
    if !is_built("boa") {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    survive(&["-e", "boa", "--scripts", "stack/regex-groups"], out.path())
        .success()
        .stdout(predicate::str::contains("stack/regex-groups"));
    let record = read(out.path());
    let row = |isolation| -> &Containment {
        record.containment.iter().find(|row| row.isolation == isolation).unwrap()
    };
    for isolation in [Isolation::Task, Isolation::Thread] {
        assert_eq!(row(isolation).verdict, Some(ContainmentVerdict::HostKilled), "{:?}", row(isolation));
        assert!(!row(isolation).host_survived);
        assert!(row(isolation).detail.as_deref().unwrap().contains("signal"), "{:?}", row(isolation));
    }
    let contained = row(Isolation::Process);
    assert_eq!(contained.verdict, Some(ContainmentVerdict::Contained), "{contained:?}");
    assert_eq!(contained.outcome, Some(OutcomeKind::Crash));
    assert!(contained.restarts >= 1);
}

#[test]
fn anyone_s_folder_of_scripts_is_a_corpus() {
    let Some(engine) = ["quickjs", "boa", "deno_core"].into_iter().find(|engine| is_built(engine)) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    std::fs::write(folder.path().join("mine/spin.js"), "for (;;) {}").unwrap();
    std::fs::write(folder.path().join("calm.js"), "return 1").unwrap();
    let out = tempfile::tempdir().unwrap();
    let corpus = folder.path().to_str().unwrap();
    survive(&["-e", engine, "--isolation", "process", "--corpus", corpus], out.path()).success();
    let rows = read(out.path()).containment;
    let told: Vec<_> =
        rows.iter().map(|row| (row.script.as_str(), row.class.as_deref(), row.outcome)).collect();
    let expected =
        [("calm", None, Some(OutcomeKind::Ok)), ("mine/spin", Some("mine"), Some(OutcomeKind::Timeout))];
    assert_eq!(told, expected);
    assert!(rows.iter().all(|row| row.expected.is_empty()), "nothing was declared");
}

/// What an engine cannot stop keeps its thread, also where idle threads of the runtime could hide it.
#[test]
fn a_thread_that_is_lost_is_a_leak() {
    if !is_built("quickjs") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("minutes.js"), "return Array(4294967295).join('').length").unwrap();
    let out = tempfile::tempdir().unwrap();
    let corpus = folder.path().to_str().unwrap();
    survive(&["-e", "quickjs", "--corpus", corpus], out.path()).success();
    for row in read(out.path()).containment {
        let (verdict, threads) = match row.isolation {
            Isolation::Process => (ContainmentVerdict::Contained, 0),
            Isolation::Task | Isolation::Thread => (ContainmentVerdict::Degraded, 1),
            Isolation::Remote => panic!("nothing here is a server: {row:?}"),
        };
        assert_eq!((row.verdict, row.leaked.threads), (Some(verdict), threads), "{row:?}");
    }
}

#[test]
fn what_cannot_be_tried_is_said() {
    let out = tempfile::tempdir().unwrap();
    survive(&["--scripts", "loop/plane"], out.path()).code(2).stderr(predicate::str::contains(
        "no hostile script matches `loop/plane`; did you mean `loop/plain`?",
    ));
    survive(&["--timeout", "1s", "--outer-timeout", "500ms"], out.path())
        .code(2)
        .stderr(predicate::str::contains("is before the inner deadline"));
    // The fake runs no JavaScript, so it cannot run innocent jobs either.
    survive(&["-e", "fake", "--isolation", "thread", "--scripts", "loop/plain"], out.path())
        .code(3)
        .stderr(predicate::str::contains("not a single script was tried: engine error: an innocent job"));
}
