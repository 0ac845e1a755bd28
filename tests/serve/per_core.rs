//! A server whose jobs run on the threads that hold the connections.

use std::thread;

use jsarena::engine::registry;
use nix::sys::signal::Signal;
use serde_json::json;

use super::{Server, eventually};

const FLAGS: [&str; 7] =
    ["--thread-per-core", "--isolation", "thread", "--reuse", "keep", "--task-workers", "2"];

#[test]
fn every_engine_answers_on_the_thread_of_the_connection() {
    for engine in registry::built() {
        let info = engine.info();
        let server = Server::start(&[&["-e", &info.id], &FLAGS[..]].concat());
        assert_eq!(server.said["thread_per_core"], true);
        let mut client = server.client();
        for (kind, code, expected) in [
            ("javascript", "return 1 + 1", json!(2)),
            ("filter", "return typeof input", json!("object")),
            ("javascript", "return Promise.resolve([3]).then((value) => value)", json!([3])),
        ] {
            let response = client.run(kind, code);
            assert_eq!(response.json()["result"], expected, "{}: {}", info.id, response.text);
        }
        if info.capabilities.timers {
            // Its engine waits for a timer with an async runtime of its own, which must not be within another.
            let response = client.run("javascript", "return new Promise((done) => setTimeout(done, 5, 4))");
            assert_eq!(response.json()["result"], 4, "{}: {}", info.id, response.text);
        }
        for (code, verdict) in [
            ("return (", (400, "syntax")),
            ("throw new Error('no')", (422, "exception")),
            ("return () => 1", (422, "invalid_result")),
        ] {
            let (status, kind) = client.run("javascript", code).verdict();
            assert_eq!((status, kind.as_str()), verdict, "{}: {code}", info.id);
        }
        let loops = r#"{"type":"javascript","code":"while (true) {}","timeout_ms":50}"#;
        assert_eq!(client.post("/execute", loops).verdict(), (408, "timeout".to_owned()), "{}", info.id);
        assert_eq!(client.run("filter", "return 5").json()["result"], 5, "{}", info.id);
    }
}

#[test]
fn a_thread_that_is_stuck_leaves_the_others_serving_and_the_server_not_ready() {
    let flags = ["--timeout", "10ms", "--outer-timeout", "40ms"];
    let server = Server::fake(&[&FLAGS[..], &flags].concat());
    thread::scope(|scope| {
        let stuck = scope.spawn(|| server.run("hang 700ms").verdict());
        eventually("its thread is lost", || {
            server.admin().get("/pools").json()["pools"]["tasks"]["lost_now"] == 1
        });
        assert_eq!(server.client().get("/readyz").status, 503);
        assert_eq!(server.run("return 1").json()["result"], 1);
        assert_eq!(stuck.join().unwrap(), (504, "outer_timeout".to_owned()));
    });
    assert_eq!(server.client().get("/readyz").status, 200);
}

#[test]
fn an_operator_can_switch_the_engine_but_not_resize() {
    let server = Server::fake(&FLAGS);
    let mut admin = server.admin();
    let resized = admin.exchange("PUT", "/pools/tasks", r#"{"workers":3}"#).unwrap();
    assert_eq!(resized.verdict(), (409, "conflict".to_owned()));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|n| {
                let server = &server;
                scope.spawn(move || {
                    let mut client = server.client();
                    for _ in 0..100 {
                        let response = client.run("javascript", &format!("return {n}"));
                        assert_eq!(response.json()["result"], n, "{}", response.text);
                    }
                })
            })
            .collect();
        let engines = registry::built().map(|engine| engine.info().id);
        for engine in engines.chain(["fake".to_owned()]) {
            let switched = admin.post("/engine", &json!({ "engine": engine }).to_string());
            assert_eq!(switched.json()["engine"], engine, "{}", switched.text);
            assert_eq!(server.run("return 7").json()["result"], 7);
        }
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
}

#[test]
fn what_runs_is_answered_at_a_sigterm() {
    let mut server = Server::fake(&FLAGS);
    thread::scope(|scope| {
        let running = scope.spawn(|| server.run("sleep 300ms; return 7"));
        eventually("it runs", || server.under_way() == 1);
        server.signal(Signal::SIGTERM);
        assert_eq!(running.join().unwrap().json()["result"], 7);
    });
    assert_eq!(server.wait().code(), Some(0));
}
