//! `jsarena capacity` from outside: a server whose capacity is known, one that runs JavaScript, and what has none.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jsarena::capacity::Purpose;
use jsarena::engine::registry;
use jsarena::record::{self, Capacity, RunRecord};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// What a job takes, all of it waiting, so that a busy machine hardly makes it longer.
const SERVICE: Duration = Duration::from_millis(20);

/// Jobs a second of one worker that does nothing else.
const ONE_WORKER_PER_S: f64 = 50.0;

/// Measurements that run at once disturb each other.
static MEASURES: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MEASURES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder with one workload for the fake engine.
fn suite(body: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("made/server");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(folder.join("main.js"), body).unwrap();
    fs::write(folder.join("expected.json"), "null").unwrap();
    root
}

fn server() -> TempDir {
    suite(&format!("serve constant {}ms", SERVICE.as_millis()))
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

/// Runs `jsarena capacity` in an empty folder: what it says, and its exit code.
fn capacity(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut program = assert_cmd::Command::new(env!("CARGO_BIN_EXE_jsarena"));
    let output = program.arg("capacity").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn read(out: &Path) -> RunRecord {
    let record = record::load(&out.join("record.json")).unwrap();
    assert_eq!(record::check(&record), Vec::<String>::new());
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let value = serde_json::to_value(&record).unwrap();
    let wrong = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = wrong.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    record
}

/// A rate is within its interval, the search came to it from a bracket, and nothing that held is above what broke.
fn assert_is_found(row: &Capacity) -> f64 {
    let rate = row.rate_per_s.unwrap_or_else(|| panic!("{row:?}"));
    let [low, high] = row.interval.unwrap();
    assert!(low <= rate && rate < high && high <= low * (1.0 + row.precision) * 1.000_001, "{row:?}");
    assert!(row.curve.iter().any(|point| point.purpose == Purpose::Bracket));
    assert_eq!(row.confirmed.unwrap().of, 1);
    assert!(row.curve.iter().all(|point| point.figures.is_some_and(|figures| figures.submitted > 0)));
    let seeds: std::collections::BTreeSet<u64> = row.curve.iter().map(|point| point.seed).collect();
    assert_eq!(seeds.len(), row.curve.len(), "every probe has due times of its own");
    rate
}

#[test]
fn the_capacity_of_a_known_server_is_near_theory_and_two_workers_do_twice_as_much() {
    let _alone = alone();
    let (suite, out) = (server(), TempDir::new().unwrap());
    let (code, stdout, stderr) = capacity(&[
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--slo",
        "errors<5%, p50 < 200ms",
        "--workers",
        "1,2",
        "--precision",
        "20%",
        "--quick",
        "--out",
        path(&out),
    ]);
    let record = read(out.path());
    let [one, two] = &record.capacity[..] else { panic!("{:?}", record.capacity) };
    assert_eq!(code, Some(0), "{stderr}\n{:?}", record.capacity);
    assert_eq!((one.slo.as_str(), one.workers, two.workers), ("p50<200ms,errors<5%", 1, 2));
    // Jobs that come evenly are held up to what the server can do. A run sees that they come too fast once its queue
    // has outgrown the limit, here from 17 % on; and a busy machine wakes sleepers late.
    for (row, workers) in [(one, 1.0), (two, 2.0)] {
        let share = assert_is_found(row) / (ONE_WORKER_PER_S * workers);
        assert!((0.4..1.25).contains(&share), "{share}: {row:?}");
        let closed = row.closed_loop_per_s.unwrap() / (ONE_WORKER_PER_S * workers);
        assert!((0.4..1.001).contains(&closed), "{closed}");
    }
    assert!(
        stdout.starts_with("fake on made/server (thread/keep) held p50<200ms,errors<5% up to "),
        "{stdout}"
    );
    let pages = ["report.md", "report.html", "capacity.csv", "capacity-curve.csv"];
    for page in pages {
        assert!(stdout.contains(page) && out.path().join(page).is_file(), "{page}: {stdout}");
    }
    let curve = fs::read_to_string(out.path().join("capacity-curve.csv")).unwrap();
    assert_eq!(curve.lines().count(), 1 + one.curve.len() + two.curve.len());
    let html = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert_eq!(html.matches("class=\"plot\"").count(), 2);
}

#[test]
fn an_engine_that_runs_javascript_has_a_capacity_too() {
    let _alone = alone();
    let is_built = |engine: &&str| registry::find(engine).is_some_and(|entry| entry.engine().is_ok());
    let Some(engine) = ["quickjs", "boa", "deno_core"].into_iter().find(is_built) else { return };
    let out = TempDir::new().unwrap();
    // A limit that a busy machine does not break by itself.
    let (code, stdout, stderr) = capacity(&[
        "-e",
        engine,
        "-w",
        "seed/fib",
        "--slo",
        "p50<200ms",
        "--workers",
        "1",
        "--quick",
        "--duration",
        "1s",
        "--precision",
        "30%",
        "--out",
        path(&out),
        "--format",
        "json",
    ]);
    let printed: RunRecord = serde_json::from_str(&stdout).unwrap();
    let record = read(out.path());
    assert_eq!(printed.capacity, record.capacity, "the record and nothing else");
    assert_eq!(record.capacity.len(), 1);
    let row = &record.capacity[0];
    assert_eq!(
        (row.engine.as_str(), row.workload.as_str(), code),
        (engine, "seed/fib", Some(0)),
        "{stderr} {row:?}"
    );
    assert_is_found(row);
    let validated = assert_cmd::Command::new(env!("CARGO_BIN_EXE_jsarena"))
        .args(["report", "--validate", out.path().join("record.json").to_str().unwrap()])
        .output()
        .unwrap();
    assert!(validated.status.success(), "{validated:?}");
}

#[test]
fn what_no_rate_holds_is_said_with_its_reason_and_exit_1() {
    let _alone = alone();
    let (suite, out) = (server(), TempDir::new().unwrap());
    let (code, stdout, _) = capacity(&[
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--slo",
        "p50<10ms,errors<5%",
        "--workers",
        "1",
        "--quick",
        "--out",
        path(&out),
    ]);
    let record = read(out.path());
    let row = &record.capacity[0];
    assert_eq!((code, row.rate_per_s), (Some(1), None), "{stdout}");
    let why = row.why.as_deref().unwrap();
    assert!(why.starts_with("no rate can hold it") && why.contains("p50 was "), "{why}");
    assert!(row.curve.iter().all(|point| !point.held) && row.curve.len() == 3, "{:?}", row.curve);
    assert!(
        stdout.contains("has no rate for p50<10ms,errors<5% with 1 worker: no rate can hold"),
        "{stdout}"
    );
}

#[test]
fn an_engine_that_dies_or_only_errs_has_a_reason() {
    for (body, expected) in [
        ("throw TypeError no", "in a closed loop: no job had a right answer: "),
        ("abort", "in a closed loop: signal 6 (SIGABRT)"),
    ] {
        let (suite, out) = (suite(body), TempDir::new().unwrap());
        let (code, ..) = capacity(&[
            "-e",
            "fake",
            "-w",
            path(&suite),
            "--slo",
            "p50<1s",
            "--workers",
            "1",
            "--quick",
            "--out",
            path(&out),
        ]);
        let record = read(out.path());
        let why = record.capacity[0].why.as_deref().unwrap();
        assert!(code == Some(1) && why.starts_with(expected), "{code:?}: {why}");
    }
}

#[test]
fn what_is_asked_wrongly_is_one_line_and_exit_2() {
    let asked = |more: &[&str]| {
        let asked = [&["-e", "fake", "-w", "seed/fib", "--slo", "p99<50ms"], more].concat();
        capacity(&asked)
    };
    for ((code, stdout, stderr), expected) in [
        (capacity(&["-e", "fake", "-w", "seed/fib"]), "--slo 'p99<50ms,errors<0.1%'"),
        (capacity(&["--slo", "p99<50ms"]), "needs an engine and a workload"),
        (
            capacity(&["-e", "fake", "-w", "seed/fib", "--slo", "p99<fast"]),
            "`fast` is no time for p99; write 50ms",
        ),
        (asked(&["--concurrency", "4"]), "concurrency: capacity runs open loops"),
        (asked(&["--count", "4"]), "count: a probe runs for a time"),
        (asked(&["--hostile", "5%"]), "hostile: an objective is for good jobs"),
        (asked(&["--workers", "1,0"]), "workers: give at least 1"),
        (asked(&["--workers", "1,two"]), "`two` is no number"),
        (asked(&["--precision", "0.1%"]), "precision: 0.1% is finer than load runs tell apart"),
    ] {
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{expected}: {stderr}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    }
}

#[test]
fn engines_that_are_not_built_in_are_rows_that_say_so() {
    let is_missing = |engine: &&str| registry::find(engine).is_some_and(|entry| entry.engine().is_err());
    let Some(missing) = ["rustyscript", "deno_core", "boa", "quickjs"].into_iter().find(is_missing) else {
        return;
    };
    let out = TempDir::new().unwrap();
    let (code, _, stderr) = capacity(&[
        "-e",
        missing,
        "-w",
        "seed/fib",
        "--slo",
        "p99<50ms",
        "--workers",
        "1,2",
        "--out",
        path(&out),
    ]);
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("none of the engines asked for is built in"), "{stderr}");
    let record = read(out.path());
    assert_eq!(record.capacity.len(), 2);
    assert!(record.capacity.iter().all(|row| row.why.as_deref().unwrap().starts_with("not built")));
}

#[test]
fn what_was_tried_before_a_signal_is_on_disk() {
    let _alone = alone();
    let (suite, out) = (server(), TempDir::new().unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_jsarena"))
        .args(["capacity", "-e", "fake", "-w", path(&suite), "--slo", "p90<50ms", "--workers", "1,2"])
        .args(["--duration", "1s", "--warmup", "0s", "--precision", "1%", "--out", path(&out)])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let record_path = out.path().join("record.json");
    let tried = || {
        record::load(&record_path)
            .map_or(0, |record| record.capacity.iter().map(|row| row.curve.len()).sum::<usize>())
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while tried() < 1 && Instant::now() < patience {
        thread::sleep(Duration::from_millis(20));
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert_eq!(status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("stopped early by a signal: 0 of 2 searches came to an end"), "{stderr}");
    let record = read(out.path());
    let row = &record.capacity[0];
    assert!(!row.curve.is_empty() && row.rate_per_s.is_none(), "{row:?}");
    assert!(row.why.as_deref().unwrap().starts_with("stopped early by a signal after "), "{row:?}");
    assert!(out.path().join("report.md").is_file());
}
