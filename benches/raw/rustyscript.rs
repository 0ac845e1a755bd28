//! RustyScript: its stored function, called at once, JSON text in and out.

use std::hint::black_box;
use std::rc::Rc;

use criterion::Bencher;
use rustyscript::js_value::Function;
use rustyscript::{Runtime, RuntimeOptions};

pub fn one_plus_one(bencher: &mut Bencher<'_>) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runtime =
        Runtime::with_tokio_runtime(RuntimeOptions::default(), Rc::new(tokio)).expect("RustyScript starts");
    let wrapped =
        "(function (text) { return JSON.stringify((function (input) { return 1+1 })(JSON.parse(text))) })";
    let function: Function = runtime.eval(wrapped).expect("it parses");
    bencher.iter(|| {
        let answer: String = runtime
            .call_stored_function_immediate(None, &function, &(black_box("null"),))
            .expect("it returns");
        answer
    });
}
