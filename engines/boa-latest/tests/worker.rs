//! The worker from outside: the program itself at one end of a socket, the protocol's words at the other.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const HELLO: u8 = 1;
const CREATE: u8 = 2;
const LOAD: u8 = 3;
const CALL: u8 = 4;
const RESET: u8 = 5;
const HEAP: u8 = 6;
const ERROR: u8 = 255;
const AMPLE: Duration = Duration::from_secs(20);

/// A worker's process and the host's end of its socket.
struct Worker {
    process: Child,
    socket: UnixStream,
}

/// A reply, taken apart.
#[derive(Debug)]
struct Reply {
    kind: u8,
    spent: bool,
    body: Vec<u8>,
}

impl Worker {
    /// One that has been greeted and has an isolate.
    fn ready() -> Self {
        let mut worker = Self::start();
        let hello = worker.ask(HELLO, br#"{"protocol":1,"host":"a test","max_body":1048576,"new":1}"#);
        let hello: Value = serde_json::from_slice(&hello.body).unwrap();
        assert_eq!(hello["protocol"], 1);
        assert!(hello["engine"]["engine_version"].as_str().unwrap().starts_with("Boa 0."), "{hello}");
        assert_eq!(worker.ask(CREATE, br#"{"heap_bytes":null,"stack_bytes":1007616}"#).kind, CREATE);
        worker
    }

    fn start() -> Self {
        let (socket, theirs) = UnixStream::pair().unwrap();
        socket.set_read_timeout(Some(AMPLE)).unwrap();
        let program = env!("CARGO_BIN_EXE_boa-latest");
        let process = Command::new(program).stdin(OwnedFd::from(theirs)).spawn().unwrap();
        Self { process, socket }
    }

    fn ask(&mut self, kind: u8, body: &[u8]) -> Reply {
        self.send(kind, body, usize::MAX);
        let mut head = [0; 8];
        self.socket.read_exact(&mut head).unwrap();
        let [a, b, c, d, kind, flags, 0, 0] = head else { panic!("{head:?}") };
        let mut body = vec![0; u32::from_le_bytes([a, b, c, d]) as usize];
        self.socket.read_exact(&mut body).unwrap();
        Reply { kind, spent: flags & 1 == 1, body }
    }

    /// Writes a frame, `piece` bytes at a time.
    fn send(&mut self, kind: u8, body: &[u8], piece: usize) {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let frame = [&length[..], &[kind, 0, 0, 0], body].concat();
        for piece in frame.chunks(piece) {
            self.socket.write_all(piece).unwrap();
        }
    }

    fn load(&mut self, script: &Value, allowed: Duration) -> Reply {
        let micros = (allowed.as_micros() as u64).to_le_bytes();
        self.ask(LOAD, &[&micros[..], script.to_string().as_bytes()].concat())
    }

    fn call(&mut self, script: &[u8], input: &str, allowed: Duration) -> Reply {
        let micros = (allowed.as_micros() as u64).to_le_bytes();
        self.ask(CALL, &[script, &micros, input.as_bytes()].concat())
    }

    fn run(&mut self, body: &str, input: &str, allowed: Duration) -> Reply {
        let loaded = self.load(&json!({"name": "t", "body": body, "setup": []}), allowed);
        if loaded.kind == ERROR { loaded } else { self.call(&loaded.body, input, allowed) }
    }

    fn gives(&mut self, body: &str, input: &str, answer: &str) {
        let reply = self.run(body, input, AMPLE);
        assert_eq!((reply.kind, reply.text()), (CALL, answer), "{body}");
    }

    fn fails(&mut self, body: &str, fault: &str) -> Reply {
        let reply = self.run(body, "null", AMPLE);
        assert_eq!((reply.kind, reply.fault()), (ERROR, fault.to_owned()), "{body}: {}", reply.text());
        reply
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

impl Reply {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn fault(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["kind"].as_str().unwrap().to_owned()
    }
}

#[test]
fn answers_are_json_text() {
    let mut worker = Worker::ready();
    for (body, input, answer) in [
        ("return input.a + 1", r#"{"a":1}"#, "2"),
        ("return input", r#"["é","😀","\ud800",-0.5]"#, r#"["é","😀","\ud800",-0.5]"#),
        ("return await Promise.resolve(input)", "7", "7"),
        ("var await = 6; return await", "null", "6"),
        ("return this === globalThis && 010 === 8", "null", "true"),
        ("return escape('ä') + 'abc'.substr(1)", "null", "\"%E4bc\""),
        ("JSON.stringify = JSON.parse = Promise.prototype.then = null; return [1]", "null", "[1]"),
    ] {
        worker.gives(body, input, answer);
    }
}

#[test]
fn every_failure_has_its_kind() {
    let mut worker = Worker::ready();
    for (body, fault) in [
        ("throw new TypeError('no')", "exception"),
        ("return Promise.reject(42)", "exception"),
        ("let b = @", "syntax"),
        ("}, function() {", "syntax"),
        ("", "invalid_result"),
        ("return () => 1", "invalid_result"),
        ("return {a: 1n}", "invalid_result"),
        ("const a = {}; a.a = a; return a", "invalid_result"),
        ("return new Promise(() => {})", "invalid_result"),
        ("return 'x'.repeat(2 ** 21)", "invalid_result"),
        ("function f() { return 1 + f() } return f()", "stack_overflow"),
        ("function f(...list) { return [1].map(() => f(...list, 1)) } return f()", "stack_overflow"),
    ] {
        let reply = worker.fails(body, fault);
        assert!(!reply.spent, "{body}");
    }
    let thrown = worker.run("throw 'text'", "null", AMPLE);
    assert_eq!(thrown.text(), r#"{"kind":"exception","name":"Thrown","message":"text","stack":""}"#);
    let placed: Value = serde_json::from_slice(&worker.run("\n\n  @", "null", AMPLE).body).unwrap();
    assert_eq!((&placed["line"], &placed["column"]), (&json!(3), &json!(3)));
    worker.gives("return 1", "null", "1");
}

#[test]
fn requests_that_make_no_sense_are_told_and_survived() {
    let mut worker = Worker::start();
    for (kind, body) in [
        (CALL, &[0; 12][..]),
        (LOAD, &[0; 8]),
        (LOAD, b"x"),
        (CALL, b"x"),
        (RESET, b""),
        (9, b""),
        (HELLO, b"x"),
    ] {
        let reply = worker.ask(kind, body);
        assert_eq!((reply.kind, reply.fault().as_str()), (ERROR, "engine"), "{kind}");
    }
    let mut worker = Worker::ready();
    assert_eq!(worker.run("return 1", "{", AMPLE).fault(), "engine");
    assert_eq!(worker.call(&77u32.to_le_bytes(), "null", AMPLE).fault(), "engine");
    worker.gives("return 1", "null", "1");
}

#[test]
fn a_timeout_comes_in_time_and_costs_the_isolate() {
    for body in ["while (true) {}", "const again = () => Promise.resolve().then(again); return again()"] {
        let mut worker = Worker::ready();
        let started = Instant::now();
        let reply = worker.run(body, "null", Duration::from_millis(50));
        assert_eq!(reply.fault(), "timeout", "{body}");
        assert!(started.elapsed() < Duration::from_secs(5), "{body}: {:?}", started.elapsed());
        if reply.spent {
            assert_eq!(worker.run("return 1", "null", AMPLE).fault(), "engine", "{body}");
            assert_eq!(worker.ask(CREATE, b"{}").kind, CREATE);
        }
        worker.gives("return 1", "null", "1");
    }
}

#[test]
fn a_limit_that_an_await_meets_is_told_as_what_it_is() {
    let mut worker = Worker::ready();
    let reply = worker.fails("async function f() { await f() } await f()", "stack_overflow");
    assert!(reply.spent, "the engine spoke of a panic");
}

#[test]
fn a_reset_leaves_nothing_and_costs_no_memory() {
    let mut worker = Worker::ready();
    let script =
        json!({"name": "t", "body": "return count++", "setup": ["let count = 1; Array.prototype.map = 0"]});
    let loaded = worker.load(&script, AMPLE);
    for count in ["1", "2"] {
        assert_eq!(worker.call(&loaded.body, "null", AMPLE).text(), count);
    }
    assert_eq!(worker.ask(RESET, b"").kind, RESET);
    assert_eq!(worker.call(&loaded.body, "null", AMPLE).fault(), "engine");
    worker.gives("return [typeof count, [1].map(n => n + 1)]", "null", r#"["undefined",[2]]"#);
    assert_eq!(worker.ask(HEAP, b"").text(), "null");

    let pages = |worker: &Worker| -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", worker.process.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    };
    let mut reset_often = || {
        for _ in 0..200 {
            assert_eq!(worker.ask(RESET, b"").kind, RESET);
        }
        pages(&worker)
    };
    let (before, after) = (reset_often(), reset_often());
    // A realm that stayed would be 80 pages, so 200 of them three times this.
    assert!(after < before + 5_000, "{before} pages, then {after}");
}

#[test]
fn frames_come_in_any_pieces_and_of_any_size() {
    let mut worker = Worker::ready();
    let loaded = worker.load(&json!({"name": "t", "body": "return input.length"}), AMPLE);
    let call = |input: &str| [&loaded.body[..], &u64::MAX.to_le_bytes(), input.as_bytes()].concat();
    worker.send(CALL, &call("\"abc\""), 1);
    let mut reply = [0; 9];
    worker.socket.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"\x01\0\0\0\x04\0\0\x003");
    let long = format!("\"{}\"", "x".repeat(5 << 20));
    assert_eq!(worker.ask(CALL, &call(&long)).text(), (5 << 20).to_string());
}

#[test]
fn the_worker_ends_when_the_host_hangs_up() {
    let mut worker = Worker::ready();
    worker.socket.shutdown(std::net::Shutdown::Both).unwrap();
    assert!(worker.process.wait().unwrap().success());
}
