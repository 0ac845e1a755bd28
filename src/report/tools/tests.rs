//! What real tools wrote (`tests/load-tools`), read; and what breaks off, or is something else.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::{Given, GivenError};
use crate::record::OtherTool;

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/load-tools").join(name)
}

fn results(name: &str) -> Vec<OtherTool> {
    match Given::read(&sample(name)).unwrap() {
        Given::Results(results) => results,
        Given::Record(_) => panic!("{name} is a record"),
    }
}

#[track_caller]
fn check(name: &str, expected: serde_json::Value) {
    assert_eq!(serde_json::to_value(results(name)).unwrap(), expected, "{name}");
}

/// Those in a file with this text.
fn read(text: &str) -> Vec<OtherTool> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    match Given::read(file.path()).unwrap() {
        Given::Results(results) => results,
        Given::Record(_) => panic!("{text} is a record"),
    }
}

/// What is said of a file with this text.
fn refusal(text: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given");
    fs::write(&path, text).unwrap();
    let error = Given::read(&path).unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with(path.to_str().unwrap()), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    if !matches!(error, GivenError::Record(_)) {
        for form in
            ["record.json", "wrk's text", "scripts/load/wrk", "oha's JSON", "*_stats.csv", "hey's text"]
        {
            assert!(line.contains(form), "{form}: {line}");
        }
    }
    line
}

fn text(name: &str) -> String {
    fs::read_to_string(sample(name)).unwrap()
}

#[test]
fn the_text_of_wrk() {
    check(
        "wrk.txt",
        json!([{
            "tool": "wrk", "file": "wrk.txt", "target": "http://127.0.0.1:44299/execute", "clients": 16,
            "duration_s": 3.01, "requests": 4770, "requests_per_s": 1585.55,
            "latency_us": {"p50": 8070.0, "p90": 45_380.0, "p99": 101_480.0, "max": 140_220.0, "mean": 16_130.0},
            "errors": {"status": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0},
        }]),
    );
    check(
        "wrk-errors.txt",
        json!([{
            "tool": "wrk", "file": "wrk-errors.txt", "target": "http://127.0.0.1:34867/execute", "clients": 4,
            "duration_s": 1.01, "requests": 888, "requests_per_s": 876.99,
            "latency_us": {"p50": 4340.0, "p90": 10_040.0, "p99": 76_920.0, "max": 99_720.0, "mean": 7420.0},
            "errors": {"status": 888, "connect": 0, "read": 0, "write": 0, "timeout": 0},
        }]),
    );
}

#[test]
fn the_json_of_our_script_for_wrk() {
    check(
        "wrk.json",
        json!([{
            "tool": "wrk", "file": "wrk.json", "target": "http://127.0.0.1:44299/execute", "clients": 16,
            "duration_s": 3.008_421, "requests": 4770, "requests_per_s": 1585.5,
            "latency_us": {"p50": 8075.0, "p90": 45_378.0, "p95": 69_368.0, "p99": 101_476.0, "p999": 132_499.0,
                           "max": 140_221.0, "mean": 16_129.6},
            "errors": {"status": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0},
        }]),
    );
    let earlier = text("wrk.json").replace(r#""url":"http://127.0.0.1:44299/execute","connections":16,"#, "");
    let earlier = read(&earlier).remove(0);
    assert_eq!((earlier.target, earlier.clients, earlier.requests), (None, None, Some(4770)));
}

#[test]
fn wrk_counts_errors_of_sockets_where_there_are_some() {
    let with = text("wrk.txt")
        .replace("Requests/sec:", "  Socket errors: connect 1, read 2, write 3, timeout 4\nRequests/sec:");
    assert_eq!(
        serde_json::to_value(read(&with)[0].errors).unwrap(),
        json!({"status": 0, "connect": 1, "read": 2, "write": 3, "timeout": 4})
    );
}

#[test]
fn wrk_without_percentiles_tells_the_longest_and_the_mean() {
    let percentile = |line: &&str| line.trim_start().as_bytes().get(2) == Some(&b'%');
    let whole = text("wrk.txt");
    let without: Vec<&str> = whole.lines().filter(|line| !percentile(line)).collect();
    assert_eq!(without.len(), whole.lines().count() - 4);
    let latency = read(&without.join("\n"))[0].latency_us;
    let told: Vec<&str> =
        latency.named().iter().filter(|(_, time)| time.is_some()).map(|(name, _)| *name).collect();
    assert_eq!(told, ["max", "mean"]);
}

#[test]
fn the_json_of_oha() {
    check(
        "oha.json",
        json!([{
            "tool": "oha", "file": "oha.json", "duration_s": 3.014_857_171, "requests": 6717,
            "requests_per_s": 2_227.966_241_522_491,
            "latency_us": {"p50": 6140.056, "p90": 13_037.75, "p95": 16_540.853, "p99": 21_597.81, "p999": 25_468.776,
                           "max": 28_119.014, "mean": 7160.112},
            "errors": {"status": 0, "total": 0},
        }]),
    );
}

#[test]
fn what_oha_cuts_off_at_its_end_is_no_failure() {
    let told = |name: &str| {
        let row = results(name).remove(0);
        (row.requests, serde_json::to_value(row.errors).unwrap(), row.latency_us.p50)
    };
    assert_eq!(
        told("oha-errors.json"),
        (Some(1947), json!({"status": 1943, "total": 1943}), Some(1051.037)),
        "of 1,947 four were cut off"
    );
    assert_eq!(told("oha-refused.json"), (Some(20), json!({"status": 0, "total": 20}), None));
}

#[test]
fn the_csv_of_locust() {
    check(
        "locust_stats.csv",
        json!([{
            "tool": "locust", "file": "locust_stats.csv", "target": "POST /execute", "requests": 2277,
            "requests_per_s": 725.291_547_081_224_2,
            "latency_us": {"p50": 18_000.0, "p90": 27_000.0, "p95": 30_000.0, "p99": 43_000.0, "p999": 130_000.0,
                           "max": 139_843.392, "mean": 17_967.564},
            "errors": {"total": 0},
        }]),
    );
    let several = results("locust-several_stats.csv");
    let told: Vec<_> = several
        .iter()
        .map(|row| (row.target.as_deref().unwrap(), row.requests.unwrap(), row.errors.total.unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("POST /execute", 60, 0),
            ("POST /execute, throwing", 83, 83),
            ("GET /healthz", 81, 0),
            ("Aggregated", 224, 83)
        ]
    );
}

#[test]
fn percentiles_that_locust_rounds_up_end_at_its_longest() {
    // It gives 140 ms for all percentiles, and 136.06 ms for the longest of two.
    let latency = results("locust-refused_stats.csv")[0].latency_us;
    assert_eq!(latency.max, Some(136_060.777));
    assert_eq!((latency.p50, latency.p999), (latency.max, latency.max));
}

#[test]
fn what_locust_rounds_to_nought_is_not_told() {
    let quick = text("locust_stats.csv").replace(",18,21,", ",0,0,");
    let latency = read(&quick)[0].latency_us;
    assert_eq!((latency.p50, latency.p90), (None, Some(27_000.0)));
    let nothing = quick.lines().next().unwrap().to_owned()
        + "\n,Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\n";
    let row = read(&nothing).remove(0);
    assert_eq!((row.requests, row.latency_us), (Some(0), Default::default()));
}

#[test]
fn the_text_of_hey() {
    check(
        "hey.txt",
        json!([{
            "tool": "hey", "file": "hey.txt", "duration_s": 3.0153, "requests": 4453, "requests_per_s": 1476.8124,
            "latency_us": {"p50": 8400.0, "p90": 18_300.0, "p95": 24_200.0, "p99": 43_700.0, "max": 81_500.0,
                           "mean": 10_700.0},
            "errors": {"status": 0, "total": 0},
        }]),
    );
    let errors = |name| (results(name)[0].requests, serde_json::to_value(results(name)[0].errors).unwrap());
    assert_eq!(errors("hey-errors.txt"), (Some(2004), json!({"status": 2004, "total": 2004})));
    assert_eq!(errors("hey-refused.txt"), (Some(20), json!({"status": 0, "total": 20})));
    assert_eq!(results("hey-refused.txt")[0].latency_us, Default::default(), "nothing was answered");
}

#[test]
fn hey_keeps_a_million_times_and_its_mean_is_of_more() {
    let more =
        text("hey.txt").replace("4453 responses", "2000000 responses").replace("1476.8124", "663283.9186");
    let latency = read(&more)[0].latency_us;
    assert_eq!((latency.mean, latency.p50), (None, Some(8400.0)));
}

#[test]
fn what_breaks_off_is_refused_with_what_is_missing() {
    for (name, at, expected) in [
        (
            "wrk.txt",
            "Requests/sec:",
            "not a whole result of wrk: it has no line `Requests/sec: …`; expected what `wrk",
        ),
        ("wrk.txt", "  4770 requests in", "it has no line"),
        ("hey.txt", "Status code", "not a whole result of hey: it has no line `Status code distribution:`"),
        (
            "locust_stats.csv",
            "POST",
            "not a whole result of locust: it has no rows; expected the *_stats.csv",
        ),
        ("locust_stats.csv", ",30,39", "not a whole result of locust: CSV error: record 1"),
        ("wrk.json", ",\"errors\"", "neither a jsarena record nor"),
        ("oha.json", "\"details\"", "neither a jsarena record nor"),
    ] {
        let whole = text(name);
        let line = refusal(&whole[..whole.find(at).unwrap()]);
        assert!(line.contains(expected), "{name}: {line}");
    }
    let other = |from: &str, to: &str| text("wrk.json").replace(from, to);
    for (text, expected) in [
        (other("\"requests\":4770,", ""), "result of wrk: missing field `requests`"),
        (other("\"p90\":45378", "\"p90\":5"), "it has a p50 of 8075 µs above its p90 of 5 µs"),
        (
            text("oha.json").replace("statusCodeDistribution", "other"),
            "result of oha: missing field `statusCode",
        ),
        (text("wrk.txt").replace("8.07ms", "8.07"), "result of wrk: `8.07` is no time"),
        (text("wrk.txt").replace("4770 requests", "9000 requests"), "it has 9000 requests in 3.01 s"),
        (text("locust_stats.csv").replace(",99%", ",98.9%"), "it has no column `99%`"),
    ] {
        let line = refusal(&text);
        assert!(line.contains(expected), "{expected}: {line}");
    }
}

#[test]
fn other_files_are_named_as_nothing_that_is_known() {
    for other in [
        "",
        "requests: 12",
        "{}",
        "[1, 2]",
        "{\"tool\": \"ab\"}",
        "Timestamp,User Count,Type,Name,Requests/s\n",
        "Method,Name,Error,Occurrences,First Seen,Last Seen\n",
        "Summary:\n  Success rate:\t100.00%\n  Total:\t1.0 sec\n",
        "Running 3s test @ http://127.0.0.1/\n  1 threads and 2 connections\n  Thread calibration: mean lat.: 1.0ms\n",
    ] {
        assert!(refusal(other).contains("neither a jsarena record nor a result of a load tool"), "{other}");
    }
    assert!(refusal([0xff, 0xfe, 0]).contains("neither a jsarena record"));
}

#[test]
fn a_record_is_one_and_half_a_record_is_none() {
    let record = serde_json::to_string(&crate::report::fixture::other_tools()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it");
    fs::write(&path, &record).unwrap();
    assert!(matches!(Given::read(&path).unwrap(), Given::Record(_)));
    assert!(refusal(&record[..record.len() / 2]).contains("not a jsarena record: EOF"));
    assert!(refusal(r#"{"schema": 99}"#).contains("record of schema 99"));
    let gone = folder.path().join("gone");
    assert!(Given::read(&gone).unwrap_err().to_string().contains("gone: No such file"));
}
