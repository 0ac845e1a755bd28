//! The command line from outside, with the fake engine: real processes, real files.

mod common;

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use common::{jsarena, jsarena_in};

/// A folder of workloads for the fake engine: name, body and expected answer.
fn suite(workloads: &[(&str, &str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (name, body, expected) in workloads {
        let folder = root.path().join("made").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n")
            .unwrap();
        fs::write(folder.join("main.js"), body).unwrap();
        fs::write(folder.join("expected.json"), expected).unwrap();
    }
    root
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

/// The complaints about a record, held against the committed schema.
fn schema_errors(record: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(record).map(|error| format!("{}: {error}", error.instance_path)).collect()
}

fn assert_valid(record: &Value) {
    assert_eq!(schema_errors(record), Vec::<String>::new());
}

#[test]
fn lists_are_arrays_of_objects_with_an_id() {
    for (command, known) in [("engines", "quickjs"), ("workloads", "seed/one-plus-one")] {
        let ran = jsarena(&[command, "--format", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let listed: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        assert!(listed.iter().any(|entry| entry["id"] == known), "{command}: {}", ran.stdout);
        assert!(jsarena(&[command]).stdout.contains(known), "{command} as text");
    }
}

#[test]
fn what_is_asked_wrongly_is_one_line_with_the_near_match_and_exit_2() {
    for (arguments, expected) in [
        (&["run", "-e", "quikjs", "-w", "seed/fib"][..], "did you mean `quickjs`?"),
        (&["run", "-e", "fake", "-w", "seed/fob"], "did you mean `seed/fib`?"),
        (&["run", "-e", "fake", "-w", "seed/fib", "--isolation", "thred"], "did you mean `thread`?"),
        (&["run", "-e", "fake", "-w", "seed/fib", "--duration", "ten"], "write 10s"),
        (&["run", "-e", "fake", "-w", "seed/fib", "--durtion", "1s"], "'--duration'"),
        (&["run", "-e", "fake", "-w", "seed/fib", "--workers", "0"], "workers: give at least 1"),
        (&["run", "-e", "fake", "-w", "seed/fib", "--config", "no.toml"], "no.toml: no such config file"),
        (&["run"], "-e quickjs"),
        (&["comparre"], "compare"),
        (&["report", "x.json", "--format", "pdf"], "pdf"),
    ] {
        let ran = jsarena(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn what_cannot_run_is_exit_3() {
    let ran = jsarena(&["report", "no-such-record.json"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("no-such-record.json"), "{}", ran.stderr);
}

#[test]
fn verify_explains_a_wrong_answer_and_a_dead_cell() {
    let suite = suite(&[
        ("right", "return {\"a\": 1}", "{\"a\": 1}"),
        ("wrong", "return {\"a\": 1}", "{\"a\": 2}"),
        ("dead", "abort", "1"),
        ("thrown", "throw TypeError no", "1"),
    ]);
    let ran = jsarena(&["verify", "-e", "fake", "-w", path(&suite)]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let line = |name: &str| {
        ran.stdout.lines().find(|line| line.contains(&format!("made/{name} "))).unwrap().to_owned()
    };
    assert!(line("right").ends_with("ok"), "{}", ran.stdout);
    assert!(line("wrong").contains("expected 2, got 1"), "{}", ran.stdout);
    assert!(line("dead").contains("signal 6 (SIGABRT)"), "{}", ran.stdout);
    assert!(line("thrown").contains("TypeError: no"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 right, 3 wrong"), "{}", ran.stdout);
}

#[test]
fn json_is_the_record_and_nothing_else_whatever_guests_print() {
    let suite = suite(&[("prints", "print {\"not\":\"the record\"}; return 2", "2")]);
    let ran = jsarena(&[
        "run",
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--count",
        "50",
        "--warmup",
        "0s",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_valid(&record);
    let summary = &record["measurements"][0]["summary"];
    assert_eq!((&summary["submitted"], &summary["outcomes"]["ok"]), (&50.into(), &50.into()));
}

#[test]
fn failing_jobs_are_measured_and_exit_1() {
    let suite = suite(&[("wrong", "return 3", "2")]);
    let run = ["run", "-e", "fake", "-w", path(&suite), "--count", "20", "--warmup", "0s"];
    let ran = jsarena(&run);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let json = jsarena(&[&run[..], &["--format", "json"]].concat());
    let record: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(record["measurements"][0]["summary"]["wrong_answers"], 20);
}

#[test]
fn an_open_loop_keeps_its_rate_and_shows_its_pacer() {
    let suite = suite(&[("fast", "return 2", "2")]);
    let ran = jsarena(&[
        "run",
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--rate",
        "500",
        "--spacing",
        "poisson",
        "--count",
        "200",
        "--warmup",
        "0s",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(record["measurements"][0]["plan"]["arrivals"]["open"]["rate_per_s"], 500.0);
    assert_eq!(record["measurements"][0]["summary"]["submitted"], 200);
    assert!(record["measurements"][0]["summary"]["pacer_lateness_us"]["p50"].is_number());
}

#[test]
fn compare_leaves_a_valid_record_and_every_page() {
    let suite =
        suite(&[("fast", "return 2", "2"), ("slow", "sleep 1ms; return 3", "3"), ("dead", "abort", "1")]);
    let out = TempDir::new().unwrap();
    let ran = jsarena(&[
        "compare",
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--isolation",
        "thread,task",
        "--duration",
        "100ms",
        "--warmup",
        "20ms",
        "--rounds",
        "2",
        "--out",
        path(&out),
    ]);
    assert_eq!(ran.code, 1, "a cell died: {}\n{}", ran.stdout, ran.stderr);
    let record: Value = serde_json::from_slice(&fs::read(out.path().join("record.json")).unwrap()).unwrap();
    assert_valid(&record);
    let rows = record["measurements"].as_array().unwrap();
    // Three workloads, two isolations, two rounds; and the A/A half of each round.
    assert_eq!(rows.len(), 3 * 2 * 2 + 2);
    let dead: Vec<_> =
        rows.iter().filter(|row| row["workload"] == "made/dead" && row["label"].is_null()).collect();
    assert_eq!(dead.len(), 4);
    assert!(
        dead.iter().all(|row| row["error"].as_str().unwrap().starts_with("signal 6 (SIGABRT)")),
        "{dead:?}"
    );
    for summary in rows.iter().map(|row| &row["summary"]).filter(|summary| !summary.is_null()) {
        let (steady, machine) = (&summary["steady"], &summary["machine"]);
        assert!(steady["warmup_s"].as_f64().unwrap() >= 0.02, "{steady}");
        let finished = steady["intervals"]["finished"].as_array().unwrap();
        assert_eq!(finished.len(), steady["intervals"]["mean_us"].as_array().unwrap().len());
        assert!(finished.iter().any(|jobs| jobs.as_u64().unwrap() > 0), "{steady}");
        assert!(machine["yardstick_us"][1].as_f64().unwrap() > 0.0, "{machine}");
    }
    for page in ["report.md", "report.html", "measurements.csv", "response.hlog", "service.hlog"] {
        assert!(fs::metadata(out.path().join(page)).unwrap().len() > 100, "{page}");
    }
    assert!(
        ran.stdout.trim_end().ends_with("report.html"),
        "the last line says where the report is: {}",
        ran.stdout
    );

    let record_path = out.path().join("record.json");
    let record_path = record_path.to_str().unwrap();
    let again = jsarena(&["report", record_path, "--format", "markdown"]);
    assert_eq!(
        again.stdout,
        fs::read_to_string(out.path().join("report.md")).unwrap(),
        "reports are rebuilt alike"
    );
    assert_eq!(jsarena(&["report", record_path, "--validate"]).code, 0);
}

#[test]
fn a_noise_floor_is_measured_on_what_works() {
    let suite = suite(&[("fast", "return 2", "2")]);
    let out = TempDir::new().unwrap();
    let ran = jsarena(&[
        "compare",
        "-e",
        "fake",
        "-w",
        path(&suite),
        "--isolation",
        "thread",
        "--count",
        "500",
        "--warmup",
        "0s",
        "--rounds",
        "2",
        "--out",
        path(&out),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record: Value = serde_json::from_slice(&fs::read(out.path().join("record.json")).unwrap()).unwrap();
    assert_eq!(record["noise_floor"]["pairs"], 2);
    assert_eq!(record["noise_floor"]["engine"], "fake");
}

#[test]
fn what_was_measured_before_a_kill_is_on_disk() {
    let suite = suite(&[("a", "return 2", "2"), ("b", "return 2", "2")]);
    let out = TempDir::new().unwrap();
    let record_path = out.path().join("record.json");
    let program = assert_cmd::cargo::cargo_bin("jsarena");
    let mut child = std::process::Command::new(program)
        .args(["compare", "-e", "fake", "-w", path(&suite), "--isolation", "thread", "--duration", "300ms"])
        .args(["--warmup", "0s", "--rounds", "100", "--out", path(&out)])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let rows = || -> usize {
        let text = fs::read(&record_path).unwrap_or_default();
        serde_json::from_slice::<Value>(&text)
            .map_or(0, |record| record["measurements"].as_array().unwrap().len())
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while rows() < 2 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(rows() >= 2, "two cells had ended");
    assert_eq!(jsarena(&["report", record_path.to_str().unwrap(), "--validate"]).code, 0);
}

#[test]
fn engines_that_are_not_built_in_are_rows_that_say_so() {
    let suite = suite(&[("fast", "return 2", "2")]);
    let listed: Vec<Value> = serde_json::from_str(&jsarena(&["engines", "--format", "json"]).stdout).unwrap();
    for engine in listed.iter().filter(|engine| engine["info"].is_null()) {
        let id = engine["id"].as_str().unwrap();
        let out = TempDir::new().unwrap();
        let ran = jsarena(&[
            "compare",
            "-e",
            &format!("fake,{id}"),
            "-w",
            path(&suite),
            "--isolation",
            "thread",
            "--count",
            "10",
            "--warmup",
            "0s",
            "--rounds",
            "1",
            "--out",
            path(&out),
        ]);
        assert_eq!(ran.code, 0, "what is not built in is no failure: {}", ran.stderr);
        let page = fs::read_to_string(out.path().join("report.md")).unwrap();
        assert!(page.contains("not built"), "{page}");
        let alone = jsarena(&["run", "-e", id, "-w", path(&suite)]);
        assert_eq!(alone.code, 3, "{id}: {}", alone.stderr);
    }
}

#[test]
fn a_config_file_sets_what_flags_do_not() {
    let suite = suite(&[("fast", "return 2", "2")]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("jsarena.toml"), "count = 7\nwarmup = '0s'\nseed = 42\n").unwrap();
    let run = ["run", "-e", "fake", "-w", path(&suite), "--format", "json", "--seed", "43"];
    let ran = jsarena_in(folder.path(), &run);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&record["seed"], &record["measurements"][0]["summary"]["submitted"]),
        (&43.into(), &7.into())
    );
    fs::write(folder.path().join("jsarena.toml"), "cuont = 7\n").unwrap();
    let ran = jsarena_in(folder.path(), &run);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cuont") && ran.stderr.contains("jsarena.toml"), "{}", ran.stderr);
}

#[test]
fn a_table_is_spliced_between_its_markers() {
    let suite = suite(&[("fast", "return 2", "2")]);
    let out = TempDir::new().unwrap();
    let run = ["run", "-e", "fake", "-w", path(&suite), "--count", "100", "--out", path(&out)];
    assert_eq!(jsarena(&run).code, 0);
    let page = out.path().join("README.md");
    fs::write(&page, "before\n<!-- jsarena:table -->\nold\n<!-- /jsarena:table -->\nafter\n").unwrap();
    let record = out.path().join("record.json");
    let splice = ["report", record.to_str().unwrap(), "--splice", page.to_str().unwrap()];
    assert_eq!(jsarena(&splice).code, 0);
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("before\n") && text.ends_with("after\n"), "{text}");
    assert!(text.contains("| fake") && !text.contains("old"), "{text}");
    assert_eq!(jsarena(&splice).code, 0);
    assert_eq!(fs::read_to_string(&page).unwrap(), text, "twice is once");
}
