//! The load driver against servers that answer rightly, wrongly, slowly, in part and not at all.

use std::sync::Arc;
use std::time::Duration;

use jsarena::engine::{Deadlines, Script};
use jsarena::executor::http::{Asked, Body, HttpExecutor, Target};
use jsarena::executor::{Executor, Job, Outcome, OutcomeCounts};
use jsarena::load::{self, Arrivals, EarlyStop, Live, Load, Plan, Spacing, Stop};
use jsarena::stats::Summary;

use crate::server::{Reply, Request, Server, nowhere, right};

const CLOSED: Arrivals = Arrivals::Closed { concurrency: 4 };
const OPEN: Arrivals = Arrivals::Open { rate_per_s: 500.0, spacing: Spacing::Constant };

fn executor(url: String, change: impl FnOnce(&mut Asked)) -> Arc<dyn Executor> {
    let mut asked = Asked { url, ..Asked::default() };
    change(&mut asked);
    Arc::new(HttpExecutor::new(Target::try_from(asked).unwrap()).unwrap())
}

fn load(arrivals: Arrivals, jobs: u64) -> Load {
    Load {
        plan: Plan { arrivals, warmup: Duration::ZERO, stop: Stop::Count(jobs), seed: 1, hostile: 0.0 },
        script: Arc::new(Script::new("t", "return input.n + 1")),
        input: r#"{"n":1}"#.into(),
        deadlines: Deadlines { inner: Duration::from_secs(20), outer: Duration::from_secs(30) },
        check: Arc::new(|answer| answer == "2"),
        hostile: Vec::new(),
        soak: false,
        early_stop: EarlyStop::default(),
        blocking_threads: None,
        sockets: true,
    }
}

fn run(server: &Server, load: &Load) -> Summary {
    let summary = load::run(&executor(server.url(), |_| {}), load, &Live::default()).unwrap();
    assert_eq!(summary.outcomes.total(), summary.submitted, "every job has one outcome");
    summary
}

fn counts(change: impl FnOnce(&mut OutcomeCounts)) -> OutcomeCounts {
    let mut counts = OutcomeCounts::default();
    change(&mut counts);
    counts
}

#[test]
fn right_answers_come_over_connections_that_are_kept() {
    for arrivals in [CLOSED, OPEN] {
        let server = Server::answering("2");
        let summary = run(&server, &load(arrivals, 400));
        assert_eq!(summary.outcomes, counts(|all| all.ok = 400), "{arrivals:?} {:?}", summary.failures);
        assert_eq!(summary.wrong_answers, 0);
        assert_eq!(summary.response_histogram.decode().unwrap().len(), 400);
        assert_eq!(server.requests(), 400);
        if arrivals == CLOSED {
            assert!(server.connections() <= 4, "{} connections for 4 clients", server.connections());
        } else {
            assert!(server.connections() < 400, "{} connections", server.connections());
        }
    }
}

#[test]
fn a_job_arrives_as_execute_has_it() {
    let server = Server::start(|request: &Request| {
        let is_json = request.head.iter().any(|line| line == "content-type: application/json");
        let body = r#"{"type":"javascript","code":"return input.n + 1","input":{"n":1},"timeout_ms":20000}"#;
        let as_it_should = request.line == "POST /execute HTTP/1.1" && is_json && request.body == body;
        Reply::Answer(200, if as_it_should { right("2") } else { right("\"not that\"") })
    });
    assert_eq!(run(&server, &load(CLOSED, 8)).wrong_answers, 0);
}

#[test]
fn a_wrong_answer_is_an_error_and_no_throughput() {
    for arrivals in [CLOSED, OPEN] {
        let server =
            Server::start(|request| Reply::Answer(200, right(["2", "3"][(request.number % 2) as usize])));
        let summary = run(&server, &load(arrivals, 100));
        assert_eq!((summary.outcomes.ok, summary.wrong_answers, summary.errors()), (100, 50, 50));
        assert_eq!(summary.failures, ["50 × wrong answer: 3"]);
    }
}

#[test]
fn what_is_no_answer_of_execute_is_no_success() {
    for reply in ["OK", "", "{\"result\":2}"] {
        let server = Server::start(move |_| Reply::Answer(200, reply.to_owned()));
        assert_eq!(
            run(&server, &load(CLOSED, 20)).outcomes,
            counts(|all| all.invalid_result = 20),
            "{reply}"
        );
    }
}

#[test]
fn what_is_turned_away_has_no_latency_and_retry_after_is_not_waited_for() {
    for arrivals in [CLOSED, OPEN] {
        let server = Server::start(|_| Reply::WithHeader(503, "retry-after: 3600", "busy".to_owned()));
        let summary = run(&server, &load(arrivals, 50));
        assert_eq!(summary.outcomes, counts(|all| all.rejected = 50));
        assert_eq!(summary.response_histogram.decode().unwrap().len(), 0);
        assert_eq!(summary.failures, ["50 × rejected: HTTP 503 Service Unavailable: busy"]);
    }
}

#[test]
fn the_server_s_own_word_decides() {
    let server = Server::start(|request| {
        let kind =
            ["exception", "timeout", "out_of_memory", "crash", "rejected"][(request.number % 5) as usize];
        Reply::Answer(500, format!(r#"{{"ok":false,"error":{{"kind":"{kind}","message":"m"}}}}"#))
    });
    let expected = OutcomeCounts {
        exception: 8,
        timeout: 8,
        out_of_memory: 8,
        crash: 8,
        rejected: 8,
        ..OutcomeCounts::default()
    };
    assert_eq!(run(&server, &load(OPEN, 40)).outcomes, expected);
}

#[test]
fn an_answer_cut_off_or_not_of_this_world_fails_its_job_and_no_other() {
    for arrivals in [CLOSED, OPEN] {
        let server = Server::start(|request| match request.number % 4 {
            0 => Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\":tr"),
            1 => Reply::Raw(""),
            2 => Reply::Raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
            _ => Reply::Answer(200, right("2")),
        });
        let summary = run(&server, &load(arrivals, 80));
        let expected = OutcomeCounts { ok: 20, crash: 40, invalid_result: 20, ..OutcomeCounts::default() };
        assert_eq!(summary.outcomes, expected, "{:?}", summary.failures);
        assert_eq!(summary.wrong_answers, 0);
    }
}

#[test]
fn a_server_that_closes_after_each_answer_loses_nothing() {
    let server = Server::start(|_| Reply::Last(right("2")));
    let summary = run(&server, &load(CLOSED, 60));
    assert_eq!(summary.outcomes, counts(|all| all.ok = 60), "{:?}", summary.failures);
    assert!(server.connections() >= 60);
}

#[test]
fn a_server_that_never_answers_is_given_up_at_the_outer_deadline() {
    for arrivals in [CLOSED, OPEN] {
        let server = Server::start(|_| Reply::Never);
        let deadlines = Deadlines { inner: Duration::from_millis(50), outer: Duration::from_millis(100) };
        let summary = run(&server, &Load { deadlines, ..load(arrivals, 8) });
        assert_eq!(summary.outcomes, counts(|all| all.timeout = 8));
        assert!(summary.service_us.p50 >= 99_000.0, "{:?}", summary.service_us);
        assert!(summary.failures[0].contains("no answer by the outer deadline"), "{:?}", summary.failures);
    }
}

#[test]
fn service_time_is_the_server_s_own_figure_or_from_sending_to_the_answer() {
    let slow = Duration::from_millis(20);
    let summary = |body: &'static str| {
        let server = Server::start(move |_| Reply::Slow(slow, body.to_owned()));
        run(&server, &load(CLOSED, 12))
    };
    let silent = summary(r#"{"ok":true,"result":2}"#);
    assert!(silent.service_us.p50 >= 20_000.0 && silent.response_us.p50 >= 20_000.0);
    let telling = summary(r#"{"ok":true,"result":2,"service_us":1500}"#);
    assert!((telling.service_us.p50 - 1500.0).abs() < 10.0, "{:?}", telling.service_us);
    assert!(telling.response_us.p50 >= 20_000.0, "{:?}", telling.response_us);
}

#[test]
fn a_request_of_one_s_own_is_sent_as_it_is_and_any_success_is_right() {
    let server = Server::start(|request| {
        let is_own = request.line == "PUT /execute HTTP/1.1"
            && request.body == "<q/>"
            && request.head.iter().any(|line| line == "x-key: 1");
        Reply::Answer(if is_own { 204 } else { 404 }, String::new())
    });
    let own = |asked: &mut Asked| {
        asked.method = Some("PUT".to_owned());
        asked.headers = vec!["X-Key: 1".to_owned()];
        asked.body = Some(Body { name: "q.xml".to_owned(), bytes: b"<q/>".to_vec() });
    };
    let load = Load { check: Arc::new(|answer| answer == "null"), ..load(CLOSED, 20) };
    let summary = load::run(&executor(server.url(), own), &load, &Live::default()).unwrap();
    assert_eq!((summary.outcomes.ok, summary.errors()), (20, 0), "{:?}", summary.failures);
    let summary = run(&server, &load);
    assert_eq!(summary.outcomes, counts(|all| all.rejected = 20), "404 is no success");
}

#[test]
fn where_nothing_listens_the_load_does_not_begin_and_a_job_is_a_crash_that_never_started() {
    let (_socket, address) = nowhere();
    let executor = executor(format!("http://{address}/"), |_| {});
    let load = load(CLOSED, 5);
    let error = load::run(&executor, &load, &Live::default()).unwrap_err().to_string();
    assert!(error.contains("no connection: ") && error.contains("http://127.0.0.1:"), "{error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Load { script, input, deadlines, .. } = load;
    let completion = runtime.block_on(executor.submit(Job { script, input, deadlines }));
    assert!(matches!(completion.outcome, Outcome::Crash(_)), "{completion:?}");
    assert_eq!(completion.started, None);
}

#[test]
fn after_a_shutdown_jobs_are_cancelled_and_those_under_way_are_waited_for() {
    let server = Server::start(|_| Reply::Slow(Duration::from_millis(50), right("2")));
    let executor = executor(server.url(), |_| {});
    let Load { script, input, deadlines, .. } = load(CLOSED, 1);
    let job = Job { script, input, deadlines };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let under_way = tokio::spawn(executor.submit(job.clone()));
        while executor.gauges().busy == 0 {
            tokio::task::yield_now().await;
        }
        executor.shutdown().await;
        assert_eq!(executor.gauges().busy, 0);
        assert_eq!(under_way.await.unwrap().outcome, Outcome::Ok("2".to_owned()));
        assert_eq!(executor.submit(job).await.outcome, Outcome::Cancelled);
    });
}
