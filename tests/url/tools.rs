//! Other load tools in a report, on the command line: records of a real server, and what real tools wrote.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::jsarena;
use crate::server::Server;

fn sample(name: &str) -> String {
    format!("tests/load-tools/{name}")
}

/// The path of a record of a short run against a server.
fn record(folder: &Path, load: &[&str]) -> String {
    let server = Server::answering("2");
    let out = folder.join(load[0].trim_matches('-'));
    let run =
        ["run", "--url", &server.url(), "--url-name", "mine", "-w", "seed/one-plus-one", "--warmup", "0s"];
    let ran = jsarena(&[&run[..], load, &["--out", out.to_str().unwrap()]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    out.join("record.json").to_str().unwrap().to_owned()
}

#[test]
fn a_report_shows_other_tools_beside_our_own_runs() {
    let folder = tempfile::tempdir().unwrap();
    let closed = record(folder.path(), &["--concurrency", "2", "--count", "100"]);
    let open = record(folder.path(), &["--rate", "200", "--count", "20"]);
    let tools = ["wrk.json", "wrk.txt", "oha.json", "locust_stats.csv", "hey.txt"].map(sample);
    let out = folder.path().join("report");
    let mut arguments = vec!["report", &closed, &open];
    arguments.extend(tools.iter().map(String::as_str));
    let formats = ["--format", "html,markdown,csv,json", "--out", out.to_str().unwrap()];
    let ran = jsarena(&[&arguments[..], &formats].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();

    let page = read("report.md");
    let (_, section) = page.split_once("## Other load tools").expect("a section");
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<&str> =
        section.lines().filter(|line| line.contains("http") || line.contains("_stats.csv")).collect();
    assert!(
        rows[0].starts_with("| jsarena (closed, 2)") && rows[1].starts_with("| jsarena (open, 200/s)"),
        "{section}"
    );
    for told in ["4,770", "1.59k/s", "2,277", "140 ms", "4,453"] {
        assert!(section.contains(told), "{told}: {section}");
    }
    assert!(section.contains("coordinated omission"), "{section}");
    assert!(read("report.html").contains("id=\"other-tools\""));
    assert_eq!(read("other-tools.csv").lines().count(), 1 + tools.len());

    let merged: Value = serde_json::from_str(&read("record.json")).unwrap();
    let of: Vec<&str> =
        merged["other_tools"].as_array().unwrap().iter().map(|row| row["tool"].as_str().unwrap()).collect();
    assert_eq!(of, ["wrk", "wrk", "oha", "locust", "hey"]);
    let again = out.join("record.json");
    let again = again.to_str().unwrap();
    let ran = jsarena(&["report", "--validate", again, &tools[0]]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("5 other tools' rows") && ran.stdout.contains("results of wrk"),
        "{}",
        ran.stdout
    );
    let ran = jsarena(&["report", again]);
    assert!(ran.stdout.contains("\nOther load tools\n"), "{}", ran.stdout);
    let ran = jsarena(&["report", again, &tools[4]]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("the result of hey in hey.txt is there already"), "{}", ran.stderr);
}

#[test]
fn what_makes_no_report_is_told_in_one_line() {
    for (file, code, expected) in [
        (sample("wrk.json"), 2, "give a record too, as `jsarena run --url URL --out DIR`"),
        (
            sample("README.md"),
            3,
            "README.md: neither a jsarena record nor a result of a load tool that is known",
        ),
    ] {
        let ran = jsarena(&["report", &file]);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
    }
}
