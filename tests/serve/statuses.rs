//! What comes back when something is wrong: each line of the table, from outside.

use std::thread;

use serde_json::json;

use super::Server;

/// A body of `/execute` that may take so long.
fn within(code: &str, timeout_ms: u64) -> String {
    json!({ "type": "javascript", "code": code, "timeout_ms": timeout_ms }).to_string()
}

fn verdict(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

#[test]
fn scripts_that_fail() {
    let server = Server::fake(&["--timeout", "10s", "--outer-timeout", "10500ms", "--memory", "1MiB"]);
    let mut client = server.client();
    for (code, status, kind, message) in [
        ("return 1; dance", 400, "syntax", "no statement `dance`"),
        ("throw TypeError no such thing", 422, "exception", "no such thing"),
        ("loop", 408, "timeout", "timeout after"),
        ("hang 3s", 504, "outer_timeout", "outer deadline"),
        ("allocate 1GiB", 422, "out_of_memory", "out of memory"),
        ("panic on purpose", 500, "panic", "on purpose"),
    ] {
        let response = client.post("/execute", &within(code, 50));
        assert_eq!(response.verdict(), verdict(status, kind), "{code}: {}", response.text);
        let body = response.json();
        assert!(body["error"]["message"].as_str().unwrap().contains(message), "{body}");
        assert!(body["service_us"].is_u64() && body["attempts"] == 1, "{body}");
        assert_eq!(response.header("retry-after"), None);
    }
    assert_eq!(client.run("javascript", "return 2").json()["result"], 2);
}

#[test]
fn scripts_that_fail_in_a_real_engine() {
    let Some(server) = Server::quickjs(&["--memory", "32MiB"]) else { return };
    let mut client = server.client();
    for (code, status, kind) in [
        ("return )", 400, "syntax"),
        ("return nowhere.to.be.found", 422, "exception"),
        ("for (;;) {}", 408, "timeout"),
        ("const all = []; for (;;) all.push(new Array(1000).fill(all.length))", 422, "out_of_memory"),
        ("return (function f() { return f() + 1 })()", 422, "stack_overflow"),
        ("return () => 1", 422, "invalid_result"),
        ("const a = []; a.push(a); return a", 422, "invalid_result"),
        ("return 10n", 422, "invalid_result"),
    ] {
        let body = json!({ "type": "filter", "code": code, "timeout_ms": 3_000 }).to_string();
        let response = client.post("/execute", &body);
        assert_eq!(response.verdict(), verdict(status, kind), "{code}: {}", response.text);
    }
    let thrown = client.run("javascript", "\n  function deep() { null.x }\n  deep()").json();
    let error = &thrown["error"];
    assert_eq!(error["name"], "TypeError");
    assert!(error["stack"].as_str().unwrap().contains("deep (script-"), "{error}");
    let syntax = client.run("javascript", "let a = 1;\nlet b = ;").json();
    assert_eq!(syntax["error"]["line"], 2, "{syntax}");
}

#[test]
fn a_crash_takes_down_its_worker_alone() {
    let flags = ["-e", "fake", "--isolation", "process", "--retries", "1", "--breaker", "0"];
    let server = Server::start(&flags);
    let response = server.run("abort");
    assert_eq!(response.verdict(), verdict(500, "crash"), "{}", response.text);
    let body = response.json();
    assert!(body["error"]["message"].as_str().unwrap().contains("SIGABRT"), "{body}");
    assert_eq!(body["attempts"], 2);
    assert_eq!(server.run("return 2").json()["result"], 2);
}

#[test]
fn more_than_may_wait_is_turned_away_and_told_when_to_come_again() {
    let server = Server::fake(&["--task-workers", "1", "--queue", "1"]);
    let responses: Vec<_> = thread::scope(|scope| {
        // One runs, one waits, and the others are turned away at once.
        let sent: Vec<_> = (0..5).map(|_| scope.spawn(|| server.run("sleep 3s; return 1"))).collect();
        // The other pool has a queue of its own.
        assert_eq!(server.client().run("filter", "return 2").status, 200);
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (answered, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 200);
    assert!(!answered.is_empty() && !refused.is_empty(), "{responses:?}");
    for response in refused {
        assert_eq!(response.verdict(), verdict(429, "queue_full"));
        assert_eq!(response.header("retry-after"), Some("1"));
        assert!(response.json()["service_us"].is_null());
    }
}

#[test]
fn a_script_that_only_fails_is_left_alone() {
    let server = Server::fake(&["--breaker", "2"]);
    let mut client = server.client();
    for expected in [verdict(408, "timeout"), verdict(408, "timeout"), verdict(503, "circuit_open")] {
        let response = client.post("/execute", &within("loop", 20));
        assert_eq!(response.verdict(), expected);
        assert_eq!(response.header("retry-after").is_some(), response.status == 503);
    }
    assert_eq!(client.post("/execute", &within("return 2", 20)).status, 200);
}

#[test]
fn bodies_that_are_not_what_the_route_takes() {
    let server = Server::fake(&[]);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "1",
        "{}",
        r#"{"type":"javascript"}"#,
        r#"{"code":"return 1"}"#,
        r#"{"type":"ruby","code":"return 1"}"#,
        r#"{"type":"javascript","code":1}"#,
        r#"{"type":"javascript","code":"return 1","timeout_ms":"soon"}"#,
        r#"{"type":"javascript","code":"return 1","timeout_ms":0}"#,
        r#"{"type":"javascript","code":"return 1","timeuot_ms":5}"#,
        r#"{"type":"javascript","code":"return 1"}{"#,
        "\u{0}",
        "{\"type\":\"javascript\",\"code\":\"\u{7}\"}",
    ] {
        let response = server.client().post("/execute", body);
        assert_eq!(response.verdict(), verdict(400, "bad_request"), "{body}: {}", response.text);
        assert!(
            response.json()["error"]["message"].as_str().unwrap().contains("line 1"),
            "{}",
            response.text
        );
    }
    let mut client = server.client();
    let head = "POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n";
    client.send(&[head.as_bytes(), b"\xff\xfe{"].concat()).unwrap();
    assert_eq!(client.receive().unwrap().verdict(), verdict(400, "bad_request"));
    let head = "POST /execute HTTP/1.1\r\nhost: x\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\n{}";
    client.send(head.as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().verdict(), verdict(415, "unsupported_media_type"));
}

#[test]
fn routes_that_are_not_there() {
    let server = Server::fake(&[]);
    let mut client = server.client();
    assert_eq!(client.post("/exec", "{}").verdict(), verdict(404, "not_found"));
    assert_eq!(client.get("/").verdict(), verdict(404, "not_found"));
    assert_eq!(client.post("/workloads/%ff", "").verdict(), verdict(404, "not_found"));
    let resized = server.admin().exchange("PUT", "/pools/%ff", "{}").unwrap();
    assert_eq!(resized.verdict(), verdict(404, "not_found"));
    assert_eq!(client.get("/execute").verdict(), verdict(405, "method_not_allowed"));
    assert_eq!(client.exchange("DELETE", "/workloads/seed/fib", "").unwrap().status, 405);
}
