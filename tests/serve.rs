//! The server from outside: real processes, real sockets.
#![cfg(unix)]

#[path = "serve/answers.rs"]
mod answers;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/operating.rs"]
mod operating;
#[path = "serve/per_core.rs"]
mod per_core;
#[path = "serve/shutdown.rs"]
mod shutdown;
#[path = "serve/statuses.rs"]
mod statuses;

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use jsarena::engine::registry;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use client::{Client, Response};

/// A server in a process of its own, at ports of its own. Killed when dropped.
struct Server {
    process: Child,
    /// What it said when it was ready.
    said: Value,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one with these flags on top, and waits until it answers.
    fn start(flags: &[&str]) -> Self {
        Self::start_in(&[], flags)
    }

    /// The same, with these variables in its environment.
    fn start_in(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        Self::start_as(flags, |command| command.envs(environment.iter().copied()))
    }

    /// The same, with the command changed at will.
    fn start_as(flags: &[&str], change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
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
    fn fake(flags: &[&str]) -> Self {
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
    fn quickjs(flags: &[&str]) -> Option<Self> {
        is_built("quickjs").then(|| Self::start(&[&["-e", "quickjs"], flags].concat()))
    }

    /// A connection to the public listener.
    fn client(&self) -> Client {
        Client::to(self.said["listen"].as_str().unwrap())
    }

    /// A connection to the admin listener.
    fn admin(&self) -> Client {
        Client::to(self.said["admin"].as_str().unwrap())
    }

    /// Tasks that run or wait.
    fn under_way(&self) -> u64 {
        let tasks = &self.admin().get("/pools").json()["pools"]["tasks"];
        tasks["busy"].as_u64().unwrap() + tasks["queued"].as_u64().unwrap()
    }

    /// Runs code as a task.
    fn run(&self, code: &str) -> Response {
        self.client().run("javascript", code)
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }

    fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_built(engine: &str) -> bool {
    registry::find(engine).is_some_and(|entry| entry.engine().is_ok())
}

/// Waits for what a server does in its own time.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("after twenty seconds still not so: {what}");
}
