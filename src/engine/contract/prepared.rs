//! Scripts prepared for a quicker load, by the engines that have a form for them.

use super::*;
use crate::engine::{Prepared, Received, ScriptId};

/// What this engine makes of a script, if it makes anything of scripts.
fn prepare(bench: &mut Bench, script: &Script) -> Result<Option<Prepared>, JsError> {
    let deadline = Deadline::after(bench.allowed);
    bench.isolate().prepare(script, &deadline)
}

/// Loads what was prepared into a new isolate.
fn load(bench: &mut Bench, script: &Script, prepared: &Prepared) -> Result<ScriptId, JsError> {
    bench.drop_isolate();
    let deadline = Deadline::after(bench.allowed);
    bench.isolate().load_prepared(script, prepared, &deadline)
}

fn has_aid(bench: &mut Bench) -> bool {
    matches!(prepare(bench, &Script::new("t", "return 1")), Ok(Some(_)))
}

/// The same with one byte of its text changed on the way.
pub(super) fn altered(prepared: &Prepared, change: impl FnOnce(&mut serde_json::Value)) -> Prepared {
    let mut sent = serde_json::to_value(prepared).unwrap();
    change(&mut sent);
    let received: Received = serde_json::from_value(sent).unwrap();
    // SAFETY: this process made it, and what was done to it since is damage, which does no harm.
    unsafe { received.trust() }
}

/// Scripts of many kinds, each with an input.
pub(super) fn scripts() -> [(Script, &'static str); 8] {
    let setup = Script {
        setup: vec![
            "const base = 40; var count = 0".to_owned(),
            "function add(n) { count++; return base + n }".to_owned(),
        ],
        ..Script::new("t", "return [add(input), count, typeof this]")
    };
    [
        (setup, "2"),
        (
            Script::new("t", "return input.a.map((x) => x * 1.5).join('-') + /b+/.exec('abbb')[0]"),
            "{\"a\":[1,2]}",
        ),
        (Script::new("t", "await null; return await Promise.all([1, input].map(async (x) => x + 1))"), "4"),
        (Script::new("t", "var await = input; return await"), "\"a plain name\""),
        (
            Script::new(
                "t",
                "class A { #x = 1; get x() { return this.#x } }; return [new A().x, 10n ** 20n + '']",
            ),
            "0",
        ),
        (Script::new("t", "return undefinedName"), "0"),
        (Script::new("t", "throw new TypeError('no ' + input)"), "1"),
        (Script::new("t", "x = 7; return typeof this + x // sloppy"), "0"),
    ]
}

#[test]
fn what_was_prepared_answers_as_its_source_does() {
    on_every_engine(|bench| {
        if !has_aid(bench) {
            return;
        }
        for (script, input) in scripts() {
            bench.drop_isolate();
            let from_source = bench.run(&script, input);
            bench.drop_isolate();
            let Ok(Some(prepared)) = prepare(bench, &script) else {
                bench.complain(format!("`{}` was not prepared", script.body));
                continue;
            };
            let answers = load(bench, &script, &prepared).and_then(|id| {
                let deadline = Deadline::after(bench.allowed);
                bench.isolate().call(id, input, &deadline)
            });
            bench.expect(
                same(&answers, &from_source),
                &format!("`{}`: {answers:?} prepared, {from_source:?} from source", script.body),
            );
        }
    });
}

/// Whether two results say the same; where a stack trace says it happened may differ.
pub(super) fn same(a: &Result<String, JsError>, b: &Result<String, JsError>) -> bool {
    match (a, b) {
        (
            Err(JsError::Exception { name: a, message: what_a, .. }),
            Err(JsError::Exception { name: b, message: what_b, .. }),
        ) => (a, what_a) == (b, what_b),
        _ => a == b,
    }
}

#[test]
fn preparing_runs_no_setup_and_finds_what_does_not_parse() {
    on_every_engine(|bench| {
        if !has_aid(bench) {
            return;
        }
        let script =
            Script { setup: vec!["throw new Error('ran')".to_owned()], ..Script::new("t", "return 1") };
        match prepare(bench, &script) {
            Ok(Some(prepared)) => {
                let loaded = load(bench, &script, &prepared).map(|_| String::new());
                bench.expect(
                    Want::Exception("Error", "ran").is(&loaded),
                    &format!("setup that throws: {loaded:?}"),
                );
            }
            other => bench.complain(format!("setup that throws, prepared: {other:?}")),
        }
        let wrong = [
            Script::new("t", "return (1 +"),
            Script::new("t", "return 1 }); (function(input) { return 2"),
            Script { setup: vec!["let let = 1".to_owned()], ..Script::new("t", "return 1") },
        ];
        for script in wrong {
            let got = prepare(bench, &script).map(|_| String::new());
            bench.expect(Want::Syntax.is(&got), &format!("`{}`: {got:?}", script.body));
        }
    });
}

#[test]
fn what_is_damaged_or_of_another_script_is_refused() {
    on_every_engine(|bench| {
        let script = Script::new("t", "return input + 1");
        let Ok(Some(prepared)) = prepare(bench, &script) else { return };
        bench.expect(altered(&prepared, |_| {}) == prepared, "it does not survive the way between processes");
        let length = Received::from(prepared.clone()).bytes() as usize;
        for at in (0..length).step_by(length.div_ceil(40)) {
            let damaged = altered(&prepared, |sent| {
                let byte = &mut sent["parts"][0][at];
                *byte = (byte.as_u64().unwrap() ^ 1).into();
            });
            let got = load(bench, &script, &damaged).map(|_| String::new());
            bench.expect(Want::Engine.is(&got), &format!("byte {at} altered: {got:?}"));
        }
        let cut = altered(&prepared, |sent| drop(sent["parts"][0].as_array_mut().unwrap().pop()));
        let none = altered(&prepared, |sent| sent["parts"] = serde_json::json!([]));
        let renamed = altered(&prepared, |sent| sent["aid"] = "snapshot".into());
        for (what, damaged) in [("cut short", cut), ("without parts", none), ("of another kind", renamed)] {
            let got = load(bench, &script, &damaged).map(|_| String::new());
            bench.expect(Want::Engine.is(&got), &format!("{what}: {got:?}"));
        }
        let got = load(bench, &Script::new("t", "return input + 2"), &prepared).map(|_| String::new());
        bench.expect(Want::Engine.is(&got), &format!("for another script: {got:?}"));
    });
}

#[test]
fn preparing_and_loading_keep_to_the_heap_limit() {
    on_every_engine(|bench| {
        if !has_aid(bench) || !bench.info.capabilities.heap_limit {
            return;
        }
        let script = Script {
            setup: vec!["globalThis.a = []; for (;;) a.push(new Array(1000).fill(1))".to_owned()],
            ..Script::new("t", "return 1")
        };
        bench.limits.heap = Some(bytesize::ByteSize::mib(32));
        bench.drop_isolate();
        let Ok(Some(prepared)) = prepare(bench, &script) else {
            bench.complain("setup that eats memory was not prepared".to_owned());
            return;
        };
        let got = load(bench, &script, &prepared).map(|_| String::new());
        bench.expect(Want::OutOfMemory.is(&got), &format!("setup that eats memory: {got:?}"));
    });
}
