//! Heaps with a script loaded, by the engines that start from such a thing.

use bytesize::ByteSize;

use super::prepared::{altered, same, scripts};
use super::*;
use crate::engine::{Interruption, Prepared, Received, ScriptId};

/// The heap with the script loaded. The isolate at hand goes first, for the thread must have none.
fn snapshot(bench: &mut Bench, script: &Script) -> Result<Option<Prepared>, JsError> {
    bench.drop_isolate();
    bench.engine.snapshot(&bench.limits, script, &Deadline::after(bench.allowed))
}

/// The same; nothing if the engine has no such thing. That it only fails to make one is a complaint.
fn taken(bench: &mut Bench, script: &Script) -> Option<Prepared> {
    snapshot(bench, script).unwrap_or_else(|error| {
        bench.complain(format!("no snapshot of `{}`: {error}", script.body));
        None
    })
}

/// A new isolate from it, and the script in it.
fn start(bench: &mut Bench, script: &Script, snapshot: &Prepared) -> Result<ScriptId, JsError> {
    bench.drop_isolate();
    bench.isolate = Some(bench.engine.create_from(&bench.limits, script, snapshot)?);
    bench.isolate().load_prepared(script, snapshot, &Deadline::after(AMPLE))
}

fn call(bench: &mut Bench, script: ScriptId, input: &str) -> Result<String, JsError> {
    let deadline = Deadline::after(bench.allowed);
    bench.isolate().call(script, input, &deadline)
}

fn with_setup(setup: &[&str], body: &str) -> Script {
    Script { setup: setup.iter().map(|&source| source.to_owned()).collect(), ..Script::new("t", body) }
}

#[test]
fn a_snapshot_answers_as_its_source_does() {
    on_every_engine(|bench| {
        for (script, input) in scripts() {
            let Some(snapshot) = taken(bench, &script) else { return };
            let of_it = start(bench, &script, &snapshot);
            let of_it = of_it.map(|id| [call(bench, id, input), call(bench, id, input)]);
            bench.drop_isolate();
            let id = bench.isolate().load(&script, &Deadline::after(AMPLE)).unwrap();
            let of_source = [call(bench, id, input), call(bench, id, input)];
            let alike = of_it.as_ref().is_ok_and(|of_it| (0..2).all(|n| same(&of_it[n], &of_source[n])));
            bench.expect(alike, &format!("`{}`: {of_it:?} prepared, {of_source:?} from source", script.body));
        }
    });
}

#[test]
fn setup_runs_when_a_snapshot_is_made_and_never_again() {
    on_every_engine(|bench| {
        let script = with_setup(
            &[
                "const drawn = Math.random(); let n = 0; const kept = [new Map([[{a: 1}.a, new Set('ab')]]), /x/g, 7n]",
            ],
            "n++; return [drawn, n, kept[0].get(1).has('b'), kept[1].test('x'), String(kept[2])]",
        );
        let Some(snapshot) = taken(bench, &script) else { return };
        let mut answers = Vec::new();
        for _ in 0..3 {
            let id = start(bench, &script, &snapshot);
            answers.push(id.and_then(|id| call(bench, id, "null")));
        }
        // In the realm after a reset it is as it was at first, too.
        let _ = call(bench, ScriptId(0), "null");
        bench.isolate().reset().unwrap();
        let gone = call(bench, ScriptId(0), "null");
        bench.expect(Want::Engine.is(&gone), &format!("after a reset: {gone:?}"));
        let again = bench.isolate().load_prepared(&script, &snapshot, &Deadline::after(AMPLE));
        answers.push(again.and_then(|id| call(bench, id, "null")));
        let is_first = answers[0].as_ref().is_ok_and(|answer| answer.ends_with(",1,true,true,\"7\"]"));
        bench.expect(is_first && answers.iter().all(|answer| *answer == answers[0]), &format!("{answers:?}"));
    });
}

/// What a guest can find out about its globals.
const GLOBALS: &str = "Object.getOwnPropertyNames(globalThis).filter(name => name !== 'seen').sort().concat(
    Object.getOwnPropertySymbols(globalThis).map(String), Object.getOwnPropertyNames(Error).sort(),
    Object.getOwnPropertyNames(globalThis.WebAssembly ?? {}).sort())";

#[test]
fn a_realm_from_a_snapshot_has_the_globals_of_any_other() {
    on_every_engine(|bench| {
        let script = with_setup(
            &["globalThis.seen = [typeof Deno, typeof __bootstrap, typeof queueMicrotask]"],
            &format!("return [{GLOBALS}, seen]"),
        );
        let Some(snapshot) = taken(bench, &script) else { return };
        let of_it = start(bench, &script, &snapshot).and_then(|id| call(bench, id, "null"));
        bench.drop_isolate();
        let of_source = bench.run(&script, "null");
        bench.expect(
            of_it.is_ok() && of_it == of_source,
            &format!("{of_it:?} prepared, {of_source:?} from source"),
        );
    });
}

#[test]
fn an_isolate_from_a_snapshot_loads_other_scripts_too() {
    on_every_engine(|bench| {
        let script = with_setup(&["var base = 40"], "return base + input");
        let Some(snapshot) = taken(bench, &script) else { return };
        if let Err(error) = start(bench, &script, &snapshot) {
            bench.complain(format!("no isolate: {error}"));
            return;
        }
        bench.gives("return base", "40");
        bench.gives("await null; return await Promise.all([1, base])", "[1,40]");
        bench.gives("let said = 0; queueMicrotask(() => { said = base }); await null; return said", "40");
        bench.gives("const e = new Error('x'); return e.stack.split('\\n')[0]", "\"Error: x\"");
        bench.fails("return new Promise(() => {})", Want::Invalid("never settle"));
        bench.fails("throw new RangeError('far')", Want::Exception("RangeError", "far"));
        bench.fails("return 1 +* 2", Want::SyntaxAt(1, 11));
        bench.fails("function f() { return 1 + f() } return f()", Want::StackOverflow);
        let prepared = bench.isolate().prepare(&Script::new("t", "return base + 1"), &Deadline::after(AMPLE));
        if let Ok(Some(prepared)) = prepared {
            let other = Script::new("t", "return base + 1");
            let id = bench.isolate().load_prepared(&other, &prepared, &Deadline::after(AMPLE));
            let answer = id.and_then(|id| call(bench, id, "null"));
            bench.expect(answer == Ok("41".to_owned()), &format!("with another aid: {answer:?}"));
        }
    });
}

#[test]
fn deadlines_and_interruption_hold_in_an_isolate_from_a_snapshot() {
    on_every_engine(|bench| {
        if bench.info.capabilities.interruption != Interruption::Full {
            return;
        }
        let script = with_setup(
            &["function spin() { for (;;) {} } function again() { return Promise.resolve().then(again) }"],
            "switch (input) {
                case 0: for (;;) {}
                case 1: return [2, 1].sort(spin)
                case 2: return again()
                case 3: return {toJSON: spin}
                default: return 1
            }",
        );
        let Some(snapshot) = taken(bench, &script) else { return };
        let Ok(id) = start(bench, &script, &snapshot) else {
            bench.complain("no isolate".to_owned());
            return;
        };
        for input in ["0", "1", "2", "3"] {
            bench.allowed = Duration::from_millis(100);
            let stopped = call(bench, id, input);
            bench.expect(Want::Timeout.is(&stopped), &format!("{input}: {stopped:?}"));
            bench.allowed = AMPLE;
            let next = call(bench, id, "null");
            bench.expect(next == Ok("1".to_owned()), &format!("after {input}: {next:?}"));
        }
        let interrupter = bench.isolate().interrupter().expect("one, with full interruption");
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            interrupter.interrupt();
        });
        let stopped = call(bench, id, "0");
        bench.expect(Want::Timeout.is(&stopped), &format!("interrupted: {stopped:?}"));
        thread.join().unwrap();
    });
}

#[test]
fn the_heap_limit_holds_in_an_isolate_from_a_snapshot() {
    on_every_engine(|bench| {
        bench.limits.heap = Some(ByteSize::mib(32));
        let body = "if (input) for (;;) all.push(new Array(1000).fill(1.5)); return all.length";
        let script = with_setup(&["const all = []"], body);
        let Some(snapshot) = taken(bench, &script) else { return };
        let got = start(bench, &script, &snapshot).and_then(|id| call(bench, id, "true"));
        bench.expect(Want::OutOfMemory.is(&got), &format!("{got:?}"));
        bench.expect(bench.isolate.as_ref().is_some_and(|isolate| isolate.is_spent()), "not spent");
        let Some(isolate) = &mut bench.isolate else { return };
        isolate.reset().unwrap();
        let id = isolate.load_prepared(&script, &snapshot, &Deadline::after(AMPLE)).unwrap();
        let got = isolate.call(id, "false", &Deadline::after(AMPLE));
        bench.expect(got == Ok("0".to_owned()), &format!("after a reset: {got:?}"));

        for (heap, fits) in [(Some(16), false), (Some(64), true), (None, true)] {
            bench.limits.heap = heap.map(ByteSize::mib);
            let got = start(bench, &script, &snapshot).and_then(|id| call(bench, id, "false"));
            let as_wanted = if fits { got == Ok("0".to_owned()) } else { Want::Engine.is(&got) };
            bench.expect(as_wanted, &format!("of 32 MiB in {heap:?}: {got:?}"));
        }
    });
}

#[test]
fn what_does_not_load_gives_no_snapshot() {
    on_every_engine(|bench| {
        if taken(bench, &Script::new("t", "return 1")).is_none() {
            return;
        }
        let mut fails = |script: Script, allowed: Duration, want: Want| {
            bench.limits.heap = Some(ByteSize::mib(32));
            bench.allowed = allowed;
            let got = snapshot(bench, &script).map(|_| String::new());
            bench.expect(want.is(&got), &format!("{:?}: {got:?}", script.setup));
            bench.allowed = AMPLE;
            bench.gives("return 1 + 1 /* afterwards */", "2");
        };
        let (brief, body) = (Duration::from_millis(100), "return 1");
        fails(with_setup(&["throw new TypeError('t')"], body), AMPLE, Want::Exception("TypeError", "t"));
        fails(with_setup(&["let a", "let b;\n  let 1"], body), AMPLE, Want::SyntaxAt(2, 7));
        fails(Script::new("t", "return (1 +"), AMPLE, Want::Syntax);
        fails(with_setup(&["for (;;);"], body), brief, Want::Timeout);
        fails(with_setup(&["(function f() { Promise.resolve().then(f) })()"], body), brief, Want::Timeout);
        let eats = "globalThis.a = []; for (;;) a.push(new Array(1000).fill(1))";
        fails(with_setup(&[eats], body), AMPLE, Want::OutOfMemory);
    });
}

#[test]
fn what_is_no_snapshot_of_the_script_is_refused() {
    on_every_engine(|bench| {
        let script = with_setup(&["const made = [1, 2, 3]"], "return made");
        let Some(snapshot) = taken(bench, &script) else { return };
        let length = Received::from(snapshot.clone()).bytes() as usize;
        let mut refused = |script: &Script, other: &Prepared, what: &str| {
            let got = start(bench, script, other).map(|_| String::new());
            bench.expect(Want::Engine.is(&got), &format!("{what}: {got:?}"));
        };
        for at in (0..length - 8).step_by(length.div_ceil(5)) {
            let damaged = altered(&snapshot, |sent| {
                let byte = &mut sent["parts"][1][at];
                *byte = (byte.as_u64().unwrap() ^ 1).into();
            });
            refused(&script, &damaged, &format!("byte {at} altered"));
        }
        let lower = altered(&snapshot, |sent| sent["parts"][0][3] = 1.into());
        refused(&script, &lower, "of a lower limit");
        let none = altered(&snapshot, |sent| sent["parts"] = serde_json::json!([]));
        refused(&script, &none, "without parts");
        refused(&with_setup(&["const made = [1]"], "return made"), &snapshot, "for another setup");
        refused(&Script::new("t", "return made"), &snapshot, "for a script without setup");

        bench.drop_isolate();
        let prepared = bench.isolate().prepare(&script, &Deadline::after(AMPLE));
        if let Ok(Some(prepared)) = prepared {
            let got = start(bench, &script, &prepared).map(|_| String::new());
            bench.expect(Want::Engine.is(&got), &format!("another aid: {got:?}"));
        }
        bench.drop_isolate();
        let got = bench.isolate().load_prepared(&script, &snapshot, &Deadline::after(AMPLE));
        bench.expect(matches!(got, Err(JsError::Engine(_))), &format!("in an isolate of its own: {got:?}"));
        bench.gives("return 1", "1");
    });
}
