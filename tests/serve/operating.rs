//! Health, metrics, and what an operator does while jobs come in.

use std::thread;

use serde_json::{Value, json};

use super::{Server, eventually};

/// The value of a metric's line.
fn metric(text: &str, line: &str) -> Option<f64> {
    text.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

fn readiness(server: &Server) -> (u16, Value) {
    let response = server.client().get("/readyz");
    (response.status, response.json())
}

fn scrape(server: &Server) -> String {
    let response = server.client().get("/metrics");
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(response.text.ends_with("# EOF\n"), "{}", response.text);
    response.text
}

#[test]
fn metrics_count_what_happened() {
    let server = Server::fake(&["--task-workers", "2", "--workflow-workers", "1", "--retries", "1"]);
    let mut client = server.client();
    for _ in 0..3 {
        client.run("javascript", "return 1");
    }
    client.run("filter", "sleep 20ms; return 1");
    client.run("filter", "throw Error no");
    client.run("javascript", "panic on purpose");
    let text = scrape(&server);
    for (line, expected) in [
        (r#"jsarena_jobs_total{pool="tasks",engine="fake",outcome="ok"}"#, 3.0),
        (r#"jsarena_jobs_total{pool="tasks",engine="fake",outcome="panic"}"#, 1.0),
        (r#"jsarena_jobs_total{pool="tasks",engine="fake",outcome="crash"}"#, 0.0),
        (r#"jsarena_jobs_total{pool="workflows",engine="fake",outcome="ok"}"#, 1.0),
        (r#"jsarena_jobs_total{pool="workflows",engine="fake",outcome="exception"}"#, 1.0),
        (r#"jsarena_service_seconds_count{pool="workflows",engine="fake"}"#, 2.0),
        (r#"jsarena_service_seconds_bucket{le="0.01",pool="workflows",engine="fake"}"#, 1.0),
        (r#"jsarena_response_seconds_count{pool="tasks",engine="fake"}"#, 4.0),
        (r#"jsarena_retries_total{pool="tasks"}"#, 1.0),
        (r#"jsarena_panics_total{pool="tasks"}"#, 2.0),
        (r#"jsarena_workers{pool="workflows"}"#, 1.0),
        (r#"jsarena_open_circuits{pool="tasks"}"#, 0.0),
        (r#"jsarena_queued_jobs{pool="tasks"}"#, 0.0),
        ("jsarena_tokio_blocking_queue_depth", 0.0),
    ] {
        assert_eq!(metric(&text, line), Some(expected), "{line} in\n{text}");
    }
    assert!(metric(&text, "jsarena_resident_bytes") > Some(1e6));
    eventually("both workers that panicked are replaced", || {
        metric(&scrape(&server), r#"jsarena_restarts_total{pool="tasks"}"#) == Some(2.0)
    });
}

#[test]
fn jobs_of_clients_that_went_away_are_counted() {
    let server = Server::fake(&["--task-workers", "2"]);
    let body = r#"{"type":"javascript","code":"sleep 100ms; return 1"}"#;
    let length = body.len();
    let head = format!("POST /execute HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(format!("{head}{body}").as_bytes()).unwrap();
    }
    let line = r#"jsarena_jobs_total{pool="tasks",engine="fake",outcome="ok"}"#;
    let answered = || metric(&scrape(&server), line).unwrap() as u64;
    eventually("all have come in", || server.under_way() + answered() >= 20);
    drop(clients);
    eventually("each has its outcome", || answered() == 20);
    assert_eq!(server.run("return 2").json()["result"], 2);
}

#[test]
fn tokios_blocking_threads_are_those_that_run_jobs_under_task_isolation() {
    let flags = ["-e", "fake", "--isolation", "task", "--breaker", "0"];
    let server = Server::start_in(&[("TOKIO_BLOCKING_THREADS", "2")], &flags);
    assert_eq!(metric(&scrape(&server), "jsarena_tokio_blocking_threads"), Some(0.0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(server.run("sleep 2s; return 1").status, 200));
        }
        eventually("two run and one waits", || {
            let text = scrape(&server);
            metric(&text, "jsarena_tokio_blocking_threads") == Some(2.0)
                && metric(&text, "jsarena_tokio_blocking_queue_depth") == Some(1.0)
        });
    });
}

#[test]
fn the_state_of_heaps_is_known() {
    let server = Server::fake(&["--task-workers", "1"]);
    let line = r#"jsarena_heap_bytes{pool="tasks"}"#;
    eventually("the worker has looked", || {
        server.run("allocate 64KiB; return 1");
        metric(&scrape(&server), line) >= Some(65_536.0)
    });
}

#[test]
fn a_server_is_ready_unless_it_is_switched_off_draining_or_degraded() {
    let server = Server::fake(&[]);
    assert_eq!(server.client().get("/healthz").status, 200);
    let ready = readiness(&server);
    assert_eq!((ready.0, &ready.1["pools"]["tasks"]), (200, &json!("serving")));
    let mut admin = server.admin();
    assert_eq!(admin.post("/disable", r#"{"reason":"the moon"}"#).status, 200);
    assert_eq!(readiness(&server).0, 503);
    let refused = server.run("return 1");
    assert_eq!(refused.verdict(), (503, "disabled".to_owned()));
    assert!(refused.text.contains("the moon") && refused.header("retry-after").is_some(), "{}", refused.text);
    assert_eq!(admin.post("/enable", "").status, 200);
    assert_eq!((readiness(&server).0, server.run("return 1").status), (200, 200));
}

#[test]
fn a_drain_waits_for_what_has_come_in_and_can_be_taken_back() {
    let server = Server::fake(&["--task-workers", "1"]);
    thread::scope(|scope| {
        let running: Vec<_> = (0..3).map(|_| scope.spawn(|| server.run("sleep 200ms; return 1"))).collect();
        eventually("they are under way", || server.under_way() == 3);
        let drained = server.admin().post("/drain", "").json();
        assert_eq!(drained["draining"], true);
        assert_eq!(
            (&drained["pools"]["tasks"]["queued"], &drained["pools"]["tasks"]["busy"]),
            (&json!(0), &json!(0))
        );
        for running in running {
            assert_eq!(running.join().unwrap().status, 200);
        }
    });
    assert_eq!(server.run("return 1").verdict(), (503, "draining".to_owned()));
    assert_eq!(readiness(&server).0, 503);
    server.admin().post("/enable", "");
    assert_eq!((server.run("return 1").status, readiness(&server).0), (200, 200));
}

#[test]
fn another_engine_takes_over() {
    if !super::is_built("quickjs") {
        return;
    }
    let server = Server::fake(&[]);
    assert_eq!(server.run("return 1 + 1").status, 400, "the fake knows no sums");
    let switched = server.admin().post("/engine", r#"{"engine":"quickjs"}"#);
    assert_eq!((switched.status, &switched.json()["engine"]), (200, &json!("quickjs")), "{}", switched.text);
    assert_eq!(server.run("return 1 + 1").json()["result"], 2);
    let text = scrape(&server);
    assert_eq!(metric(&text, r#"jsarena_jobs_total{pool="tasks",engine="quickjs",outcome="ok"}"#), Some(1.0));
    assert_eq!(
        metric(&text, r#"jsarena_jobs_total{pool="tasks",engine="fake",outcome="exception"}"#),
        Some(1.0)
    );
}

#[test]
fn what_an_operator_gets_wrong_is_said_and_changes_nothing() {
    let server = Server::fake(&["--task-workers", "2"]);
    let mut admin = server.admin();
    for (method, path, body, status, expected) in [
        ("PUT", "/pools/task", r#"{"workers":1}"#, 404, "did you mean `tasks`?"),
        ("PUT", "/pools/tasks", r#"{"workers":0}"#, 400, "nonzero"),
        ("PUT", "/pools/tasks", r#"{"workers":100000}"#, 400, "more than a pool may have"),
        ("PUT", "/pools/tasks", r#"{"worker":1}"#, 400, "unknown field `worker`"),
        ("POST", "/engine", r#"{"engine":"fkae"}"#, 404, "did you mean `fake`?"),
        ("POST", "/disable", "{}", 400, "missing field `reason`"),
        ("GET", "/drain", "", 405, "does not take GET"),
    ] {
        let response = admin.exchange(method, path, body).unwrap();
        assert_eq!(response.status, status, "{path} {body}: {}", response.text);
        assert!(
            response.json()["error"]["message"].as_str().unwrap().contains(expected),
            "{}",
            response.text
        );
    }
    let pools = admin.get("/pools").json();
    assert_eq!((&pools["engine"], &pools["pools"]["tasks"]["workers"]), (&json!("fake"), &json!(2)));
}

#[test]
fn the_baseline_has_no_size() {
    let server = Server::start(&["-e", "fake", "--isolation", "task"]);
    let response = server.admin().exchange("PUT", "/pools/tasks", r#"{"workers":2}"#).unwrap();
    assert_eq!(response.verdict(), (409, "conflict".to_owned()));
}

#[test]
fn nothing_of_the_admin_listener_is_on_the_public_one_nor_for_web_pages() {
    let server = Server::fake(&[]);
    for (method, path, body) in [
        ("PUT", "/pools/tasks", r#"{"workers":1}"#),
        ("GET", "/pools", ""),
        ("POST", "/disable", r#"{"reason":"no"}"#),
        ("POST", "/enable", ""),
        ("POST", "/engine", r#"{"engine":"fake"}"#),
        ("POST", "/drain", ""),
    ] {
        let response = server.client().exchange(method, path, body).unwrap();
        assert_eq!(response.verdict(), (404, "not_found".to_owned()), "{path}");
        for header in ["Host: evil.example:80", "Host: 127.0.0.1\r\nOrigin: https://evil.example"] {
            let mut admin = server.admin();
            let length = body.len();
            let head = format!("{method} {path} HTTP/1.1\r\n{header}\r\nContent-Length: {length}\r\n\r\n");
            admin.send(format!("{head}{body}").as_bytes()).unwrap();
            assert_eq!(admin.receive().unwrap().verdict(), (403, "forbidden".to_owned()), "{header}");
        }
    }
    assert_eq!(server.run("return 1").status, 200, "nobody switched it off");
    assert!(server.said["admin"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[test]
fn every_response_names_its_request() {
    let server = Server::fake(&[]);
    let mut client = server.client();
    let first = client.run("javascript", "return 1").header("x-request-id").unwrap().to_owned();
    assert_ne!(first, client.run("javascript", "return 1").header("x-request-id").unwrap());
    client.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-request-id: mine-7\r\n\r\n").unwrap();
    assert_eq!(client.receive().unwrap().header("x-request-id"), Some("mine-7"));
}

#[test]
fn logs_are_json_on_request_and_name_the_request() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let flags = ["-e", "fake", "--isolation", "thread", "--retries", "0", "--log", "json"];
    let server =
        Server::start_as(&flags, |command| command.stderr(log.reopen().unwrap()).env_remove("JSARENA_LOG"));
    let mut client = server.client();
    let body = r#"{"type":"javascript","code":"panic on purpose"}"#;
    let length = body.len();
    let head =
        format!("POST /execute HTTP/1.1\r\nhost: x\r\nx-request-id: mine-8\r\ncontent-length: {length}");
    client.send(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().status, 500);
    let said = || -> Vec<Value> {
        let text = std::fs::read_to_string(log.path()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    };
    let of_request = |line: &Value| line["fields"]["id"] == "mine-8" && line["fields"]["why"] == "on purpose";
    eventually("the failure is in the log", || said().iter().any(of_request));
    assert!(said().iter().all(|line| line["level"].is_string()));
}
