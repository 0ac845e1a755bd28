//! `compare --startup` and `compare --footprint` from outside: real processes, real files.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A matrix as short as can be, for what comes after it.
const QUICK: [&str; 10] =
    ["--quick", "--isolation", "thread", "--workers", "1", "--count", "5", "--warmup", "1ms", "--out"];

fn jsarena(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("jsarena").unwrap().args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Compares, and gives the exit code and the record, which its schema and its sums allow.
fn compare(arguments: &[&str]) -> (Option<i32>, Value, TempDir) {
    let out = TempDir::new().unwrap();
    let folder = out.path().to_str().unwrap();
    let (code, stderr) = jsarena(&[&["compare"], arguments, &QUICK, &[folder]].concat());
    let file = out.path().join("record.json");
    let record: Value = serde_json::from_slice(&fs::read(&file).expect(&stderr)).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let (checked, stderr) = jsarena(&["report", file.to_str().unwrap(), "--validate"]);
    assert_eq!(checked, Some(0), "{stderr}");
    (code, record, out)
}

/// A folder with one workload for the fake engine, `made/it`, that is to answer 2.
fn suite(body: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("made").join("it");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(folder.join("main.js"), body).unwrap();
    fs::write(folder.join("expected.json"), "2").unwrap();
    root
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn is_built(id: &str) -> bool {
    let listed =
        Command::cargo_bin("jsarena").unwrap().args(["engines", "--format", "json"]).output().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    listed.iter().any(|engine| engine["id"] == id && engine["info"].is_object())
}

fn page(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect(name)
}

#[test]
fn quickjs_starts_with_and_without_bytecode_and_its_memory_is_known() {
    if !is_built("quickjs") {
        return;
    }
    let asked = ["-e", "quickjs", "-w", "seed/one-plus-one", "--startup", "--footprint"];
    let (code, record, out) = compare(&asked);
    assert_eq!(code, Some(0));

    let starts = record["startup"].as_array().unwrap();
    let aids: Vec<&str> = starts.iter().map(|row| row["aid"].as_str().unwrap()).collect();
    assert_eq!(aids, ["none", "bytecode"]);
    for row in starts {
        assert_eq!(row["repetitions"], 3);
        for (phase, spread) in row["times"].as_object().unwrap() {
            assert!(spread["min"].as_f64().unwrap() > 0.0, "{phase} of {row}");
        }
    }
    assert!(starts[1]["aid_bytes"].as_u64().unwrap() > 0);

    let memory = &record["footprint"][0]["memory"];
    let isolates = memory["isolates"].as_array().unwrap();
    assert_eq!(isolates.len(), 12);
    let rises =
        isolates.windows(2).all(|pair| pair[1]["rss_bytes"].as_u64() >= pair[0]["rss_bytes"].as_u64());
    assert!(rises, "{isolates:?}");
    assert!(memory["per_isolate_bytes"]["bytes"].as_f64().unwrap() > 0.0, "{memory}");
    assert!(memory["worker_process_pss_bytes"].as_u64().unwrap() > 0, "{memory}");
    assert!(memory["growth"]["samples"].as_u64().unwrap() >= 10, "{memory}");

    // The limit found is one under which the whole program works, and the one below is not.
    let heap = &memory["smallest_heap"];
    let (bytes, too_small) = (heap["bytes"].as_u64().unwrap(), heap["too_small_bytes"].as_u64().unwrap());
    assert!(bytes < 128 << 20, "the default");
    let run = |bytes: u64| {
        let heap = format!("{bytes}B");
        let asked = ["run", "-e", "quickjs", "-w", "seed/one-plus-one", "--workers", "1", "--count", "5"];
        jsarena(&[&asked[..], &["--warmup", "1ms", "--memory", &heap]].concat()).0
    };
    assert_eq!((run(bytes), run(too_small)), (Some(0), Some(1)), "{heap}");

    for name in ["report.md", "report.html"] {
        let page = page(out.path(), name);
        assert!(page.contains("Cold start") && page.contains("bytecode") && page.contains("Smallest heap"));
    }
    assert_eq!(page(out.path(), "startup.csv").lines().count(), 3);
    assert_eq!(page(out.path(), "footprint.csv").lines().count(), 2);
}

#[test]
fn the_v8_engines_start_from_source_from_a_code_cache_and_from_a_snapshot() {
    for engine in ["deno_core", "rustyscript"].into_iter().filter(|engine| is_built(engine)) {
        let (code, record, out) = compare(&["-e", engine, "-w", "seed/template-render", "--startup"]);
        assert_eq!(code, Some(0));
        let starts = record["startup"].as_array().unwrap();
        let aids: Vec<&str> = starts.iter().map(|row| row["aid"].as_str().unwrap()).collect();
        assert_eq!(aids, ["none", "code_cache", "snapshot"]);
        for row in starts {
            assert!(row["error"].is_null() && row["repetitions"] == 3, "{row}");
            assert_eq!(
                row["aid_bytes"].as_u64().is_some_and(|bytes| bytes > 0),
                row["aid"] != "none",
                "{row}"
            );
        }
        assert!(page(out.path(), "report.md").contains("snapshot"));
    }
}

#[test]
fn a_heap_that_no_snapshot_can_hold_is_a_row_with_its_reason() {
    if !is_built("deno_core") {
        return;
    }
    let suite = suite("return 2");
    let folder = suite.path().join("made").join("it");
    let definition = "kind = \"javascript\"\nwhy = \"made for a test\"\nsetup = [\"setup.js\"]\n";
    fs::write(folder.join("workload.toml"), definition).unwrap();
    fs::write(folder.join("setup.js"), "Object.freeze(Math)").unwrap();
    let (code, record, _out) = compare(&["-e", "deno_core", "-w", path(&suite), "--startup"]);
    assert_eq!(code, Some(1));
    let starts = record["startup"].as_array().unwrap();
    assert!(starts.len() == 3 && starts[..2].iter().all(|row| row["error"].is_null()), "{starts:?}");
    assert_eq!(starts[2]["aid"], "snapshot");
    assert!(starts[2]["error"].as_str().unwrap().contains("signal"), "{starts:?}");
}

#[test]
fn what_each_call_keeps_decides_growth_and_the_smallest_heap() {
    let suite = suite("allocate 64KiB\nreturn 2");
    let (_, record, _out) = compare(&["-e", "fake", "-w", path(&suite), "--memory", "1GiB", "--footprint"]);
    assert!(record.get("startup").is_none(), "it was not asked for");
    let memory = &record["footprint"][0]["memory"];
    let grown = memory["growth"]["heap_per_1000_jobs"]["bytes"].as_f64().unwrap();
    assert!((grown - 65_536_000.0).abs() < 1.0, "{memory}");
    let heap = &memory["smallest_heap"];
    let (bytes, too_small) = (heap["bytes"].as_u64().unwrap(), heap["too_small_bytes"].as_u64().unwrap());
    let taken = 20 * 65_536;
    assert!(too_small < taken && taken <= bytes && bytes <= taken * 21 / 20 + 1, "{heap}");
}

#[test]
fn an_engine_without_an_aid_has_one_row_and_a_slow_call_is_in_its_phase() {
    let suite = suite("sleep 20ms\nreturn 2");
    let (code, record, _out) = compare(&["-e", "fake", "-w", path(&suite), "--startup"]);
    assert_eq!(code, Some(0));
    assert!(record.get("footprint").is_none(), "it was not asked for");
    let starts = record["startup"].as_array().unwrap();
    assert_eq!((starts.len(), &starts[0]["aid"]), (1, &Value::from("none")));
    let times = &starts[0]["times"];
    for (phase, is_call) in [("first_call_us", true), ("next_call_us", true), ("first_result_us", true)] {
        assert_eq!(times[phase]["min"].as_f64().unwrap() >= 20_000.0, is_call, "{times}");
    }
}

#[test]
fn a_child_that_dies_is_a_row_with_its_signal() {
    let suite = suite("abort\nreturn 2");
    let (code, record, out) = compare(&["-e", "fake", "-w", path(&suite), "--startup", "--footprint"]);
    assert_eq!(code, Some(1));
    let (start, memory) = (&record["startup"][0], &record["footprint"][0]);
    for row in [start, memory] {
        assert!(row["error"].as_str().unwrap().contains("SIGABRT"), "{row}");
    }
    assert!(start["times"].is_null() && memory["memory"].is_null());
    assert!(page(out.path(), "report.md").contains("SIGABRT"));
}

#[test]
fn a_workload_that_passes_under_no_limit_says_so() {
    let suite = suite("allocate 16MiB\nreturn 2");
    let (_, record, _out) = compare(&["-e", "fake", "-w", path(&suite), "--footprint"]);
    let memory = &record["footprint"][0]["memory"];
    assert!(memory["smallest_heap"].is_null() && memory["growth"].is_null());
    let why = memory["no_growth"].as_str().unwrap();
    assert!(why.contains("out of memory"), "{why}");
    let why = memory["no_smallest_heap"].as_str().unwrap();
    assert!(why.contains("256.0 MiB") && why.contains("out of memory"), "{why}");
}

#[test]
fn a_program_of_its_own_is_a_row_that_says_so_and_no_failure() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("jsarena.toml");
    fs::write(&config, "[[engine]]\nid = \"own\"\ncommand = [\"false\"]\n").unwrap();
    let suite = suite("return 2");
    let asked = [
        "--config",
        config.to_str().unwrap(),
        "-e",
        "fake,own",
        "-w",
        path(&suite),
        "--startup",
        "--footprint",
        "--isolation",
        "process",
    ];
    let (code, record, _out) = compare(&asked);
    assert_eq!(code, Some(0));
    for section in ["startup", "footprint"] {
        let rows = record[section].as_array().unwrap();
        assert!(rows.len() == 2 && rows[0]["error"].is_null(), "{rows:?}");
        assert!(rows[1]["error"].as_str().unwrap().contains("program of its own"), "{rows:?}");
    }
}

#[test]
fn an_ablation_has_no_costs() {
    let (code, stderr) = jsarena(&["compare", "--ablation", "--startup"]);
    assert_eq!(code, Some(2));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
