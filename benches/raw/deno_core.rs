//! Bare deno_core: V8's own JSON functions and a direct call, all in one handle scope.

use std::hint::black_box;

use criterion::Bencher;
use deno_core::{JsRuntime, RuntimeOptions, v8};

pub fn one_plus_one(bencher: &mut Bencher<'_>) {
    let mut runtime = JsRuntime::new(RuntimeOptions::default());
    let function = runtime.execute_script("raw", "(function (input) { return 1+1 })").expect("it parses");
    bencher.iter(|| {
        let scope = &mut runtime.handle_scope();
        let function = v8::Local::new(scope, &function).cast::<v8::Function>();
        let text = v8::String::new(scope, black_box("null")).expect("a short text");
        let input = v8::json::parse(scope, text).expect("it is JSON");
        let receiver = v8::undefined(scope).into();
        let answer = function.call(scope, receiver, &[input]).expect("it returns");
        v8::json::stringify(scope, answer).expect("a number has a text").to_rust_string_lossy(scope)
    });
}
