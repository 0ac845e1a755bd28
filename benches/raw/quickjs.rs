//! rquickjs: a saved function, the context's own JSON functions.

use std::hint::black_box;

use criterion::Bencher;
use rquickjs::{Context, Function, Persistent, Runtime};

pub fn one_plus_one(bencher: &mut Bencher<'_>) {
    let runtime = Runtime::new().expect("a runtime");
    let context = Context::full(&runtime).expect("a context");
    let function = context.with(|ctx| {
        let function: Function<'_> = ctx.eval("(function (input) { return 1+1 })").expect("it parses");
        Persistent::save(&ctx, function)
    });
    bencher.iter(|| {
        context.with(|ctx| {
            let function = function.clone().restore(&ctx).expect("it is this context's own");
            let input = ctx.json_parse(black_box("null")).expect("it is JSON");
            let answer: rquickjs::Value<'_> = function.call((input,)).expect("it returns");
            ctx.json_stringify(answer).expect("a number has a text").expect("a number has a text").to_string()
        })
    });
}
