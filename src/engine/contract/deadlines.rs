//! Deadlines and interruption: whatever runs on is stopped, and the next call works.

use std::thread;
use std::time::Duration;

use super::super::Interruption;
use super::{AMPLE, Bench, Deadline, Script, Want, on_every_engine};

/// What every engine that can be interrupted at all must stop.
const PLAIN: &[&str] = &[
    "while (true) {}",
    "for (;;) { input = [input] ; input = null }",
    "function spin() { for (;;) {} } spin()",
    "try { while (true) {} } catch (e) { return 1 } finally { return 2 }",
    "(() => { while (true) {} })()",
    "for (;;) { try { throw 1 } catch (e) {} }",
    "function* forever() { for (;;) yield 1 } for (const n of forever()) {}",
    "function again() { return Promise.resolve().then(again) } return again()",
    "function again() { Promise.resolve().then(again) } again(); return 1",
    "for (;;) await null",
    "(async () => { for (;;) await null })(); return 1",
    "return await {then(resolve) { const again = () => Promise.resolve().then(again); again() }}",
];

/// What an engine must stop besides if it declares full interruption.
const EVERYWHERE: &[&str] = &[
    "[1].map(() => { while (true) {} })",
    "[2, 1].sort(() => { while (true) {} })",
    "'a'.replace(/a/, () => { while (true) {} })",
    "({get a() { while (true) {} }}).a",
    "`${{toString() { while (true) {} }}}`",
    "new Proxy({}, {get() { while (true) {} }}).a",
    "await null; while (true) {}",
    "return Promise.resolve().then(() => { while (true) {} })",
    "await null; [1].forEach(() => { for (;;) {} })",
    "return {toJSON() { while (true) {} }}",
    "return [{get a() { while (true) {} }}]",
    "return {then(resolve) { while (true) {} }, toJSON() { while (true) {} }}",
    "const e = new Error('a'); Object.defineProperty(e, 'message', {get() { while (true) {} }}); throw e",
    "const e = new Error('a'); Object.defineProperty(e, 'stack', {get() { while (true) {} }}); throw e",
    "throw {toString() { while (true) {} }}",
    "return Promise.reject({toString() { while (true) {} }})",
    "try { while (true) {} } finally { while (true) {} }",
    "/^(a+)+$/.test('a'.repeat(64) + 'b')",
    "eval('while (true) {}')",
    "new Function('while (true) {}')()",
    "new (class { constructor() { while (true) {} } })",
    "const again = () => { try { for (;;) {} } finally { again() } }; again()",
    "class E extends Error { static prepareStackTrace() { while (true) {} } } Error.prepareStackTrace = E.prepareStackTrace; while (true) {}",
];

fn stops(bench: &mut Bench, body: &str) {
    bench.allowed = Duration::from_millis(200);
    bench.check(body, "null", Want::Timeout);
    bench.allowed = AMPLE;
    bench.gives("await null; return 1 + 1 /* afterwards */", "2");
    // A global left behind by one case must not decide the next.
    if bench.isolate().reset().is_err() {
        bench.drop_isolate();
    }
}

#[test]
fn endless_scripts_are_stopped() {
    on_every_engine(|bench| {
        if bench.info.capabilities.interruption == Interruption::None {
            return;
        }
        for body in PLAIN {
            stops(bench, body);
        }
    });
}

#[test]
fn endless_code_is_stopped_wherever_it_runs() {
    on_every_engine(|bench| {
        if bench.info.capabilities.interruption != Interruption::Full {
            return;
        }
        for body in EVERYWHERE {
            stops(bench, body);
        }
    });
}

#[test]
fn endless_setup_is_stopped() {
    on_every_engine(|bench| {
        if bench.info.capabilities.interruption == Interruption::None {
            return;
        }
        bench.allowed = Duration::from_millis(200);
        for source in ["while (true) {}", "(function again() { Promise.resolve().then(again) })()"] {
            let script = Script { setup: vec![source.to_owned()], ..Script::new("t", "return 1") };
            bench.check_script(&script, "null", Want::Timeout);
            bench.allowed = AMPLE;
            bench.gives("return 1", "1");
            bench.allowed = Duration::from_millis(200);
        }
    });
}

#[test]
fn a_timeout_tells_how_long_the_script_ran() {
    on_every_engine(|bench| {
        if bench.info.capabilities.interruption == Interruption::None {
            return;
        }
        bench.allowed = Duration::from_millis(100);
        match bench.run(&Script::new("t", "while (true) {}"), "null") {
            Err(super::JsError::Timeout { ran }) => {
                bench.expect(ran >= Duration::from_millis(100), &format!("stopped early, after {ran:?}"));
            }
            other => bench.complain(format!("{other:?}")),
        }
    });
}

#[test]
fn a_deadline_reaches_no_further_than_its_call() {
    on_every_engine(|bench| {
        let ample = Deadline::after(AMPLE);
        let isolate = bench.isolate();
        let quick = isolate.load(&Script::new("t", "return 1"), &ample).unwrap();
        let slow = isolate
            .load(&Script::new("t", "let n = 0; for (let i = 0; i < 3e5; i++) n += i; return n"), &ample)
            .unwrap();
        let brief = Duration::from_millis(500);
        let first = isolate.call(quick, "null", &Deadline::after(brief));
        thread::sleep(brief + Duration::from_millis(50));
        let second = isolate.call(slow, "null", &ample);
        bench.expect(first == Ok("1".to_owned()), &format!("{first:?}"));
        bench.expect(second == Ok("44999850000".to_owned()), &format!("{second:?}"));
    });
}

#[test]
fn an_interrupter_stops_the_call_in_progress_and_no_other() {
    on_every_engine(|bench| {
        let Some(interrupter) = bench.isolate().interrupter() else { return };
        interrupter.interrupt();
        bench.gives("let n = 0; for (let i = 0; i < 3e5; i++) n += i; return n", "44999850000");
        let stopping = interrupter.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(150));
            stopping.interrupt();
        });
        // The want of less than 8 seconds, under a deadline of 20, tells that it was the interrupter.
        bench.check("while (true) {}", "null", Want::Timeout);
        thread.join().unwrap();
        interrupter.interrupt();
        bench.gives("await null; return 1", "1");
    });
}
