//! Cases of guests that mean harm: scripts that never end, that eat memory, that reach for the host.

use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::super::super::{JsEngine, JsError, Limits};
use super::cases::{check_ok, exception, limits, run_in};

/// Scripts that never end, each in its own way.
fn endless(engine: &dyn JsEngine) -> Vec<&'static str> {
    let mut bodies = vec![
        "while (true) {}",
        "for (;;) { try { for (;;); } finally { continue } }",
        "function f() { return Promise.resolve().then(f) }; return f()",
        "function f() { queueMicrotask(f) }; f()",
        "async function f() { await 0; return f() }; return f()",
        "await 0; while (true) {}",
        "Promise.resolve().then(() => { for (;;); }); for (;;);",
        "return {toJSON() { for (;;); }}",
        "let e = new Error(); Object.defineProperty(e, 'message', {get() { for (;;); }}); throw e",
        "throw {toString() { for (;;); }}",
        "return /(a+)+$/.test('a'.repeat(40) + 'b')",
        "[1].map(() => { for (;;); })",
        "[3, 2, 1].sort(() => { for (;;); })",
        "Object.defineProperty(Error.prototype, 'name', {get() { for (;;); }}); await 0; for (;;);",
        "for (;;) new Array(1000).fill(1)",
        "throw {get [Symbol.toPrimitive]() { for (;;); }}",
        "Promise.resolve().then(() => { for (;;); }); return {toJSON() { for (;;); }}",
        "return {then: await 0, get a() { for (;;); }, get b() { for (;;); }}",
        "for (const k of ['name', 'message', 'stack']) Object.defineProperty(Error.prototype, k, {get() { for (;;); }}); throw Object.create(Error.prototype)",
        "for (const k of ['name', 'message', 'cause', 'errors']) Object.defineProperty(Error.prototype, k, {get() { for (;;); }}); await 0; for (;;);",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)",
    ];
    if engine.info().capabilities.timers {
        bodies.extend([
            "return new Promise(() => setTimeout(() => {}, 1e6))",
            "function f() { return new Promise(r => setTimeout(r, 0)).then(f) }; return f()",
            "return new Promise(() => setTimeout(() => { for (;;); }, 0))",
            "return new Promise(done => setTimeout(() => { done({toJSON() { for (;;); }}); for (;;); }, 0))",
            "for (const k of ['name', 'message', 'cause', 'errors']) Object.defineProperty(Error.prototype, k, {get() { for (;;); }}); return new Promise(() => setTimeout(() => { for (;;); }, 0))",
            "Error.prepareStackTrace = () => { for (;;); }; return new Promise(() => setTimeout(() => { for (;;); }, 0))",
            "Object.defineProperty(Error.prototype, 'name', {get() { for (;;); }}); return new Promise(() => setTimeout(() => { for (;;); }, 0))",
        ]);
    }
    bodies
}

pub(in super::super) fn timeouts(engine: &dyn JsEngine) {
    let allowed = Duration::from_millis(60);
    for body in endless(engine) {
        let mut isolate = engine.create(&limits(64)).unwrap();
        let started = Instant::now();
        match run_in(&mut *isolate, body, "null", allowed) {
            Err(JsError::Timeout { ran }) => {
                assert!(ran >= allowed && ran < Duration::from_secs(2), "{body}: {ran:?}");
                assert!(started.elapsed() >= ran, "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
        if isolate.is_spent() {
            assert!(body.contains("Error.prototype"), "{body}");
            isolate.reset().unwrap();
        }
        // The same isolate goes on working, with nothing of the stopped call left to run.
        for _ in 0..3 {
            check_ok(&mut *isolate, "return 1+1", "2");
            check_ok(&mut *isolate, "return await new Promise(done => Promise.resolve(6).then(done))", "6");
        }
    }
}

pub(in super::super) fn out_of_memory(engine: &dyn JsEngine) {
    for body in [
        "let a = []; for (;;) a.push(new Array(1000).fill(1))",
        "let a = []; for (;;) a.push({x: a.length})",
        "let a = []; for (;;) a.push(1.5 + a.length)",
        "let s = 'x'; let a = []; for (;;) { s += s; a.push(s.split('')) }",
        "let s = 'abc'; for (;;) { s += s; s.charCodeAt(0); /x/.test(s); if (s.length > 4e8) s = 'abc' + s.length }",
        "let a = []; for (;;) a.push('y'.repeat(1e6) + a.length, JSON.stringify(a))",
        "return new Array(5e7).fill(0)",
        "return Array.from({length: 3e7}, (_, i) => ({i}))",
        "let m = new Map(); for (let i = 0; ; i++) m.set(i, String(i))",
        "await 0; let a = []; for (;;) a.push([a.length])",
        "let a = []; for (;;) { a.push(new Promise(() => {})); await 0 }",
        "return 'x'.repeat(2 ** 26).split('')",
    ] {
        let mut isolate = engine.create(&limits(32)).unwrap();
        let got = run_in(&mut *isolate, body, "null", Duration::from_secs(20));
        assert_eq!(got, Err(JsError::OutOfMemory), "{body}");
        assert!(isolate.is_spent(), "{body}");
        assert!(matches!(
            run_in(&mut *isolate, "return 1", "1", Duration::from_secs(1)),
            Err(JsError::Engine(_))
        ));
        isolate.reset().unwrap();
        check_ok(&mut *isolate, "return 1+1", "2");
    }
    let refused = engine.create(&Limits { heap: Some(ByteSize::kib(100)), ..Limits::default() });
    assert!(matches!(refused, Err(JsError::Engine(_))));
}

pub(in super::super) fn hardening(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    check_ok(
        &mut *isolate,
        "return [typeof globalThis.Deno?.core?.ops?.op_panic, typeof globalThis.__bootstrap]",
        "[\"undefined\",\"undefined\"]",
    );
    if engine.info().id == "rustyscript" {
        check_ok(
            &mut *isolate,
            "console.log('console works', {a: 1}); return new URL('http://a/b?c').search",
            "\"?c\"",
        );
        check_ok(
            &mut *isolate,
            "return ['time', 'timeLog', 'timeEnd'].map((name) => typeof console[name])[0]",
            "\"undefined\"",
        );
        check_ok(&mut *isolate, "return atob(btoa('x')) + typeof crypto.randomUUID()", "\"xstring\"");
        check_ok(
            &mut *isolate,
            "return new Uint8Array(await crypto.subtle.digest('SHA-1', new Uint8Array(0)))[0]",
            "218",
        );
        let (name, _, _) =
            exception(run_in(&mut *isolate, "rustyscript.functions.nothing()", "1", Duration::from_secs(1)));
        assert_eq!(name, "Error");
    }
}

/// Terminations that strike while V8 asks its host to put a stack trace into words.
pub(in super::super) fn hostile_stacks(engine: &dyn JsEngine) {
    let mut isolate = engine.create(&limits(64)).unwrap();
    for body in [
        "let e = new Error(); Object.defineProperty(e, 'message', {get() { for (;;); }}); return e.stack",
        "Error.prepareStackTrace = () => { for (;;); }; return new Error().stack",
        "delete Error.prepareStackTrace; function f(n) { return n ? f(n - 1) : new Error('deep').stack } for (;;) f(20)",
        "for (;;) try { null.x } catch (e) { e.stack }",
        "Object.defineProperty(Error, 'prepareStackTrace', {get() { for (;;); }}); return new Error().stack",
    ] {
        for round in 0..20 {
            let got = run_in(&mut *isolate, body, "1", Duration::from_micros(1000 + round * 37));
            assert!(matches!(got, Err(JsError::Timeout { .. })), "{body}: {got:?}");
        }
    }
    isolate.reset().unwrap();
    for body in [
        "Error.prepareStackTrace = () => { throw 1 }; throw new Error('x')",
        "Error.prepareStackTrace = () => 5; throw new Error('x')",
        "Object.defineProperty(globalThis, 'Error', {get() { throw 1 }}); throw new TypeError('x')",
    ] {
        assert_eq!(exception(run_in(&mut *isolate, body, "1", Duration::from_secs(1))).1, "x", "{body}");
    }
}
