//! Stack and heap: too much is an error, never a signal.

use bytesize::ByteSize;

use super::super::Interruption;
use super::{Arc, Bench, Want, on_a_thread_for, on_every_engine, registry};

#[test]
fn infinite_recursion_is_a_stack_overflow() {
    on_every_engine(|bench| {
        for body in [
            "function f() { return 1 + f() } return f()",
            "const even = n => odd(n + 1), odd = n => even(n + 1); return 1 + even(0)",
            "class A { get a() { return this.a + 1 } } return new A().a",
            "function f(...list) { return [1].map(() => f(...list, 1)) } return f()",
            "return new Proxy({}, {get(target, key, proxy) { return proxy[key] }}).a",
            "async function f() { await f() } await f()",
        ] {
            bench.fails(body, Want::StackOverflow);
        }
    });
}

#[test]
fn infinite_recursion_after_an_await_is_an_error() {
    on_every_engine(|bench| {
        // Where jobs run outside the engine's control, the reason may be lost on the way.
        let wants = match bench.info.capabilities.interruption {
            Interruption::Full => Want::StackOverflow,
            Interruption::Partial | Interruption::None => Want::Invalid("recursed"),
        };
        bench.fails("await null; function f() { return 1 + f() } return f()", wants);
    });
}

#[test]
fn ordinary_recursion_fits() {
    on_every_engine(|bench| {
        bench.gives("function sum(n) { return n === 0 ? 0 : n + sum(n - 1) } return sum(400)", "80200");
    });
}

#[test]
fn a_growing_heap_is_out_of_memory() {
    on_every_engine(|bench| {
        if !bench.info.capabilities.heap_limit {
            return;
        }
        for body in [
            "const all = []; for (;;) all.push(new Array(1000).fill(1.5))",
            "const all = []; for (;;) all.push({a: {}, b: []})",
            "const all = []; for (let i = 0; ; i++) all.push(JSON.stringify(new Array(1e4).fill(i)))",
            "const all = new Map; for (let i = 0; ; i++) all.set('key' + i, [i])",
            "await null; globalThis.all = []; for (;;) all.push(new Array(1000).fill({}))",
            "const all = []; for (;;) try { all.push(new Array(1000).fill(1.5)) } catch (e) { all.push([1]) }",
        ] {
            let id = bench.info.id.clone();
            let complaints = on_a_thread_for(Arc::clone(&bench.engine), move || {
                let engine = registry::find(&id).unwrap().engine().unwrap();
                let mut bench = Bench::new(engine);
                bench.limits.heap = Some(ByteSize::mib(32));
                bench.check(body, "null", Want::OutOfMemory);
                let spent = bench.isolate.as_ref().is_none_or(|isolate| isolate.is_spent());
                bench.expect(spent, &format!("{body}: not spent"));
                bench.gives("return 1 + 1", "2");
                bench.complaints
            });
            bench.complaints.extend(complaints.unwrap_or_else(|panic| vec![format!("{body}: {panic}")]));
        }
    });
}

#[test]
fn a_string_that_doubles_does_not_end_the_process() {
    on_every_engine(|bench| {
        if !bench.info.capabilities.heap_limit {
            return;
        }
        bench.limits.heap = Some(ByteSize::mib(32));
        // Where strings are ropes, their greatest length comes before the heap's limit.
        let got = bench.run(&super::Script::new("t", "let s = 'x'; for (;;) s += s"), "null");
        let told = Want::OutOfMemory.is(&got)
            || Want::Named("RangeError").is(&got)
            || Want::Named("InternalError").is(&got);
        bench.expect(told, &format!("{got:?}"));
        bench.gives("return 1 + 1", "2");
    });
}

#[test]
fn heap_figures_follow_the_heap() {
    on_every_engine(|bench| {
        if !bench.info.capabilities.heap_stats {
            return;
        }
        let before = bench.isolate().heap().expect("figures, as declared");
        bench.gives("globalThis.kept = []; for (let i = 0; i < 20000; i++) kept.push({i}); return 1", "1");
        let after = bench.isolate().heap().expect("figures, as declared");
        bench.expect(before.used.as_u64() > 0, "an empty heap holds something");
        bench.expect(after.used > before.used, &format!("{before:?} then {after:?}"));
    });
}
