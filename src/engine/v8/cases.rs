//! Cases that hold for both V8 engines, run from the tests of each.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytesize::ByteSize;

use super::super::super::{Deadline, Isolate, JsEngine, JsError, Limits, Script};

/// One test for each case, on an engine.
macro_rules! cases {
    ($engine:expr) => {
        $crate::engine::registry::v8::cases::cases!($engine;
            answers invalid_results exceptions syntax_errors setup promises timeouts reuse
            out_of_memory interruption reset seats many_isolates hardening in_tokio hostile_stacks snapshots
        );
    };
    ($engine:expr; $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::engine::registry::v8::cases::$case(&$engine);
            }
        )*
    };
}
pub(in super::super) use super::hostile::{hardening, hostile_stacks, out_of_memory, timeouts};
pub(in super::super) use super::snapshot_cases::snapshots;
pub(in super::super) use cases;

pub(super) fn limits(mebibytes: u64) -> Limits {
    Limits { heap: Some(ByteSize::mib(mebibytes)), ..Limits::default() }
}

pub(super) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

pub(super) fn run_in(
    isolate: &mut dyn Isolate,
    body: &str,
    input: &str,
    allowed: Duration,
) -> Result<String, JsError> {
    let script = isolate.load(&Script::new("case", body), &soon())?;
    isolate.call(script, input, &Deadline::after(allowed))
}

fn run(engine: &dyn JsEngine, body: &str) -> Result<String, JsError> {
    run_in(&mut *engine.create(&limits(64))?, body, "{\"a\":[1,2]}", Duration::from_secs(20))
}

pub(super) fn check_ok(isolate: &mut dyn Isolate, body: &str, expected: &str) {
    let got = run_in(isolate, body, "{\"a\":[1,2]}", Duration::from_secs(20));
    assert_eq!(got.as_deref(), Ok(expected), "{body}");
}

pub(super) fn exception(result: Result<String, JsError>) -> (String, String, String) {
    match result {
        Err(JsError::Exception { name, message, stack }) => (name, message, stack),
        other => panic!("no exception: {other:?}"),
    }
}

pub(in super::super) fn answers(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    for (body, expected) in [
        ("return 1+1", "2"),
        ("return input", "{\"a\":[1,2]}"),
        ("return input.a.length // a comment at the end", "2"),
        ("return null", "null"),
        ("return NaN", "null"),
        ("return '\\ud800x'", "\"\\ud800x\""),
        ("return 'grün 😀'", "\"grün 😀\""),
        ("return [undefined, () => 1]", "[null,null]"),
        ("return {toJSON() { return 7 }}", "7"),
        ("return this === globalThis && typeof arguments", "\"object\""),
        ("x = 5; return x; var x", "5"),
        ("return 'undefine'", "\"undefine\""),
        ("return await 3", "3"),
        ("return this === globalThis || await 0", "true"),
        ("const await = 4; return await", "4"),
        ("return {then: 1}", "{\"then\":1}"),
        ("JSON.parse = JSON.stringify = () => 'mine'; return 8", "8"),
    ] {
        check_ok(&mut *isolate, body, expected);
    }
    check_ok(&mut *isolate, "return input.a", "[1,2]");
    let bad = run_in(&mut *isolate, "return 1", "{", Duration::from_secs(1));
    assert!(matches!(&bad, Err(JsError::Engine(why)) if why.starts_with("input: ")), "{bad:?}");
}

pub(in super::super) fn invalid_results(engine: &dyn JsEngine) {
    for (body, part) in [
        ("", "undefined"),
        ("return () => 1", "function"),
        ("return Symbol('s')", "symbol"),
        ("return 1n", "BigInt"),
        ("let a = []; a[0] = a; return a", "circular"),
        ("return {get x() { throw new Error('mine') }}", "mine"),
        ("return {toJSON() { throw 'plain' }}", "plain"),
        ("return {toJSON() {}}", "toJSON"),
        ("return new Proxy({}, {ownKeys() { throw new Error('trap') }})", "trap"),
        ("return new Promise(() => {})", "never settle"),
        ("await new Promise(() => {})", "never settle"),
        ("let a = 1; for (let i = 0; i < 1e5; i++) a = [a]; return a", "deep"),
    ] {
        let got = run(engine, body);
        assert!(matches!(&got, Err(JsError::InvalidResult(why)) if why.contains(part)), "{body}: {got:?}");
    }
}

pub(in super::super) fn exceptions(engine: &dyn JsEngine) {
    for (body, name, message) in [
        ("throw new TypeError('no')", "TypeError", "no"),
        ("await 0; throw new TypeError('no')", "TypeError", "no"),
        ("return Promise.reject(new RangeError('far'))", "RangeError", "far"),
        ("class Mine extends Error { get name() { return 'Mine' } }; throw new Mine('x')", "Mine", "x"),
        ("throw 42", "Thrown", "42"),
        ("throw null", "Thrown", "null"),
        ("throw undefined", "Thrown", "undefined"),
        ("throw Symbol('s')", "Thrown", "Symbol(s)"),
        ("throw {}", "Thrown", "[object Object]"),
        ("throw {toString() { throw 1 }}", "Thrown", "a value without a string form"),
        (
            "let e = new Error('a'); Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e",
            "Error",
            "",
        ),
        ("nowhere()", "ReferenceError", "nowhere is not defined"),
        ("throw Object.create(Error.prototype)", "Error", ""),
    ] {
        let (got_name, got_message, _) = exception(run(engine, body));
        assert_eq!((&*got_name, &*got_message), (name, message), "{body}");
    }
    let (_, _, stack) = exception(run(engine, "\n  throw new Error('here')"));
    assert!(stack.contains("case:2:9"), "{stack}");
    let (_, _, stack) = exception(run(engine, "await 0;\n  throw new Error('here')"));
    assert!(stack.contains("case:2:9"), "{stack}");
    for body in ["function f() { return f() + 1 }; return f()", "await 0; let f = () => f() + 1; f()"] {
        assert_eq!(run(engine, body), Err(JsError::StackOverflow), "{body}");
    }
}

pub(in super::super) fn syntax_errors(engine: &dyn JsEngine) {
    for (body, line, column) in [
        ("return 1 +* 2", 1, 11),
        ("\n  let 1", 2, 7),
        ("}", 1, 1),
        ("}; (function () {", 1, 1),
        ("await 0; } async function g() {", 1, 12),
        ("await 0;\nlet 1", 2, 5),
        ("return await (", 1, 15),
    ] {
        match run(engine, body) {
            Err(JsError::Syntax { line: got_line, column: got_column, .. }) => {
                assert_eq!((got_line, got_column), (Some(line), Some(column)), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

pub(in super::super) fn setup(engine: &dyn JsEngine) {
    let load = |setup: &[&str], body: &str, allowed| {
        let script = Script {
            setup: setup.iter().map(|&source| source.to_owned()).collect(),
            ..Script::new("case", body)
        };
        let mut isolate = engine.create(&limits(64))?;
        let script = isolate.load(&script, &Deadline::after(allowed))?;
        isolate.call(script, "null", &soon())
    };
    let second = Duration::from_secs(1);
    let ok = load(
        &["var a = 1; let b = 2; function f() { return a + b }", "const c = f()"],
        "return [a, b, c, globalThis.a]",
        second,
    );
    assert_eq!(ok.as_deref(), Ok("[1,2,3,1]"));
    let bad = load(&["let a;", "let b;\n  let 1"], "", second);
    assert!(matches!(bad, Err(JsError::Syntax { line: Some(2), column: Some(7), .. })), "{bad:?}");
    assert_eq!(exception(load(&["throw new TypeError('t')"], "", second)).0, "TypeError");
    let endless = load(&["for (;;);"], "", Duration::from_millis(50));
    assert!(matches!(endless, Err(JsError::Timeout { .. })), "{endless:?}");
}

pub(in super::super) fn promises(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    check_ok(&mut *isolate, "return Promise.resolve(5)", "5");
    check_ok(
        &mut *isolate,
        "return {then: 0, ...(await Promise.all([1, 2]))}",
        "{\"0\":1,\"1\":2,\"then\":0}",
    );
    check_ok(&mut *isolate, "await 0; return {then(done) { done('late') }}", "\"late\"");
    check_ok(&mut *isolate, "Promise.reject(new Error('nobody cares')); return 1", "1");
    check_ok(&mut *isolate, "queueMicrotask(() => { throw new Error('nobody cares') }); return 2", "2");
    check_ok(&mut *isolate, "await null; return 3", "3");
    check_ok(&mut *isolate, "try { await import('x') } catch (e) { return e.name }", "\"TypeError\"");
    check_ok(
        &mut *isolate,
        "let m = await WebAssembly.compile(new Uint8Array([0,97,115,109,1,0,0,0])); return String(m)",
        "\"[object WebAssembly.Module]\"",
    );
    if engine.info().capabilities.timers {
        check_ok(&mut *isolate, "setTimeout(() => {}, 1e6); return 4", "4");
        let script =
            Script { setup: vec!["setTimeout(() => {}, 1)".to_owned()], ..Script::new("case", "return 5") };
        let script = isolate.load(&script, &soon()).unwrap();
        assert_eq!(isolate.call(script, "1", &soon()).as_deref(), Ok("5"));
        check_ok(
            &mut *isolate,
            "await new Promise(done => setTimeout(done, 1)); return {toJSON() { return typeof setTimeout(() => {}, 1) }}",
            "\"number\"",
        );
        check_ok(&mut *isolate, "return new Promise(done => setTimeout(done, 5, 'rung'))", "\"rung\"");
        let thrown = run_in(
            &mut *isolate,
            "return new Promise(() => setTimeout(() => { throw new RangeError('timer') }, 1))",
            "null",
            Duration::from_secs(5),
        );
        assert_eq!(exception(thrown).0, "RangeError");
        check_ok(&mut *isolate, "return new Promise(done => setTimeout(done, 5, 'again'))", "\"again\"");
    }
}

/// The deadline falls close to the end of the call, on either side of it, and the next call never notices.
pub(in super::super) fn reuse(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    let body = "let n = 0; for (let i = 0; i < input; i++) n += i % 7; return n >= 0";
    let script = isolate.load(&Script::new("case", body), &soon()).unwrap();
    let quick = isolate.load(&Script::new("quick", "return input + 1"), &soon()).unwrap();
    let mut over = 0;
    for round in 0..3000_u64 {
        let deadline = Deadline::after(Duration::from_micros(round % 60 * 5));
        match isolate.call(script, "20000", &deadline) {
            Ok(answer) => assert_eq!(answer, "true"),
            Err(JsError::Timeout { .. }) => over += 1,
            other => panic!("{other:?}"),
        }
        assert_eq!(isolate.call(quick, "1", &soon()).as_deref(), Ok("2"), "round {round}");
    }
    assert!(over > 0);
}

pub(in super::super) fn interruption(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    let interrupter = isolate.interrupter().unwrap();
    interrupter.interrupt();
    check_ok(&mut *isolate, "return 1", "1");
    for body in ["for (;;);", "await 0; for (;;);"] {
        let from_outside = interrupter.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            from_outside.interrupt();
        });
        let got = run_in(&mut *isolate, body, "null", Duration::from_secs(20));
        assert!(matches!(got, Err(JsError::Timeout { ran }) if ran < Duration::from_secs(10)), "{got:?}");
        thread.join().unwrap();
        check_ok(&mut *isolate, "return 1", "1");
    }
    isolate.reset().unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let from_outside = interrupter.clone();
    let thread = thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            from_outside.interrupt();
            thread::sleep(Duration::from_micros(50));
        }
    });
    let got = run_in(&mut *isolate, "for (;;);", "null", Duration::from_secs(20));
    drop(stop);
    thread.join().unwrap();
    // Loading may have been interrupted as well as the call.
    assert!(matches!(got, Err(JsError::Timeout { .. })), "{got:?}");
    check_ok(&mut *isolate, "return 1", "1");
    drop(isolate);
    interrupter.interrupt();
}

pub(in super::super) fn reset(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    let old = isolate.load(&Script::new("old", "return 1"), &soon()).unwrap();
    check_ok(&mut *isolate, "globalThis.left = 1; Array.prototype.left = 2; return 0", "0");
    check_ok(&mut *isolate, "return [typeof left, [].left]", "[\"number\",2]");
    isolate.reset().unwrap();
    assert!(isolate.call(old, "1", &soon()).is_err(), "scripts are gone");
    check_ok(&mut *isolate, "return [typeof left, [].left === undefined]", "[\"undefined\",true]");
    let heap = isolate.heap().unwrap();
    assert!(heap.used > ByteSize::kib(100) && heap.used < ByteSize::mib(30), "{heap:?}");
}

pub(in super::super) fn seats(engine: &dyn JsEngine) {
    let first = engine.create(&limits(64)).unwrap();
    assert!(matches!(engine.create(&limits(64)), Err(JsError::Engine(why)) if why.contains("thread")));
    drop(first);
    // The smallest heap that is not refused is one that works.
    let least = (1..64).find_map(|size| engine.create(&limits(size)).ok());
    check_ok(&mut *least.unwrap(), "return await 1", "1");
}

pub(in super::super) fn many_isolates(engine: &dyn JsEngine) {
    for _ in 0..50 {
        assert_eq!(run(engine, "return 1+1").as_deref(), Ok("2"));
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(run(engine, "return await 1+1").as_deref(), Ok("2"));
                    let mut isolate = engine.create(&limits(64)).unwrap();
                    let got = run_in(&mut *isolate, "for (;;);", "1", Duration::from_millis(20));
                    assert!(matches!(got, Err(JsError::Timeout { .. })));
                }
            });
        }
    });
}

pub(in super::super) fn in_tokio(engine: &dyn JsEngine) {
    let id = engine.info().id;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async move {
        for _ in 0..4 {
            let id = id.clone();
            tokio::task::spawn_blocking(move || {
                let engine = super::super::find(&id).unwrap().engine().unwrap();
                assert_eq!(run(&*engine, "return 1+1").as_deref(), Ok("2"));
                assert_eq!(run(&*engine, "await 0; return 1+1").as_deref(), Ok("2"));
                if engine.info().capabilities.timers {
                    assert_eq!(
                        run(&*engine, "return new Promise(r => setTimeout(r, 3, 9))").as_deref(),
                        Ok("9")
                    );
                }
            })
            .await
            .unwrap();
        }
    });
}
