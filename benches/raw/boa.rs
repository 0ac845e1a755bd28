//! boa_engine: a function called directly, `JSON.parse` and `JSON.stringify` as the guest has them.

use std::hint::black_box;

use boa_engine::{Context, JsString, JsValue, Source, js_string};
use criterion::Bencher;

pub fn one_plus_one(bencher: &mut Bencher<'_>) {
    let mut context = Context::default();
    let mut eval = |source: &str| {
        let value = context.eval(Source::from_bytes(source)).expect("it parses");
        value.as_callable().expect("it is a function")
    };
    let function = eval("(function (input) { return 1+1 })");
    let (parse, stringify) = (eval("JSON.parse"), eval("JSON.stringify"));
    let undefined = JsValue::undefined();
    bencher.iter(|| {
        let text = JsValue::from(JsString::from(black_box("null")));
        let input = parse.call(&undefined, &[text], &mut context).expect("it is JSON");
        let answer = function.call(&undefined, &[input], &mut context).expect("it returns");
        let text = stringify.call(&undefined, &[answer], &mut context).expect("a number has a text");
        text.as_string().unwrap_or(js_string!()).to_std_string_escaped()
    });
}
