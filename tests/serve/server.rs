//! A server in a process of its own, and what tests wait for.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use jsarena::engine::registry;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::client::{Client, Response};

/// A server in a process of its own, at ports of its own. Killed when dropped.
pub struct Server {
    pub process: Child,
    /// What it said when it was ready.
    pub said: Value,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one with these flags on top, and waits until it answers.
    pub fn start(flags: &[&str]) -> Self {
        Self::start_in(&[], flags)
    }

    /// The same, with these variables in its environment.
    pub fn start_in(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        Self::start_as(flags, |command| command.envs(environment.iter().copied()))
    }

    /// The same, with the command changed at will.
    pub fn start_as(flags: &[&str], change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jsarena"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(flags)
            .env("JSARENA_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = change(&mut command).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{flags:?}: {line:?}: {error}"));
        Self { process, said, _stdout: stdout }
    }

    /// Of the fake engine, in threads, with errors as they are, unless the flags say otherwise.
    pub fn fake(flags: &[&str]) -> Self {
        let mut all = vec!["-e", "fake"];
        for default in
            [["--isolation", "thread"], ["--reuse", "keep"], ["--retries", "0"], ["--breaker", "0"]]
        {
            if !flags.contains(&default[0]) {
                all.extend(default);
            }
        }
        Self::start(&[&all, flags].concat())
    }

    /// Of QuickJS, if it is built in.
    pub fn quickjs(flags: &[&str]) -> Option<Self> {
        is_built("quickjs").then(|| Self::start(&[&["-e", "quickjs"], flags].concat()))
    }

    /// A connection to the public listener.
    pub fn client(&self) -> Client {
        Client::to(self.said["listen"].as_str().unwrap())
    }

    /// A connection to the admin listener.
    pub fn admin(&self) -> Client {
        Client::to(self.said["admin"].as_str().unwrap())
    }

    /// Tasks that run or wait.
    pub fn under_way(&self) -> u64 {
        let tasks = &self.admin().get("/pools").json()["pools"]["tasks"];
        tasks["busy"].as_u64().unwrap() + tasks["queued"].as_u64().unwrap()
    }

    /// The jobs that have ended, as the server counts them.
    pub fn jobs(&self) -> Vec<Counted> {
        let text = self.client().get("/metrics").text;
        text.lines().filter_map(|line| Counted::read(line.strip_prefix("jsarena_jobs_total{")?)).collect()
    }

    /// Runs code as a task.
    pub fn run(&self, code: &str) -> Response {
        self.client().run("javascript", code)
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A line of the metric that counts jobs.
#[derive(Debug)]
pub struct Counted {
    pub pool: String,
    pub engine: String,
    pub outcome: String,
    pub jobs: u64,
}

impl Counted {
    fn read(line: &str) -> Option<Self> {
        let (labels, jobs) = line.split_once("} ")?;
        let label = |name: &str| {
            let named = labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix("=\""));
            named.map(|value| value.trim_end_matches('"').to_owned())
        };
        let (pool, engine, outcome) = (label("pool")?, label("engine")?, label("outcome")?);
        Some(Self { pool, engine, outcome, jobs: jobs.parse().ok()? })
    }
}

pub fn is_built(engine: &str) -> bool {
    registry::find(engine).is_some_and(|entry| entry.engine().is_ok())
}

/// Waits for what a server does in its own time.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("after twenty seconds still not so: {what}");
}
