//! Promises: a returned one is settled inside the call, and what it leaves behind stays out of the next.

use super::{Want, on_every_engine};

#[test]
fn a_returned_promise_is_settled() {
    on_every_engine(|bench| {
        for (body, json) in [
            ("return Promise.resolve(1)", "1"),
            ("return await 2", "2"),
            ("return await Promise.resolve(input) === null", "true"),
            ("let n = 0; for (let i = 0; i < 1000; i++) n += await i; return n", "499500"),
            ("return await Promise.all([1, Promise.resolve(2), (async () => 3)()])", "[1,2,3]"),
            ("return Promise.race([new Promise(() => {}), Promise.resolve(4)])", "4"),
            ("return await Promise.allSettled([Promise.reject(5)])", r#"[{"status":"rejected","reason":5}]"#),
            ("return await Promise.any([Promise.reject(5), 6])", "6"),
            ("return await {then(resolve) { resolve(7) }}", "7"),
            ("await null; return {then(resolve) { resolve(8) }}", "8"),
            ("await null; return Promise.resolve(Promise.resolve(9))", "9"),
            ("try { await Promise.reject(new Error('x')) } catch (e) { return e.message }", "\"x\""),
            (
                "async function* count() { for (let i = 0; i < 3; i++) yield i }\nconst seen = []; for await (const n of count()) seen.push(n); return seen",
                "[0,1,2]",
            ),
            (
                "const log = []; const p = (async () => { log.push(1); await null; log.push(3) })(); log.push(2); await p; return log",
                "[1,2,3]",
            ),
            ("class P extends Promise {} return P.resolve(10)", "10"),
            ("return Promise.resolve({a: Promise.resolve(1)})", r#"{"a":{}}"#),
            ("await null; return this === globalThis", "true"),
            ("await null; input = 1; return arguments.length", "1"),
        ] {
            bench.gives(body, json);
        }
    });
}

#[test]
fn a_rejection_is_the_same_as_a_throw() {
    on_every_engine(|bench| {
        for (body, want) in [
            ("return Promise.reject(new TypeError('no'))", Want::Exception("TypeError", "no")),
            ("return Promise.reject(42)", Want::Exception("Thrown", "42")),
            ("await null; throw new Error('late')", Want::Exception("Error", "late")),
            ("await Promise.reject(undefined)", Want::Exception("Thrown", "undefined")),
            ("await null; null.x", Want::Named("TypeError")),
            ("await null; return await {then(_, reject) { reject('no') }}", Want::Exception("Thrown", "no")),
            ("await {then() { throw 'bad then' }}", Want::Exception("Thrown", "bad then")),
            ("return Promise.resolve()", Want::Invalid("undefined")),
            ("await null; return 1n", Want::Invalid("BigInt")),
        ] {
            bench.fails(body, want);
        }
    });
}

#[test]
fn a_promise_that_can_never_settle_is_told_at_once() {
    on_every_engine(|bench| {
        let started = std::time::Instant::now();
        for body in [
            "return new Promise(() => {})",
            "await new Promise(() => {})",
            "await {then() {}}",
            "await Promise.race([])",
        ] {
            bench.fails(body, Want::Invalid("never settle"));
        }
        bench.expect(started.elapsed() < super::AMPLE / 2, "waited for the deadline");
    });
}

#[test]
fn jobs_of_one_call_do_not_run_in_the_next() {
    on_every_engine(|bench| {
        let watch = "const before = globalThis.n; await null; await null; return globalThis.n === before";
        for body in [
            "globalThis.n = 0; Promise.resolve().then(() => n++).then(() => n++); return 1",
            "globalThis.n = 0; return {toJSON() { Promise.resolve().then(() => n++); return 1 }}",
        ] {
            bench.gives(body, "1");
            bench.gives(watch, "true");
        }
        bench.fails(
            "globalThis.n = 0; Promise.resolve().then(() => n++).then(() => n++); throw 1",
            Want::Named("Thrown"),
        );
        bench.gives(watch, "true");
        bench.gives("Promise.reject(new Error('nobody listens')); return 1", "1");
    });
}
