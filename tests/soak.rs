//! Soaks, hostile jobs, policies and early stops from outside: real processes, real files.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with one workload, `made/it`.
fn suite(body: &str, expected: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("made").join("it");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(folder.join("main.js"), body).unwrap();
    fs::write(folder.join("expected.json"), expected).unwrap();
    root
}

/// A folder of hostile scripts.
fn corpus(scripts: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (name, body) in scripts {
        fs::write(root.path().join(format!("{name}.js")), body).unwrap();
    }
    root
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn jsarena(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("jsarena"));
    command.args(arguments);
    command
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(arguments: &[&str]) -> Ran {
    let output = jsarena(arguments).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn record(folder: &Path) -> Value {
    let record: Value = serde_json::from_slice(&fs::read(folder.join("record.json")).unwrap()).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let checked = run(&["report", folder.join("record.json").to_str().unwrap(), "--validate"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
    record
}

fn total(outcomes: &Value) -> u64 {
    outcomes.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn a_steady_soak_is_well_its_numbers_add_up_and_every_page_shows_it() {
    let suite = suite("sleep 1ms; return 2", "2");
    let hostile = corpus(&[("throws", "throw Error no"), ("panics", "panic no"), ("loops", "loop")]);
    let out = TempDir::new().unwrap();
    let soak = ["run", "--soak", "-e", "fake", "-w", path(&suite), "--duration", "3s", "--workers", "2"];
    let mixed = ["--hostile", "20%", "--hostile-timeout", "100ms", "--corpus", path(&hostile)];
    let ran = run(&[&soak[..], &mixed, &["--out", path(&out)]].concat());
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let record = record(out.path());
    let row = &record["measurements"][0];
    assert_eq!(row["policies"], serde_json::json!({"retries": 2, "breaker": 10}));
    assert_eq!(row["plan"]["hostile_share"], 0.2);
    let summary = &row["summary"];
    let (good, bad) =
        (summary["submitted"].as_u64().unwrap(), summary["hostile"]["submitted"].as_u64().unwrap());
    assert_eq!((total(&summary["outcomes"]), total(&summary["hostile"]["outcomes"])), (good, bad));
    let count = |kind: &str| summary["outcomes"][kind].as_u64().unwrap();
    assert_eq!(count("ok") + count("rejected") + count("circuit_open"), good, "{summary}");
    let share = bad as f64 / (good + bad) as f64;
    assert!(good > 100 && (0.1..0.3).contains(&share), "{good} good, {bad} hostile");
    assert!(summary["hostile"]["outcomes"]["timeout"].as_u64() > Some(0), "{summary}");
    let soak = &summary["soak"];
    assert_eq!((&soak["verdict"], &soak["lost_jobs"]), (&"steady".into(), &0.into()), "{}", ran.stdout);
    assert!(soak["series"].as_array().unwrap().len() > 30);
    assert!(ran.stdout.contains("Soak: fake on made/it under thread/keep"), "{}", ran.stdout);
    for (page, shown) in [
        ("report.md", "## Soak"),
        ("report.md", "| resident memory |"),
        ("report.md", "Hostile jobs"),
        ("report.html", "Resident memory, fake on made"),
    ] {
        assert!(fs::read_to_string(out.path().join(page)).unwrap().contains(shown), "{page}: {shown}");
    }
}

/// Whether a leak of 64 KiB a job is called growth, and what is said of it.
fn leaks(engine: &str, body: &str) {
    let suite = suite(body, "2");
    let out = TempDir::new().unwrap();
    // 12.5 MiB a second: an open loop, so that a slow machine leaks as much.
    let load =
        ["--rate", "200", "--duration", "3s", "--hostile", "0%", "--memory", "4GiB", "--reuse", "keep"];
    let ran =
        run(&[&["run", "--soak", "-e", engine, "-w", path(&suite), "--out", path(&out)][..], &load].concat());
    assert_eq!(ran.code, Some(1), "{}\n{}", ran.stdout, ran.stderr);
    let finding = ran.stderr.lines().find(|line| line.contains("resident memory grows by")).unwrap();
    assert!(finding.contains("95 % interval"), "{finding}");
    assert_eq!(ran.stderr.lines().count(), 1, "one finding, one line: {}", ran.stderr);
    let record = record(out.path());
    let soak = &record["measurements"][0]["summary"]["soak"];
    assert_eq!(soak["verdict"], "failed");
    let grows = |trend: &&Value| trend["grows"] == true;
    let grown: Vec<&Value> = soak["trends"].as_array().unwrap().iter().filter(grows).collect();
    assert_eq!(grown.len(), 1, "{soak}");
    assert_eq!(grown[0]["resource"], "rss_bytes");
    // 200 jobs a second of 64 KiB, over the nine tenths that are judged.
    let leaked = 200.0 * 65_536.0 * 3.0 * 0.9;
    let growth = grown[0]["growth"].as_f64().unwrap();
    assert!((leaked * 0.7..leaked * 1.5).contains(&growth), "{growth} of {leaked}");
}

#[test]
fn a_leak_is_called_growth() {
    leaks("fake", "allocate 64KiB; return 2");
}

fn has_quickjs() -> bool {
    let listed: Vec<Value> = serde_json::from_str(&run(&["engines", "--format", "json"]).stdout).unwrap();
    listed.iter().any(|engine| engine["id"] == "quickjs" && engine["info"].is_object())
}

#[test]
fn a_script_of_the_corpus_loops_among_good_jobs_and_harms_none() {
    if !has_quickjs() {
        return;
    }
    let load = ["run", "-e", "quickjs", "-w", "seed/one-plus-one", "--count", "40", "--workers", "2"];
    let mixed =
        ["--hostile", "30%", "--scripts", "loop/plain", "--hostile-timeout", "50ms", "--format", "json"];
    let ran = run(&[&load[..], &mixed].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    let summary = &record["measurements"][0]["summary"];
    let hostile = &summary["hostile"];
    assert_eq!((&hostile["scripts"], &hostile["outcomes"]["timeout"]), (&1.into(), &hostile["submitted"]));
    let (good, bad) = (summary["outcomes"]["ok"].as_u64().unwrap(), hostile["submitted"].as_u64().unwrap());
    assert_eq!((good + bad, &summary["submitted"]), (40, &good.into()));
    assert!(bad > 3, "{summary}");
}

#[test]
fn a_leak_of_real_javascript_is_called_growth() {
    if has_quickjs() {
        leaks(
            "quickjs",
            "const kept = (globalThis.kept ??= []); kept.push(new Uint8Array(65536).fill(1)); return 2",
        );
    }
}

#[test]
fn good_jobs_that_fail_fail_a_soak_and_those_turned_away_do_not() {
    let wrong = suite("return 3", "2");
    let soak = ["run", "--soak", "-e", "fake", "--duration", "1s", "--hostile", "0%", "--format", "json"];
    let ran = run(&[&soak[..], &["-w", path(&wrong)]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("wrong answer: 3"), "{}", ran.stderr);
    let slow = suite("sleep 20ms; return 2", "2");
    let shed = ["-w", path(&slow), "--rate", "500", "--workers", "1", "--in-flight", "2", "--retries", "0"];
    let ran = run(&[&soak[..], &shed].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    let row = &record["measurements"][0];
    assert!(row["summary"]["outcomes"]["rejected"].as_u64() > Some(100), "{row}");
    assert_eq!(row["policies"], serde_json::json!({"breaker": 10, "in_flight": 2}));
}

#[test]
fn policies_are_off_until_asked_for() {
    let suite = suite("panic no", "2");
    let outcomes = |more: &[&str]| {
        let run_it = ["run", "-e", "fake", "-w", path(&suite), "--count", "30", "--warmup", "0s"];
        let ran =
            run(&[&run_it[..], &["--workers", "1", "--concurrency", "1", "--format", "json"], more].concat());
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let mut record: Value = serde_json::from_str(&ran.stdout).unwrap();
        record["measurements"][0].take()
    };
    let plain = outcomes(&[]);
    assert_eq!((&plain["summary"]["retries"], &plain["policies"]), (&0.into(), &Value::Null));
    assert_eq!(plain["summary"]["outcomes"]["circuit_open"], 0);
    let retried = outcomes(&["--retries", "1"]);
    assert!(retried["summary"]["retries"].as_u64() >= Some(30), "{retried}");
    let broken = outcomes(&["--breaker", "3"]);
    assert!(broken["summary"]["outcomes"]["circuit_open"].as_u64() >= Some(20), "{broken}");
    assert!(broken["summary"]["outcomes"]["panic"].as_u64() >= Some(3), "{broken}");
}

/// A run of a minute whose jobs print, once its first job has.
fn under_way(body: &str, out: &TempDir, more: &[&str]) -> (Child, TempDir) {
    let suite = suite(&format!("print it runs; {body}; return 2"), "2");
    let run_it = ["run", "-e", "fake", "-w", path(&suite), "--duration", "60s", "--warmup", "0s"];
    let mut child = jsarena(&[&run_it[..], &["--out", path(out)], more].concat())
        .env("JSARENA_LOG", "jsarena::child=debug")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("it runs")), "it ended before its first job");
    // Whoever writes to a closed pipe would die of it: the rest is read too.
    std::thread::spawn(move || said.for_each(drop));
    (child, suite)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_stops_submitting_and_every_job_has_its_outcome() {
    for (name, more) in [("TERM", &[][..]), ("INT", &["--rate", "50"][..])] {
        let out = TempDir::new().unwrap();
        let (mut child, _suite) = under_way("sleep 30ms", &out, more);
        let asked = Instant::now();
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}: early, but well");
        assert!(asked.elapsed() < Duration::from_secs(20), "{name}");
        let record = record(out.path());
        let summary = &record["measurements"][0]["summary"];
        let submitted = summary["submitted"].as_u64().unwrap();
        assert!(submitted > 0 && summary["stopped_early"] == true, "{name}: {summary}");
        assert_eq!((total(&summary["outcomes"]), &summary["outcomes"]["ok"]), (submitted, &submitted.into()));
        let page = fs::read_to_string(out.path().join("report.md")).unwrap();
        assert!(page.contains("Stopped early in 1 cell"), "{name}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    use std::os::unix::process::ExitStatusExt;
    let out = TempDir::new().unwrap();
    // Jobs that end after 25 seconds, as no deadline stops them.
    let (mut child, _suite) = under_way("hang 25s", &out, &[]);
    let cells = children(&child);
    let asked = Instant::now();
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it waits for its jobs");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    while !cells.iter().all(|cell| is_gone(cell)) && asked.elapsed() < Duration::from_secs(15) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(asked.elapsed() < Duration::from_secs(15), "cells {cells:?}");
}

/// The processes that a process has started, where the system tells.
fn children(of: &Child) -> Vec<String> {
    let path = format!("/proc/{0}/task/{0}/children", of.id());
    let list = fs::read_to_string(path).unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}

/// Whether a process has ended, waited for or not.
fn is_gone(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn what_is_asked_wrongly_is_one_line_and_exit_2() {
    let suite = suite("return 2", "2");
    let run_it = ["run", "-e", "fake", "-w", path(&suite), "--count", "10"];
    for (more, expected) in [
        (&["--scripts", "loop"][..], "say what part of the jobs is to be hostile"),
        (&["--hostile", "5"][..], "write 5% or 0.05"),
        (&["--hostile", "5%", "--scripts", "loop/plane"], "did you mean `loop/plain`?"),
        (&["--hostile", "5%", "--corpus", "no-such-folder"], "no-such-folder"),
        (&["--soak", "--quick"], "--quick"),
        (&["--in-flight", "0"], "in_flight: give at least 1"),
    ] {
        let ran = run(&[&run_it[..], more].concat());
        assert_eq!((ran.code, ran.stderr.trim_end().lines().count()), (Some(2), 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    assert_eq!(run(&["compare", "--soak"]).code, Some(2), "only `run` soaks");
}
