//! What goes in and comes out: JSON text, by the rules of `JSON.parse` and `JSON.stringify`.

use super::{Want, on_every_engine};

#[test]
fn input_comes_back_as_it_went_in() {
    on_every_engine(|bench| {
        for (input, json) in [
            ("null", "null"),
            ("true", "true"),
            ("false", "false"),
            ("0", "0"),
            ("-0", "0"),
            ("1.5", "1.5"),
            ("-17", "-17"),
            ("2147483648", "2147483648"),
            ("9007199254740993", "9007199254740992"),
            ("1e21", "1e+21"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("18446744073709551616", "18446744073709552000"),
            ("5e-324", "5e-324"),
            ("1e400", "null"),
            ("0.1", "0.1"),
            (r#""""#, r#""""#),
            (r#""a\"b\\c\/d\n\t\u0000""#, r#""a\"b\\c/d\n\t\u0000""#),
            ("\"é日本\"", "\"é日本\""),
            ("\"😀\"", "\"😀\""),
            (r#""\ud83d\ude00""#, "\"😀\""),
            (r#""\ud800""#, r#""\ud800""#),
            (r#""x\udc00y""#, r#""x\udc00y""#),
            (r#"["\ude00\ud83d"]"#, r#"["\ude00\ud83d"]"#),
            (r#"{"\ud800":"\udfff"}"#, r#"{"\ud800":"\udfff"}"#),
            ("\"\u{2028}\"", "\"\u{2028}\""),
            ("[]", "[]"),
            ("{}", "{}"),
            (" [ 1 ,\n\t2 ] ", "[1,2]"),
            (r#"{"b":1,"a":{"c":[null,{}]}}"#, r#"{"b":1,"a":{"c":[null,{}]}}"#),
            (r#"{"b":1,"a":2,"2":3,"1":4}"#, r#"{"1":4,"2":3,"b":1,"a":2}"#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#"{"__proto__":{"x":1}}"#, r#"{"__proto__":{"x":1}}"#),
            (r#"{"":0,"length":1,"constructor":2}"#, r#"{"":0,"length":1,"constructor":2}"#),
        ] {
            bench.check("return input", input, Want::Json(json.to_owned()));
        }
    });
}

#[test]
fn input_is_made_as_json_parse_makes_it() {
    on_every_engine(|bench| {
        for (body, input, json) in [
            ("return Object.is(input, -0)", "-0", "true"),
            ("return input === Infinity", "1e400", "true"),
            ("return input === 18446744073709551615", "18446744073709551615", "true"),
            (
                "return input.x === undefined && Object.getPrototypeOf(input) === Object.prototype",
                r#"{"__proto__":{"x":1}}"#,
                "true",
            ),
            (
                "return Object.getPrototypeOf(input) === Array.prototype && Array.isArray(input)",
                "[1]",
                "true",
            ),
            ("return [input.length, input.charCodeAt(0)]", r#""\ud800""#, "[1,55296]"),
            ("return Object.keys(input)[0].length", r#"{"\ud800":1}"#, "1"),
            ("return [input.length, input.codePointAt(0)]", "\"😀\"", "[2,128512]"),
            ("input.push(4); return [input.length, input.map(n => n * 2)]", "[1,2,3]", "[4,[2,4,6,8]]"),
            ("return [...input].sort().concat(input.slice(1))", "[3,1,2]", "[1,2,3,1,2]"),
            (
                "const {a, ...rest} = input; delete rest.b; return rest",
                r#"{"a":1,"b":2,"c":3}"#,
                r#"{"c":3}"#,
            ),
            (
                "return Object.getOwnPropertyDescriptor(input, 'a')",
                r#"{"a":1}"#,
                r#"{"value":1,"writable":true,"enumerable":true,"configurable":true}"#,
            ),
        ] {
            bench.check(body, input, Want::Json(json.to_owned()));
        }
    });
}

#[test]
fn input_that_is_not_json_is_an_error_of_its_own() {
    on_every_engine(|bench| {
        for input in [
            "",
            "{",
            "undefined",
            "[1,]",
            "{a:1}",
            "'x'",
            "01",
            "nul",
            "1 2",
            "\"\n\"",
            "\u{feff}1",
            "\"\0\"",
        ] {
            bench.check("return 1", input, Want::Engine);
        }
        bench.gives("return 2", "2");
    });
}

#[test]
fn results_are_what_json_stringify_makes_of_them() {
    on_every_engine(|bench| {
        for (body, json) in [
            ("return 1 + 1", "2"),
            ("return NaN", "null"),
            ("return -0", "0"),
            ("return -Infinity", "null"),
            ("return '\\ud800'", r#""\ud800""#),
            ("return ['\\udead', '\\ud83d\\ude00', 'é']", "[\"\\udead\",\"😀\",\"é\"]"),
            ("return [undefined, () => 1, Symbol()]", "[null,null,null]"),
            ("return {a: undefined, b() {}, [Symbol.iterator]: 1, c: 1}", r#"{"c":1}"#),
            ("return new Date(0)", r#""1970-01-01T00:00:00.000Z""#),
            ("return {toJSON() { return 7 }}", "7"),
            ("return {a: {toJSON(key) { return key }}}", r#"{"a":"a"}"#),
            ("return new Map([[1, 2]])", "{}"),
            ("return [new String('x'), new Number(1), new Boolean(false)]", r#"["x",1,false]"#),
            ("return new Proxy([1, 2], {})", "[1,2]"),
            ("return {get a() { return 1 }}", r#"{"a":1}"#),
            (
                "return Object.create({inherited: 1}, {own: {value: 2, enumerable: true}, hidden: {value: 3}})",
                r#"{"own":2}"#,
            ),
            ("return new Uint8Array([1, 2])", r#"{"0":1,"1":2}"#),
            ("const list = []; list[2] = 1; return list", "[null,null,1]"),
            (
                "class Point { constructor() { this.x = 1 } get y() { return 2 } } return new Point",
                r#"{"x":1}"#,
            ),
        ] {
            bench.gives(body, json);
        }
    });
}

#[test]
fn what_json_cannot_hold_is_an_invalid_result() {
    on_every_engine(|bench| {
        for (body, what) in [
            ("", "undefined"),
            ("return", "undefined"),
            ("return undefined", "undefined"),
            ("return () => 1", "function"),
            ("return class {}", "function"),
            ("return Symbol('s')", "symbol"),
            ("return {toJSON() {}}", ""),
            ("return 1n", "BigInt"),
            ("return {a: 1n}", "BigInt"),
            ("const a = {}; a.a = a; return a", ""),
            ("const a = []; a.push([a]); return a", ""),
            ("return {toJSON() { throw new Error('boom') }}", "boom"),
            ("return {get a() { throw 'thrown text' }}", "thrown text"),
            ("return new Proxy({}, {ownKeys() { throw new TypeError('no keys') }})", "no keys"),
        ] {
            bench.fails(body, Want::Invalid(what));
        }
    });
}

#[test]
fn large_and_deep_values_pass() {
    on_every_engine(|bench| {
        let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
        bench.check("return input", &nested, Want::Json(nested.clone()));
        let nested = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
        bench.check("return input", &nested, Want::Json(nested.clone()));
        bench.check(
            "let a = 1; for (let i = 0; i < 300; i++) a = [a]; return a",
            "null",
            Want::Json(format!("{}1{}", "[".repeat(300), "]".repeat(300))),
        );
        let long = format!("\"{}\"", "ab😀é".repeat(125_000));
        bench.check("return input", &long, Want::Json(long.clone()));
        bench.check("return input.length", &long, Want::Json("625000".to_owned()));
        let list = format!("[{}]", (0..100_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        bench.check("return input", &list, Want::Json(list.clone()));
    });
}

#[test]
fn a_body_is_a_sloppy_function_of_input() {
    on_every_engine(|bench| {
        for (body, json) in [
            ("return this === globalThis", "true"),
            ("undeclared = 3; return undeclared + delete globalThis.undeclared", "4"),
            ("with ({a: 5}) return a", "5"),
            ("return 010", "8"),
            ("return arguments.length", "1"),
            ("input = 3; return arguments[0]", "3"),
            ("var eval_ = eval; return eval_('this') === this", "true"),
            ("return eval('1 + 1')", "2"),
            ("return new Function('a', 'return a + 1')(1)", "2"),
            ("return 1 // a comment at the end", "1"),
            ("// a comment before\n\nreturn /* within */ 2", "2"),
            ("function later() { return 3 } return later()", "3"),
            ("{ function inner() { return 4 } } return inner()", "4"),
            ("label: for (;;) { break label } return 5", "5"),
            ("const awaited = 1; return awaited", "1"),
            ("var await = 6; return await", "6"),
            ("return 'await'", "\"await\""),
            ("return new.target === undefined", "true"),
        ] {
            bench.gives(body, json);
        }
    });
}

#[test]
fn replaced_builtins_change_neither_input_nor_result() {
    on_every_engine(|bench| {
        bench.gives(
            "JSON.stringify = () => '\"hacked\"'; JSON.parse = () => 'hacked'; String.prototype.toWellFormed = null; return {a: 1}",
            r#"{"a":1}"#,
        );
        bench.check("return input", "[1]", Want::Json("[1]".to_owned()));
        bench
            .gives("globalThis.JSON = null; Function.prototype.toString = null; return {a: 1}", r#"{"a":1}"#);
        bench.gives("Function.prototype.call = Function.prototype.apply = null; Promise.prototype.then = null; return 1", "1");
        bench.gives("globalThis.Promise = globalThis.Object = globalThis.Function = null; return 2", "2");
        bench.check("return input", "[1]", Want::Json("[1]".to_owned()));
    });
}
