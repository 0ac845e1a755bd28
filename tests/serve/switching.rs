//! Engines and sizes of pools that change under load: no job is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use jsarena::engine::registry;
use serde_json::json;

use super::{Server, eventually, is_built};

/// Clients, each of which asks again as soon as it has its answer.
const CLIENTS: usize = 16;

/// Switches to another engine; after each of them a pool gets another size.
const SWITCHES: usize = 10;

/// Lets the clients end, also when the operator's part fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a client runs, and in which pool that is.
fn work(client: usize) -> (&'static str, &'static str) {
    [("javascript", "tasks"), ("filter", "workflows")][client % 2]
}

/// Changes a server of these engines, from one to the next and round again, while clients ask it.
fn loses_nothing(engines: &[&str], isolation: &str) {
    let flags = ["--isolation", isolation, "--retries", "0", "--breaker", "0"];
    let sizes = ["--task-workers", "2", "--workflow-workers", "2"];
    let server = Server::start(&[&["-e", engines[0]], &flags[..], &sizes].concat());
    let (ended, answered) = (AtomicBool::new(false), <[AtomicUsize; 2]>::default());
    let ask = |client: usize| {
        let mut connection = server.client();
        let mut sent = 0;
        while !ended.load(Ordering::Relaxed) {
            // Whatever engine has it, it answers that.
            let response = connection.run(work(client).0, &format!("return {client}"));
            assert_eq!(
                (response.status, &response.json()["result"]),
                (200, &json!(client)),
                "{}",
                response.text
            );
            sent += 1;
            answered[client % 2].fetch_add(1, Ordering::Relaxed);
        }
        sent
    };
    let sent: Vec<u64> = thread::scope(|scope| {
        let ask = &ask;
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || ask(client))).collect();
        let end = End(&ended);
        for switch in 0..SWITCHES {
            let engine = engines[(switch + 1) % engines.len()];
            change(&server, "POST", "/engine", &json!({ "engine": engine }), "/engine", &json!(engine));
            goes_on(&answered);
            let (pool, workers) = (work(switch).1, [4, 1, 3][switch % 3]);
            let shown = format!("/pools/{pool}/workers");
            change(
                &server,
                "PUT",
                &format!("/pools/{pool}"),
                &json!({ "workers": workers }),
                &shown,
                &json!(workers),
            );
            goes_on(&answered);
        }
        drop(end);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let jobs = server.jobs();
    for pool in ["tasks", "workflows"] {
        let asked: u64 =
            (0..CLIENTS).filter(|client| work(*client).1 == pool).map(|client| sent[client]).sum();
        let of_pool = || jobs.iter().filter(|line| line.pool == pool);
        let ok: u64 = of_pool().filter(|line| line.outcome == "ok").map(|line| line.jobs).sum();
        let all: u64 = of_pool().map(|line| line.jobs).sum();
        assert_eq!((ok, all), (asked, asked), "{pool}: {jobs:?}");
        for engine in engines {
            assert!(
                of_pool().any(|line| line.engine == *engine && line.jobs > 0),
                "{pool}: {engine}: {jobs:?}"
            );
        }
    }
    println!("{engines:?}, {isolation}: {} jobs, {} changes", sent.iter().sum::<u64>(), 2 * SWITCHES);
}

/// Makes a change, after which the server must show it.
fn change(
    server: &Server,
    method: &str,
    path: &str,
    body: &serde_json::Value,
    shown: &str,
    as_this: &serde_json::Value,
) {
    let response = server.admin().exchange(method, path, &body.to_string()).unwrap();
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.json().pointer(shown), Some(as_this), "{}", response.text);
}

/// Waits until more jobs of each pool are answered than can have been on their way before.
fn goes_on(answered: &[AtomicUsize; 2]) {
    let count = || [0, 1].map(|pool: usize| answered[pool].load(Ordering::Relaxed));
    let before = count();
    eventually("the clients are answered", || (0..2).all(|pool| count()[pool] >= before[pool] + CLIENTS));
}

/// Every engine that is built in, and the fake, which understands as much as is asked here.
fn engines() -> Vec<&'static str> {
    let built = registry::entries().iter().map(|entry| entry.id()).filter(|id| is_built(id));
    built.filter(|id| *id != registry::FAKE).chain([registry::FAKE]).collect()
}

#[test]
fn nothing_is_lost_under_thread_isolation() {
    loses_nothing(&engines(), "thread");
}

#[test]
fn nothing_is_lost_under_process_isolation() {
    loses_nothing(&engines(), "process");
}
