//! Exceptions and syntax errors: told by name, message, stack, line and column.

use super::{Deadline, JsError, Script, Want, on_every_engine};

#[test]
fn exceptions_keep_name_and_message() {
    on_every_engine(|bench| {
        for (body, name, message) in [
            ("throw new Error('plain')", "Error", "plain"),
            ("throw new RangeError('wide')", "RangeError", "wide"),
            ("throw Error()", "Error", ""),
            ("throw new Error('é 😀 \\u0001')", "Error", "é 😀 \u{1}"),
            ("throw new Error('lone \\ud800')", "Error", "lone \u{fffd}"),
            ("class Mine extends Error {} throw new Mine('m')", "Error", "m"),
            ("class Mine extends Error { get name() { return 'Mine' } } throw new Mine('m')", "Mine", "m"),
            (
                "class Mine extends Error { constructor(m) { super(m); this.name = 'Mine' } } throw new Mine('m')",
                "Mine",
                "m",
            ),
            (
                "const e = new Error('a'); e.name = 5; e.message = {toString() { return 'made' }}; throw e",
                "5",
                "made",
            ),
            ("throw new AggregateError([], 'many')", "AggregateError", "many"),
            ("throw 42", "Thrown", "42"),
            ("throw -0", "Thrown", "0"),
            ("throw null", "Thrown", "null"),
            ("throw undefined", "Thrown", "undefined"),
            ("throw 'text'", "Thrown", "text"),
            ("throw ''", "Thrown", ""),
            ("throw 10n", "Thrown", "10"),
            ("throw Symbol('s')", "Thrown", "Symbol(s)"),
            ("throw Symbol()", "Thrown", "Symbol()"),
            ("throw {}", "Thrown", "[object Object]"),
            ("throw [1, 2]", "Thrown", "1,2"),
            ("throw {toString() { return 'own form' }}", "Thrown", "own form"),
        ] {
            bench.fails(body, Want::Exception(name, message));
        }
        for (body, name) in [
            ("null.x", "TypeError"),
            ("return missing", "ReferenceError"),
            ("eval('@')", "SyntaxError"),
            ("new Function('@')", "SyntaxError"),
            ("JSON.parse('@')", "SyntaxError"),
            ("return new Array(-1)", "RangeError"),
        ] {
            bench.fails(body, Want::Named(name));
        }
    });
}

#[test]
fn a_hostile_error_breaks_nothing() {
    on_every_engine(|bench| {
        let hostile = |property: &str, getter: &str| {
            format!(
                "const e = new Error('a'); Object.defineProperty(e, '{property}', {{get() {{ {getter} }}}}); throw e"
            )
        };
        for property in ["name", "message", "stack"] {
            for getter in [
                "throw 1",
                "throw e",
                "throw null",
                "return Symbol()",
                "return {toString() { throw 1 }}",
                "return {}",
            ] {
                let body = hostile(property, getter);
                let got = bench.run(&Script::new("case", &*body), "null");
                let told = matches!(got, Err(JsError::Exception { .. }));
                bench.expect(told, &format!("{body}: {got:?}"));
            }
        }
        for body in [
            "throw {toString() { throw 1 }}",
            "throw {toString: null, valueOf: null}",
            "throw Object.create(null)",
            "throw new Proxy({}, {get() { throw 1 }, getPrototypeOf() { throw 2 }})",
            "throw new Proxy(new Error('x'), {get() { throw 1 }})",
            "const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); throw proxy",
        ] {
            bench.fails(body, Want::Named("Thrown"));
        }
    });
}

#[test]
fn the_stack_is_told_where_the_guest_can_see_one() {
    on_every_engine(|bench| {
        let seen = bench.run(&Script::new("t", "return typeof new Error('x').stack"), "null");
        if seen != Ok("\"string\"".to_owned()) {
            return;
        }
        let body = "function inner() {\n  throw new Error('deep')\n}\ninner()";
        match bench.run(&Script::new("shown", body), "null") {
            Err(JsError::Exception { stack, .. }) => {
                bench.expect(stack.contains("inner"), &format!("no function in {stack:?}"));
                bench.expect(stack.contains(":2:"), &format!("not the guest's own line in {stack:?}"));
            }
            other => bench.complain(format!("{other:?}")),
        }
    });
}

#[test]
fn syntax_errors_tell_line_and_column_in_the_guests_text() {
    on_every_engine(|bench| {
        for (source, line, column) in [
            ("let b = @;", 1, 9),
            ("let a = 1;\nlet b = @;", 2, 9),
            ("\n\n  @", 3, 3),
            ("let é = '😀'\nlet b = @", 2, 9),
        ] {
            bench.check(source, "null", Want::SyntaxAt(line, column));
            let script =
                Script { setup: vec!["var fine = 1".to_owned(), source.to_owned()], ..Script::new("t", "") };
            bench.check_script(&script, "null", Want::SyntaxAt(line, column));
        }
        bench.check("await null;\nlet b = @", "null", Want::SyntaxAt(2, 9));
        bench.gives("return 1", "1");
    });
}

#[test]
fn what_does_not_parse_is_a_syntax_error_when_loaded() {
    on_every_engine(|bench| {
        for body in [
            "if (true) {",
            "return 1 /*",
            "return `x",
            "return 'x\n'",
            "let input = 1",
            "return await await",
            "for (;;",
            "break",
            "yield 1; await",
            "import 'x'",
            "export default 1",
            "return super.x",
        ] {
            bench.check(body, "null", Want::Syntax);
        }
        bench.gives("return 1", "1");
    });
}

#[test]
fn a_body_cannot_close_the_function_it_stands_in() {
    on_every_engine(|bench| {
        for body in [
            "return 1 }); (function(){",
            "return 1 }); (async function(){ await 1",
            "}",
            "})()//",
            "}//",
            "}, function() {",
            "} function g() {",
            "}; function g() {",
            "} async function g() {",
            "} + function() {",
            "} * m() {",
            "}[0] = function() {",
            "}]; [function() {",
            "}}); ({m() {",
            "} /*",
            "}<!--",
        ] {
            bench.check(body, "null", Want::Syntax);
        }
        bench.gives("return 1", "1");
    });
}

#[test]
fn setup_that_fails_fails_the_load() {
    on_every_engine(|bench| {
        let setup = |source: &str| Script { setup: vec![source.to_owned()], ..Script::new("t", "return 1") };
        bench.check_script(
            &setup("throw new TypeError('bad setup')"),
            "null",
            Want::Exception("TypeError", "bad setup"),
        );
        bench.check_script(&setup("throw 1"), "null", Want::Exception("Thrown", "1"));
        bench.check_script(&setup("eval('@')"), "null", Want::Named("SyntaxError"));
        bench.check_script(&setup("return 1"), "null", Want::Syntax);
        bench.gives("return 1", "1");
    });
}

#[test]
fn a_script_that_is_not_loaded_is_an_engine_error() {
    on_every_engine(|bench| {
        let deadline = Deadline::after(super::AMPLE);
        let got = bench.isolate().call(super::super::ScriptId(77), "null", &deadline);
        bench.expect(Want::Engine.is(&got), &format!("{got:?}"));
        bench.gives("return 1", "1");
    });
}
