//! `jsarena gate` from outside: records of real load runs of the fake engine, held against each other.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn jsarena(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("jsarena").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A record of a workload of that body, in so many rounds.
fn measured(root: &Path, name: &str, body: &str, rounds: &str) -> PathBuf {
    let folder = root.join(name).join("made").join("job");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(folder.join("main.js"), body).unwrap();
    fs::write(folder.join("expected.json"), "1").unwrap();
    let (suite, out) = (root.join(name), root.join(format!("{name}-out")));
    let arguments = ["run", "-e", "fake", "-w", suite.to_str().unwrap(), "--count", "30", "--warmup", "0s"];
    let more = ["--workers", "1", "--rounds", rounds, "--out", out.to_str().unwrap()];
    let (code, _, stderr) = jsarena(root, &[&arguments[..], &more].concat());
    assert_eq!(code, 0, "{stderr}");
    out.join("record.json")
}

#[test]
fn a_build_is_let_through_or_not() {
    let root = TempDir::new().unwrap();
    let quick = measured(root.path(), "quick", "sleep 1ms; return 1", "6");
    let slow = measured(root.path(), "slow", "sleep 30ms; return 1", "6");
    let broken = root.path().join("broken.json");
    let [quick, slow, broken] = [&quick, &slow, &broken].map(|path| path.to_str().unwrap());
    let gate = |arguments: &[&str]| jsarena(root.path(), &[&["gate"], arguments].concat());

    let (code, stdout, stderr) = gate(&[quick, quick]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.starts_with("Passed: nothing got worse."), "{stdout}");

    // Another script is another workload.
    let (code, stdout, stderr) = gate(&[quick, slow]);
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert!(
        stderr.contains("workload made/job is not the same") && stderr.contains("--allow workload"),
        "{stderr}"
    );
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");

    let (code, stdout, _) = gate(&[quick, slow, "--allow", "workload", "--out", "gate"]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.starts_with("Failed: "), "{stdout}");
    let read = |name: &str| fs::read_to_string(root.path().join("gate").join(name)).unwrap();
    assert!(read("gate.md").contains("### Got worse"), "{}", read("gate.md"));
    assert!(read("gate.junit.xml").contains("<failure"), "{}", read("gate.junit.xml"));
    let judged: Value = serde_json::from_str(&read("gate.json")).unwrap();
    let p50 = judged["rows"].as_array().unwrap().iter().find(|row| row["metric"] == "p50").unwrap();
    assert_eq!((&judged["passed"], &p50["verdict"]), (&false.into(), &"slower".into()), "{p50}");
    assert!(p50["ratio"].as_f64().unwrap() > 2.0, "{p50}");

    // The other way round it got better; and the file can allow what the flag does.
    fs::write(root.path().join("jsarena.toml"), "[gate]\nallow = [\"workload\"]\nmetrics = [\"p50\"]\n")
        .unwrap();
    let (code, stdout, _) = gate(&[slow, quick]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("1 got better"), "{stdout}");

    // What was well and is not is a failure, however fast.
    let mut record: Value = serde_json::from_str(&fs::read_to_string(quick).unwrap()).unwrap();
    record["measurements"][1]["summary"]["wrong_answers"] = 3.into();
    fs::write(broken, record.to_string()).unwrap();
    let (code, stdout, _) = gate(&[quick, broken]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("1 cell broke"), "{stdout}");
}

#[test]
fn what_cannot_be_judged_says_why() {
    let root = TempDir::new().unwrap();
    let once = measured(root.path(), "once", "return 1", "1");
    let once = once.to_str().unwrap();
    let (code, _, stderr) = jsarena(root.path(), &["gate", once, once]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("--rounds 6"), "{stderr}");
    let (code, _, stderr) = jsarena(root.path(), &["gate", once, "none.json"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("none.json"), "{stderr}");
    let (code, _, stderr) = jsarena(root.path(), &["gate", once]);
    assert_eq!(code, 2, "{stderr}");
}
