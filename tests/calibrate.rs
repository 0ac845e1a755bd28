//! `jsarena calibrate` from outside. What it says of the time is not held to three per cent here: the machine that runs
//! tests is busy with them.

use assert_cmd::Command;
use serde_json::Value;

fn calibrate(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::cargo_bin("jsarena").unwrap().arg("calibrate").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_stall_is_seen_by_the_open_loop_and_hidden_by_the_closed_one() {
    let (code, stdout, stderr) = calibrate(&["--quick", "--cases", "stall", "--format", "json"]);
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {stderr}");
    let record: Value = serde_json::from_str(&stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());

    let rows = record["calibration"].as_array().unwrap();
    let p99 = rows.iter().find(|row| row["percentile"] == "p99").unwrap();
    let (reference, measured) = (p99["reference_us"].as_f64().unwrap(), p99["measured_us"].as_f64().unwrap());
    assert!(reference > 400_000.0, "half a second was missed by whoever came then: {p99}");
    assert!(measured > reference * 0.9, "{p99}");
    let closed = record["instrument"]["closed_loop"]["p99_us"].as_f64().unwrap();
    assert!(closed < reference / 2.0, "{closed} µs: a closed loop does not see who did not come");

    let run = &record["instrument"]["runs"][0];
    assert_eq!((run["submitted"].as_u64(), run["failed"].as_u64()), (Some(63), Some(0)));
    assert!(record["instrument"]["driver"]["closed_per_s"].as_f64().unwrap() > 0.0);
    let is_near = |row: &Value| {
        let (reference, measured) =
            (row["reference_us"].as_f64().unwrap(), row["measured_us"].as_f64().unwrap());
        (measured - reference).abs() <= (0.03 * reference).max(50.0)
    };
    assert_eq!(code, Some(if rows.iter().all(is_near) { 0 } else { 1 }), "{rows:?}");
}

#[test]
fn a_case_that_there_is_not_is_named() {
    let (code, _, stderr) = calibrate(&["--cases", "stal"]);
    assert_eq!(code, Some(2));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("did you mean `stall`?"), "{stderr}");
    let (_, _, stderr) = calibrate(&["--cases", "mm1"]);
    assert!(stderr.contains("m-d-1 50 %"), "{stderr}");
}

#[test]
fn verdicts_are_counted_in_fresh_processes() {
    let (code, stdout, stderr) = calibrate(&["--verdicts", "--times", "1", "--format", "json"]);
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {stderr}");
    let record: Value = serde_json::from_str(&stdout).unwrap();
    let rates = record["verdicts"].as_array().unwrap();
    // Two servers; the same again, 5 % and 10 % slower; four metrics.
    assert_eq!(rates.len(), 24, "{rates:?}");
    let count = |rate: &Value, name: &str| rate[name].as_u64().unwrap();
    for rate in rates {
        let all = ["faster", "slower", "no_difference", "not_enough_data"].map(|name| count(rate, name));
        assert_eq!(all.iter().sum::<u64>(), 1, "{rate}");
    }
    assert!(record["measurements"].as_array().unwrap().is_empty(), "what was measured is counted, not kept");
    let (code, _, stderr) = calibrate(&["--times", "1"]);
    assert_eq!((code, stderr.lines().count()), (Some(2), 1), "{stderr}");
}
