//! Workers in processes, from outside: real children, real signals.
#![cfg(unix)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jsarena::engine::fake::Fake;
use jsarena::engine::{Deadlines, JsEngine, JsError, Limits, Script, registry};
use jsarena::executor::{
    ActorPool, Candidate, Foreign, Isolation, Job, Outcome, PoolConfig, ProcessEngine, Reuse, TimeoutKind,
    WorkerCommand,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;

const JSARENA: &str = env!("CARGO_BIN_EXE_jsarena");

fn in_processes(candidate: Candidate) -> Arc<dyn JsEngine> {
    candidate.engine(Isolation::Process, Path::new(JSARENA)).unwrap()
}

fn fake() -> Arc<dyn JsEngine> {
    in_processes(Candidate::Known(registry::find(registry::FAKE).unwrap()))
}

async fn pool(config: PoolConfig) -> ActorPool {
    let pool = ActorPool::start(config).unwrap();
    pool.ready().await.unwrap();
    pool
}

fn job(body: &str, inner: u64, outer: u64) -> Job {
    let deadlines = Deadlines { inner: Duration::from_millis(inner), outer: Duration::from_millis(outer) };
    Job { script: Arc::new(Script::new("t", body)), input: "null".into(), deadlines }
}

async fn run(pool: &ActorPool, body: &str) -> Outcome {
    pool.submit(job(body, 20_000, 30_000)).await.outcome
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("after ten seconds still not so: {what}");
}

/// The processes under `parent`, all the way down.
fn descendants(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            found.push(child);
            found.extend(descendants(child));
        }
    }
    found
}

fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // A zombie has ended; whoever is to reap it may take its time.
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn every_engine_answers_through_a_process_as_it_does_here() {
    for engine in registry::entries().iter().filter(|entry| entry.engine().is_ok()) {
        let pool = pool(PoolConfig::new(in_processes(Candidate::Known(*engine)), 1)).await;
        let id = engine.id();
        assert_eq!(
            run(&pool, "return [1, 'ä\u{1F600}', {a: null}]").await,
            Outcome::Ok("[1,\"ä\u{1F600}\",{\"a\":null}]".to_owned()),
            "{id}"
        );
        let input: Arc<str> = format!("[{}]", vec!["123456789"; 300_000].join(",")).into();
        let long = Job { input, ..job("return input", 20_000, 30_000) };
        assert_eq!(pool.submit(long.clone()).await.outcome, Outcome::Ok(long.input.to_string()), "{id}");
        match run(&pool, "throw new TypeError('no')").await {
            Outcome::Exception(JsError::Exception { name, message, .. }) => {
                assert_eq!((name.as_str(), message.as_str()), ("TypeError", "no"), "{id}");
            }
            other => panic!("{id}: {other}"),
        }
        let syntax = run(&pool, "return 1;\n  return )").await;
        assert!(
            matches!(syntax, Outcome::Exception(JsError::Syntax { line: Some(2), .. })),
            "{id}: {syntax}"
        );
        assert!(matches!(run(&pool, "return undefined").await, Outcome::InvalidResult(_)), "{id}");
        assert_eq!(pool.gauges().restarts, 0, "{id}");
        pool.shutdown().await;
    }
}

#[tokio::test]
async fn every_outcome_comes_through_and_the_next_job_is_served() {
    let pool = pool(PoolConfig::new(fake(), 1)).await;
    let (crashes, panics) = (2, 1);
    for (body, expected) in [
        ("return 7", "ok: 7"),
        ("throw RangeError far out", "exception: RangeError: far out"),
        ("allocate 1GiB", "out of memory"),
        ("panic on purpose", "panic: on purpose"),
        ("abort", "crash: signal 6 (SIGABRT)"),
        (
            "print words of its own; print last words; abort",
            "crash: signal 6 (SIGABRT): words of its own / last words",
        ),
        ("nonsense", "exception: syntax error"),
    ] {
        let outcome = run(&pool, body).await.to_string();
        assert!(outcome.starts_with(expected), "{body}: {outcome}");
        assert_eq!(run(&pool, "return 1").await, Outcome::Ok("1".to_owned()), "after {body}");
    }
    let timeout = pool.submit(job("loop", 150, 20_000)).await.outcome;
    assert!(
        matches!(timeout, Outcome::Timeout { kind: TimeoutKind::Inner, ran } if ran >= Duration::from_millis(150)),
        "{timeout}"
    );
    let gauges = pool.gauges();
    assert_eq!((gauges.restarts, gauges.panics), (crashes + panics, panics));
    // A script that ran long costs the process, and not the worker.
    eventually("it is replaced", || pool.gauges().recycled == 1).await;
    let brief = pool.submit(job("loop", 20, 20_000)).await.outcome;
    assert!(matches!(brief, Outcome::Timeout { kind: TimeoutKind::Inner, .. }), "{brief}");
    assert_eq!(run(&pool, "return 1").await, Outcome::Ok("1".to_owned()));
    assert_eq!(pool.gauges().recycled, 1, "a brief one does not");
}

#[tokio::test]
async fn a_guest_that_writes_without_end_disturbs_nobody() {
    let pool = pool(PoolConfig::new(fake(), 1)).await;
    let flood = vec![format!("print {}", "x".repeat(10_000)); 200].join("; ");
    assert_eq!(run(&pool, &format!("{flood}; return 1")).await, Outcome::Ok("1".to_owned()));
    assert_eq!(run(&pool, "return 2").await, Outcome::Ok("2".to_owned()));
}

#[tokio::test]
async fn a_worker_that_heeds_nothing_is_killed_at_the_outer_deadline() {
    let pool = pool(PoolConfig::new(fake(), 1)).await;
    let stopped = pool.submit(job("hang 600s", 50, 200)).await.outcome;
    assert!(matches!(stopped, Outcome::Timeout { kind: TimeoutKind::Outer, .. }), "{stopped}");
    assert_eq!(run(&pool, "return 1").await, Outcome::Ok("1".to_owned()));
    // A thread would be lost for 600 seconds.
    eventually("the worker is back", || pool.gauges().lost_now == 0).await;
    assert_eq!(pool.gauges().lost_workers, 1);
}

#[tokio::test]
async fn fresh_isolates_do_not_cost_a_process_each() {
    let config = PoolConfig { reuse: Reuse::Fresh, ..PoolConfig::new(fake(), 1) };
    let pool = pool(config).await;
    for _ in 0..50 {
        assert_eq!(run(&pool, "allocate 64MiB; return 1").await, Outcome::Ok("1".to_owned()));
    }
    assert_eq!(pool.gauges().restarts, 0);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_process_that_has_grown_is_replaced_between_jobs() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("no python3 here to play the worker");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let worker = folder.path().join("grows.py");
    // A worker that keeps what it should give back, and says so where it is asked to make a new realm.
    std::fs::write(&worker, include_str!("process/grows.py")).unwrap();
    let command = ["python3", worker.to_str().unwrap()].map(str::to_owned).to_vec();
    let foreign = Foreign { id: "grows".to_owned(), command, folder: folder.path().to_owned() };
    let engine = in_processes(Candidate::Foreign(Arc::new(foreign)));
    let config = PoolConfig { reuse: Reuse::Reset, ..PoolConfig::new(engine, 1) };
    let pool = pool(config).await;
    let mut processes = Vec::new();
    for _ in 0..6 {
        let Outcome::Ok(process) = run(&pool, "").await else { panic!("it answers with its process number") };
        processes.push(process);
    }
    let changes = processes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 2, "every second reset says that it is spent: {processes:?}");
    eventually("the sixth job's reset recycles too", || pool.gauges().recycled == 3).await;
    assert_eq!(pool.gauges().restarts, 0, "nothing died");
}

/// Kills a jsarena in mid-load, and gives what was below it.
fn kill_in_mid_load(engine: &str, workload: &str) -> Vec<u32> {
    let mut parent = Command::new(JSARENA)
        .args(["run", "-e", engine, "-w", workload, "--isolation", "process", "--workers", "3"])
        .args(["--duration", "60s", "--warmup", "0s"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    // The cell, three workers and a spare.
    while descendants(parent.id()).len() < 5 {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", descendants(parent.id()));
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    let below = descendants(parent.id());
    parent.kill().unwrap();
    parent.wait().unwrap();
    below
}

#[test]
fn nothing_is_left_of_a_parent_that_is_killed_in_mid_load() {
    let engine = registry::built().next().map_or(registry::FAKE.to_owned(), |engine| engine.info().id);
    let below = kill_in_mid_load(&engine, "seed/fib");
    thread::sleep(Duration::from_secs(2));
    let left: Vec<_> = below.iter().filter(|process| is_alive(**process)).collect();
    assert!(left.is_empty(), "{left:?} of {below:?} live");
}

#[tokio::test]
async fn a_worker_killed_from_outside_is_a_crash_and_is_replaced() {
    // Other tests of this binary have children too: this one's are known by their folder.
    let home = tempfile::tempdir().unwrap();
    let command = WorkerCommand {
        program: JSARENA.into(),
        args: worker_of_fakes(),
        folder: Some(home.path().to_owned()),
        caps_memory: true,
    };
    let engine = Arc::new(ProcessEngine::new(command, Fake::default().info()).unwrap());
    let pool = pool(PoolConfig::new(engine, 1)).await;
    let waiting = tokio::spawn(pool.submit(job("sleep 20s; return 1", 30_000, 40_000)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let is_ours =
        |child: &u32| std::fs::read_link(format!("/proc/{child}/cwd")).is_ok_and(|cwd| cwd == home.path());
    for child in descendants(std::process::id()).into_iter().filter(is_ours) {
        kill(Pid::from_raw(child.cast_signed()), Signal::SIGKILL).unwrap();
    }
    let outcome = waiting.await.unwrap().outcome.to_string();
    assert!(outcome.starts_with("crash: signal 9 (SIGKILL)"), "{outcome}");
    // The spare was killed too, and may have been handed out before that was seen.
    let mut served = false;
    for _ in 0..3 {
        served |= run(&pool, "return 1").await == Outcome::Ok("1".to_owned());
    }
    assert!(served, "two dead processes cost two jobs at most");
    let ours = descendants(std::process::id()).into_iter().filter(is_ours).collect::<Vec<_>>();
    pool.shutdown().await;
    drop(pool);
    eventually("its children end with the pool", || !ours.iter().any(|child| is_alive(*child))).await;
}

fn worker_of_fakes() -> Vec<OsString> {
    let parent = std::process::id().to_string();
    ["worker", "--parent", &parent, "--engine", "fake"].map(OsString::from).to_vec()
}

fn foreign(script: &str) -> Foreign {
    Foreign {
        id: "odd".to_owned(),
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        folder: PathBuf::from("/"),
    }
}

#[test]
fn a_worker_that_speaks_something_else_is_one_clear_line() {
    for (script, expected) in [
        ("exit 3", "exit 3"),
        ("echo out of order >&2; exit 4", "exit 4: out of order"),
        (
            "printf 'HTTP/1.1 400 Bad Request' >&0; sleep 60",
            "does not keep to the protocol: a frame of kind 47",
        ),
        ("printf '\\002\\0\\0\\0\\001\\0\\0\\0no' >&0; sleep 60", "with a body that is"),
        ("printf '\\0\\0\\0\\0\\004\\0\\0\\0' >&0; sleep 60", "a frame of kind Call where Hello was due"),
        (
            "printf '\\055\\0\\0\\0\\001\\0\\0\\0{\"protocol\":9,\"engine\":{\"engine_version\":\"\"}}' >&0; sleep 60",
            "the worker speaks protocol 9, this jsarena 1",
        ),
        ("exec 0<&-; sleep 60", "it closed its socket and went on: killed"),
        ("kill -9 $$", "signal 9 (SIGKILL)"),
    ] {
        let candidate = Candidate::Foreign(Arc::new(foreign(script)));
        let error = candidate.info(Path::new(JSARENA)).expect_err(script).to_string();
        assert!(error.contains(expected), "{script}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let absent = Foreign { command: vec!["no-such-program".to_owned()], ..foreign("") };
    let error = Candidate::Foreign(Arc::new(absent)).info(Path::new(JSARENA)).unwrap_err().to_string();
    assert!(error.contains("no-such-program"), "{error}");
}

#[test]
fn a_foreign_engine_runs_under_process_only() {
    let candidate = Candidate::Foreign(Arc::new(foreign("exit 0")));
    assert!(candidate.runs_under(Isolation::Process) && !candidate.runs_under(Isolation::Thread));
    let Err(error) = candidate.engine(Isolation::Thread, Path::new(JSARENA)) else { panic!("it runs here") };
    assert!(error.to_string().contains("`process` only"), "{error}");
}

#[test]
fn a_foreign_engine_that_fails_is_a_row_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("jsarena.toml");
    std::fs::write(&config, "[[engine]]\nid = 'odd'\ncommand = ['sh', '-c', 'echo not today >&2; exit 7']\n")
        .unwrap();
    let config = config.to_str().unwrap();
    assert_cmd::Command::new(JSARENA)
        .args(["--config", config, "engines"])
        .assert()
        .success()
        .stdout(predicate::str::contains("odd: exit 7: not today"));
    assert_cmd::Command::new(JSARENA)
        .args(["--config", config, "run", "-e", "odd,fake", "-w", "seed/one-plus-one"])
        .args(["--isolation", "process", "--duration", "100ms", "--warmup", "0s"])
        .assert()
        .code(1)
        .stdout(predicate::str::contains("exit 7: not today"));
    assert_cmd::Command::new(JSARENA)
        .args(["--config", config, "run", "-e", "odd", "-w", "seed/one-plus-one", "--isolation", "thread"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("add `process` to isolation"));
}

#[test]
fn an_isolate_in_a_process_is_an_isolate_like_any_other() {
    let command =
        WorkerCommand { program: JSARENA.into(), args: worker_of_fakes(), folder: None, caps_memory: true };
    let engine = ProcessEngine::new(command, Fake::default().info()).unwrap();
    let mut isolate = engine.create(&Limits::default()).unwrap();
    let ample = jsarena::engine::Deadline::after(Duration::from_secs(20));
    let echo = isolate.load(&Script::new("t", "echo"), &ample).unwrap();
    let keep = isolate.load(&Script::new("t", "allocate 1MiB; return 0"), &ample).unwrap();
    assert_eq!(isolate.call(echo, "[1]", &ample), Ok("[1]".to_owned()));
    isolate.call(keep, "null", &ample).unwrap();
    assert!(isolate.heap().unwrap().used.as_u64() >= 1 << 20);
    isolate.reset().unwrap();
    assert_eq!(isolate.heap().unwrap().used.as_u64(), 0);
    assert!(matches!(isolate.call(echo, "1", &ample), Err(JsError::Engine(_))), "gone with the reset");
    let interrupter = isolate.interrupter().unwrap();
    interrupter.interrupt();
    let echo = isolate.load(&Script::new("t", "echo"), &ample).unwrap();
    assert_eq!(isolate.call(echo, "2", &ample), Ok("2".to_owned()), "no call, nothing to interrupt");
    let hang = isolate.load(&Script::new("t", "hang 600s"), &ample).unwrap();
    let later = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        interrupter.interrupt();
    });
    assert!(matches!(isolate.call(hang, "null", &ample), Err(JsError::Timeout { .. })));
    assert!(isolate.is_spent());
    later.join().unwrap();
}
