//! `--url` on the command line: real processes, real sockets.

use std::fs;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

use crate::common::{Ran, jsarena};
use crate::server::{Reply, Server, nowhere, right};

/// `run` of a short closed loop without warm-up, and the record it prints.
fn run(url: &str, more: &[&str]) -> (Ran, Value) {
    let load = ["--concurrency", "2", "--count", "100", "--warmup", "0s", "--format", "json"];
    let ran = jsarena(&[&["run", "--url", url][..], &load, more].concat());
    let record = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    (ran, record)
}

fn assert_valid(record: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../reports/record.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(record).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_run_is_a_record_of_the_server() {
    let server = Server::answering("2");
    let (ran, record) = run(&server.url(), &["-w", "seed/one-plus-one", "--url-header", "X-Key: secret"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_valid(&record);
    let row = &record["measurements"][0];
    assert_eq!(
        (&row["engine"], &row["isolation"], &row["reuse"]),
        (&server.url().into(), &"remote".into(), &"unknown".into())
    );
    assert_eq!((&row["workers"], &row["workload"]), (&0.into(), &"seed/one-plus-one".into()));
    assert_eq!((&row["summary"]["submitted"], &row["summary"]["outcomes"]["ok"]), (&100.into(), &100.into()));
    assert_eq!(record["engines"][0]["url"], server.url());
    assert_eq!(server.requests(), 101, "those of the run, and the probe");
    assert!(!ran.stdout.contains("secret"), "no value of a header gets into the record");
}

#[test]
fn a_wrong_answer_fails_the_run_and_a_filter_is_called_one() {
    let server = Server::start(|request| {
        let is_filter = request.body.contains(r#""type":"filter""#);
        Reply::Answer(if is_filter { 503 } else { 200 }, right("3"))
    });
    let (ran, record) =
        run(&server.url(), &["-w", "seed/filter-rules,seed/one-plus-one", "--url-name", "mine"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let summary = |workload: &str| {
        let rows = record["measurements"].as_array().unwrap();
        let row = rows.iter().find(|row| row["workload"] == workload).unwrap();
        assert_eq!(row["engine"], "mine");
        &row["summary"]
    };
    assert_eq!(summary("seed/one-plus-one")["wrong_answers"], 100);
    assert_eq!(summary("seed/filter-rules")["outcomes"]["rejected"], 100);
}

#[test]
fn a_server_that_drops_connections_is_measured_to_the_end() {
    let server = Server::start(|request| match request.number {
        51.. => Reply::Raw(""),
        _ => Reply::Answer(200, right("2")),
    });
    let (ran, record) = run(&server.url(), &["-w", "seed/one-plus-one"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let outcomes = &record["measurements"][0]["summary"]["outcomes"];
    assert_eq!((&outcomes["ok"], &outcomes["crash"]), (&50.into(), &50.into()), "the probe was one");
}

#[test]
fn there_are_more_connections_than_the_usual_limit_of_open_files() {
    let server = Server::start(|_| Reply::Slow(Duration::from_millis(50), right("2")));
    let ran = Command::new("sh")
        .args(["-c", "ulimit -S -n 40 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_jsarena"), "run"])
        .args(["--url", &server.url(), "-w", "seed/one-plus-one", "--concurrency", "80", "--count", "160"])
        .args(["--warmup", "0s", "--format", "json"])
        .assert()
        .success();
    let record: Value = serde_json::from_slice(&ran.get_output().stdout).unwrap();
    assert_eq!(record["measurements"][0]["summary"]["outcomes"]["ok"], 160);
    assert!(server.connections() > 40, "{}", server.connections());
}

#[test]
fn a_request_of_one_s_own_needs_no_workload() {
    let server = Server::start(|request| {
        Reply::Answer(if request.line == "GET /execute HTTP/1.1" { 200 } else { 500 }, "hello".to_owned())
    });
    let (ran, record) = run(&server.url(), &["--url-method", "GET"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_valid(&record);
    assert_eq!(record["measurements"][0]["workload"], "request/GET");
    assert_eq!(record["workloads"][0]["kind"], "request");
}

#[test]
fn what_cannot_be_driven_is_told_at_once_and_in_one_line() {
    let (_socket, address) = nowhere();
    let gone = format!("http://{address}/execute");
    let status = |status: u16| Server::start(move |_| Reply::Answer(status, String::new())).url();
    let garbage = Server::start(|_| Reply::Raw("SSH-2.0-OpenSSH_9.6\r\n\r\n")).url();
    for (url, code, expected) in [
        (gone.as_str(), 3, "no connection: Connection refused"),
        (&status(404), 3, "POST is answered with 404 Not Found; correct --url"),
        (&status(302), 3, "POST is answered with 302 Found"),
        (&garbage, 3, "the answer is not HTTP/1.1"),
        ("https://127.0.0.1/execute", 2, "needs TLS, which is not supported"),
        ("127.0.0.1:8080/execute", 2, "is no URL; write http://host:port/path"),
    ] {
        for command in ["run", "compare"] {
            let ran = jsarena(&[command, "--url", url, "-w", "seed/one-plus-one", "--quick"]);
            assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{url}: {}", ran.stderr);
            assert!(ran.stderr.contains(expected) && ran.stderr.contains(url), "{url}: {}", ran.stderr);
            assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
        }
    }
}

#[test]
fn servers_and_engines_stand_side_by_side_in_every_report() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let suite = suite(folder.path());
    let (one, other) = (Server::answering("2"), Server::answering("2"));
    let (one, other) = (one.url(), other.url());
    let ran = jsarena(&[
        "compare",
        "-e",
        "fake",
        "--isolation",
        "thread",
        "-w",
        &suite,
        "--url",
        &one,
        "--url",
        &other,
        "--url-name",
        "one,other",
        "--duration",
        "50ms",
        "--warmup",
        "0s",
        "--rounds",
        "3",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_valid(&serde_json::from_str(&read("record.json")).unwrap());
    let record: Value = serde_json::from_str(&read("record.json")).unwrap();
    let compared = record["comparisons"].as_array().unwrap();
    let between = |row: &&Value| row["a"] == "one" && row["b"] == "other";
    assert!(compared.iter().any(|row| between(&row) && row["isolation"] == "remote"), "{compared:?}");
    let page = read("report.md");
    assert!(page.contains("Over HTTP, ") && page.contains("a server at http"), "{page}");
    assert!(page.contains("Service times are what the server itself said"), "{page}");
    let csv = read("measurements.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let head = rows.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|head| head == name).unwrap();
    for row in rows.records().map(Result::unwrap) {
        let is_here = &row[column("isolation")] != "remote";
        assert_eq!(!row[column("rss_peak_bytes")].is_empty(), is_here, "{row:?}");
        assert!(!row[column("response_p50_us")].is_empty(), "{row:?}");
    }
    assert!(read("report.html").replace("&#x2f;", "/").contains("remote/unknown"));
    let ran = jsarena(&["report", "--validate", out.join("record.json").to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn verify_asks_a_server_once_and_explains() {
    let server = Server::start(|request| {
        Reply::Answer(200, right(if request.body.contains("return 1+1") { "2" } else { "\"no\"" }))
    });
    let ran = jsarena(&["verify", "--url", &server.url(), "-w", "seed/one-plus-one,seed/fib"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 right, 1 wrong") && ran.stdout.contains("wrong answer"), "{}", ran.stdout);
}

/// A workload that the fake engine can run too.
fn suite(folder: &Path) -> String {
    let workload = folder.join("made/two");
    fs::create_dir_all(&workload).unwrap();
    fs::write(workload.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n").unwrap();
    fs::write(workload.join("main.js"), "return 2").unwrap();
    fs::write(workload.join("expected.json"), "2").unwrap();
    folder.to_str().unwrap().to_owned()
}
