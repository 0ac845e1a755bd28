//! What one call, one realm or one isolate leaves to the next.

use super::{AMPLE, Deadline, Script, Want, on_every_engine};

#[test]
fn setup_runs_once_in_order_and_is_seen_by_what_follows() {
    on_every_engine(|bench| {
        let setup = [
            "var log = ['first']; let count = 0; const fixed = {a: 1}; function add(n) { return log.push(n) }",
            "add('second'); count++; class Kept {}; globalThis.own = typeof Kept; sloppy = 1",
            "Promise.resolve().then(() => { log.push('job') })",
        ];
        let script = Script {
            setup: setup.map(str::to_owned).to_vec(),
            ..Script::new(
                "t",
                "count++; return [log, count, fixed, own, typeof Kept, typeof add, sloppy, this.log === log, 'count' in this]",
            )
        };
        let deadline = Deadline::after(AMPLE);
        let isolate = bench.isolate();
        let id = isolate.load(&script, &deadline).unwrap();
        let answers = [isolate.call(id, "null", &deadline), isolate.call(id, "null", &deadline)];
        for (count, answer) in [2, 3].into_iter().zip(answers) {
            let want = format!(
                r#"[["first","second","job"],{count},{{"a":1}},"function","function","function",1,true,false]"#
            );
            bench.expect(answer == Ok(want), &format!("{answer:?}"));
        }
    });
}

#[test]
fn globals_stay_from_call_to_call_and_input_does_not() {
    on_every_engine(|bench| {
        let deadline = Deadline::after(AMPLE);
        let isolate = bench.isolate();
        let body =
            "globalThis.n = (globalThis.n || 0) + 1; input.list.push(n); input.a = n; return [n, input]";
        let id = isolate.load(&Script::new("t", body), &deadline).unwrap();
        let other = isolate.load(&Script::new("t", "return typeof n"), &deadline).unwrap();
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(isolate.call(id, r#"{"list":[]}"#, &deadline));
        }
        answers.push(isolate.call(other, "null", &deadline));
        let want = [r#"[1,{"list":[1],"a":1}]"#, r#"[2,{"list":[2],"a":2}]"#, "\"number\""];
        bench.expect(answers == want.map(|json| Ok(json.to_owned())), &format!("{answers:?}"));
    });
}

#[test]
fn a_reset_leaves_nothing_behind() {
    on_every_engine(|bench| {
        let dirty = Script {
            setup: vec!["let kept = 1; const fixed = 2; var v = 3; function f() {}; class C {}".to_owned()],
            ..Script::new(
                "t",
                "globalThis.x = 1; Array.prototype.map = () => 'hacked'; Object.prototype.polluted = 1;
                 Promise.prototype.then = null; JSON.stringify = null; Math.max = null; delete globalThis.Map;
                 Object.freeze(Object.prototype); Object.defineProperty(globalThis, 'stuck', {value: 1});
                 globalThis.undone = new Promise(() => {}).constructor.resolve; Symbol.for('s').description;
                 Error.prepareStackTrace = () => 'hacked'; Error.stackTraceLimit = 0; RegExp.prototype.exec = null;
                 return 1",
            )
        };
        let clean = Script {
            setup: vec!["let kept = 'again'; const fixed = 5".to_owned()],
            ..Script::new(
                "t",
                "Object.prototype.mine = 1; delete Object.prototype.mine;
                 return [typeof x, kept, fixed, typeof v, typeof f, typeof C, [1].map(n => n + 1),
                         ({}).polluted === undefined, await Promise.resolve(1), Math.max(1, 2), typeof Map,
                         typeof stuck, Object.isFrozen(Object.prototype), /a/.test('a'), JSON.stringify([1])]",
            )
        };
        let want = r#"["undefined","again",5,"undefined","undefined","undefined",[2],true,1,2,"function","undefined",false,true,"[1]"]"#;
        for _ in 0..5 {
            bench.check_script(&dirty, "null", Want::Json("1".to_owned()));
            if let Err(error) = bench.isolate().reset() {
                bench.complain(format!("reset: {error}"));
            }
            bench.check_script(&clean, "null", Want::Json(want.to_owned()));
            if let Err(error) = bench.isolate().reset() {
                bench.complain(format!("reset: {error}"));
            }
        }
    });
}

#[test]
fn a_reset_unloads_scripts_and_drops_their_jobs() {
    on_every_engine(|bench| {
        let deadline = Deadline::after(AMPLE);
        let isolate = bench.isolate();
        let id = isolate
            .load(&Script::new("t", "Promise.resolve().then(() => { globalThis.n = 1 }); throw 1"), &deadline)
            .unwrap();
        let thrown = isolate.call(id, "null", &deadline);
        isolate.reset().unwrap();
        let gone = isolate.call(id, "null", &deadline);
        bench.expect(Want::Named("Thrown").is(&thrown), &format!("{thrown:?}"));
        bench.expect(Want::Engine.is(&gone), &format!("{gone:?}"));
        bench.gives("await null; return typeof n", "\"undefined\"");
    });
}

#[test]
fn many_realms_and_isolates_follow_each_other() {
    on_every_engine(|bench| {
        for _ in 0..50 {
            bench.drop_isolate();
            bench.gives("await null; globalThis.n = (globalThis.n || 0) + 1; return n", "1");
        }
        for _ in 0..50 {
            bench.isolate().reset().unwrap();
            bench.gives("await null; globalThis.n = (globalThis.n || 0) + 1; return n", "1");
        }
    });
}

#[test]
fn many_scripts_live_in_one_isolate() {
    on_every_engine(|bench| {
        let deadline = Deadline::after(AMPLE);
        let isolate = bench.isolate();
        let ids: Vec<_> = (0..100)
            .map(|n| {
                isolate
                    .load(&Script::new(format!("script-{n}"), format!("return {n} + input")), &deadline)
                    .unwrap()
            })
            .collect();
        let answers: Vec<_> = ids.iter().map(|id| isolate.call(*id, "1", &deadline)).collect();
        let right = answers.iter().zip(1..).all(|(answer, n)| *answer == Ok(n.to_string()));
        bench.expect(right, &format!("{answers:?}"));
    });
}
