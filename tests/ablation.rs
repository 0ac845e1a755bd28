//! `compare --ablation` from outside: real processes, real files, hosts that really die.

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use common::{Ran, jsarena};

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

/// A folder with one workload for the fake engine, `made/it`, and one of hostile scripts.
fn suite(body: &str, hostile: &[(&str, &str)]) -> (TempDir, TempDir) {
    let (root, corpus) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = root.path().join("made").join("it");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(folder.join("main.js"), body).unwrap();
    fs::write(folder.join("expected.json"), "2").unwrap();
    for (name, body) in hostile {
        fs::write(corpus.path().join(format!("{name}.js")), body).unwrap();
    }
    (root, corpus)
}

fn ablation(arguments: &[&str]) -> Ran {
    jsarena(&[&["compare", "--ablation"], arguments].concat())
}

/// The rows of a record that its schema and its sums allow.
fn rows(folder: &Path) -> Vec<Value> {
    let file = folder.join("record.json");
    let record: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let mut command = Command::cargo_bin("jsarena").unwrap();
    let checked = command.args(["report", file.to_str().unwrap(), "--validate"]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    record["measurements"].as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap()
}

fn total(outcomes: &Value) -> u64 {
    outcomes.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

fn has_quickjs() -> bool {
    let mut command = Command::cargo_bin("jsarena").unwrap();
    let listed = command.args(["engines", "--format", "json"]).output().unwrap().stdout;
    let listed: Vec<Value> = serde_json::from_slice(&listed).unwrap();
    listed.iter().any(|engine| engine["id"] == "quickjs" && engine["info"].is_object())
}

#[test]
fn the_whole_ladder_of_a_real_engine_adds_up() {
    if !has_quickjs() {
        return;
    }
    let out = TempDir::new().unwrap();
    // A fifth is hostile, so that a second of it has some.
    let load = ["--duration", "1s", "--warmup", "100ms", "--hostile", "20%", "--hostile-timeout", "50ms"];
    let ran =
        ablation(&[&["-e", "quickjs", "-w", "seed/filter-records", "--out", path(&out)][..], &load].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let rows = rows(out.path());
    let again: Vec<&Value> = rows.iter().filter(|row| !row["label"].is_null()).collect();
    assert_eq!((rows.len(), again.len()), (10, 1));
    let mut places: Vec<String> = rows
        .iter()
        .map(|row| format!("{}/{}/{}", text(row, "isolation"), text(row, "reuse"), text(row, "step")))
        .collect();
    places.sort();
    places.dedup();
    let expected = [
        "process/reset/bare",
        "process/reset/both",
        "process/reset/breaker",
        "process/reset/retry",
        "task/fresh/bare",
        "thread/reset/bare",
        "thread/reset/both",
        "thread/reset/breaker",
        "thread/reset/retry",
    ];
    assert_eq!(places, expected);
    let mut met = Vec::new();
    for row in &rows {
        let policies = match text(row, "step") {
            "bare" => Value::Null,
            "retry" => serde_json::json!({"retries": 2}),
            "breaker" => serde_json::json!({"breaker": 10}),
            _ => serde_json::json!({"retries": 2, "breaker": 10}),
        };
        assert_eq!(row["policies"], policies, "{row}");
        // A host may die of what it met; nothing else may keep a step from its figures.
        let Some(summary) = row["summary"].as_object() else {
            assert!(row["died"]["at_s"].is_number(), "{row}");
            continue;
        };
        let (good, bad) = (&summary["submitted"], &summary["hostile"]["submitted"]);
        assert_eq!(
            (&Value::from(total(&summary["outcomes"])), &Value::from(total(&summary["hostile"]["outcomes"]))),
            (good, bad)
        );
        assert!(good.as_u64().unwrap() > 30 && bad.as_u64().unwrap() > 3, "{summary:?}");
        met.push((good.clone(), bad.clone()));
    }
    met.dedup();
    assert_eq!(met.len(), 1, "every step meets the same jobs: {met:?}");
    assert!(ran.stdout.starts_with("On quickjs, processes "), "{}", ran.stdout);
    let at = |step: &str| {
        ran.stdout.find(&format!("\n {step} ")).unwrap_or_else(|| panic!("{step}: {}", ran.stdout))
    };
    let ladder =
        ["task", "thread", "thread +retry", "thread +breaker", "thread +both", "process", "process +both"];
    assert!(ladder.map(at).is_sorted(), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Ranking"), "{}", ran.stdout);
}

#[test]
fn a_host_that_dies_is_a_row_with_the_jobs_it_had_answered() {
    let (suite, corpus) = suite("return 2", &[("kills", "abort")]);
    let out = TempDir::new().unwrap();
    let ladder = ["--isolation", "thread,process", "--breaker", "0", "--workers", "2"];
    let load = [
        "--rate",
        "100",
        "--duration",
        "2s",
        "--warmup",
        "50ms",
        "--hostile",
        "2%",
        "--corpus",
        path(&corpus),
    ];
    let ran =
        ablation(&[&["-e", "fake", "-w", path(&suite), "--out", path(&out)][..], &ladder, &load].concat());
    assert_eq!(ran.code, 0, "hosts that are killed are what is measured: {}\n{}", ran.stdout, ran.stderr);
    let rows = rows(out.path());
    let under = |isolation: &str| {
        let rows: Vec<&Value> = rows.iter().filter(|row| text(row, "isolation") == isolation).collect();
        assert!(rows.len() >= 2, "{isolation}");
        rows
    };
    let mut planned = 0;
    for row in under("process") {
        let summary = &row["summary"];
        assert!(summary["hostile"]["outcomes"]["crash"].as_u64() > Some(0), "{row}");
        assert!(summary["restarts"].as_u64() > Some(0), "{row}");
        planned = summary["submitted"].as_u64().unwrap();
        let share = summary["outcomes"]["ok"].as_f64().unwrap() / planned as f64;
        assert!(share > 0.5, "{row}");
    }
    let page = fs::read_to_string(out.path().join("report.md")).unwrap();
    for row in under("thread") {
        assert!(text(row, "error").starts_with("signal 6 (SIGABRT)"), "{row}");
        let died = &row["died"];
        let (at, finished) = (died["at_s"].as_f64().unwrap(), died["finished"].as_u64().unwrap());
        // A good job every hundredth of a second, as far as it had said so.
        assert!(at > 0.0 && finished as f64 <= at * 100.0 + 2.0, "{row}");
        assert!(finished as f64 >= at * 100.0 * 0.9 - 40.0, "{row}");
        assert!(page.contains(&format!("{finished} of {planned} good jobs had been answered")), "{page}");
    }
    assert!(page.contains("killed after") && page.contains("processes raise the share"), "{page}");
}

#[test]
fn a_step_that_cannot_run_fails_the_run() {
    // It dies of its own good job, before the clock starts.
    let (suite, corpus) = suite("abort", &[("throws", "throw Error no")]);
    let out = TempDir::new().unwrap();
    let ladder = ["--isolation", "thread", "--breaker", "0", "--retries", "0", "--corpus", path(&corpus)];
    let load = ["--duration", "200ms", "--warmup", "200ms", "--out", path(&out)];
    let ran = ablation(&[&["-e", "fake", "-w", path(&suite)][..], &ladder, &load].concat());
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(rows(out.path()).iter().all(|row| row["died"].is_null() && row["error"].is_string()));
}

#[test]
fn what_makes_no_ladder_is_one_line_and_exit_2() {
    for (more, expected) in
        [(&["--concurrency", "2"][..], "--rate instead of"), (&["--reuse", "keep,reset"], "one reuse")]
    {
        let ran = ablation(&[&["-e", "fake"][..], more].concat());
        assert_eq!((ran.code, ran.stderr.trim_end().lines().count()), (2, 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
