//! What each engine costs through its adapter: isolate, first call, compiled call, JSON, compiling; and, beside
//! the compiled call, the engine's fastest correct route without the adapter.
//!
//! Criterion measures single calls on one thread. Percentiles under concurrency are the load driver's.

use std::thread;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use jsarena::engine::{Deadline, Isolate, JsEngine, Limits, Script, ScriptId, registry};

mod raw;

const ONE_PLUS_ONE: &str = "return 1+1";

fn engine(criterion: &mut Criterion, engine: &dyn JsEngine) {
    let id = engine.info().id;
    let mut group = criterion.benchmark_group(&id);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.sample_size(20);

    group.bench_function("isolate creation", |bencher| {
        bencher.iter_batched(|| (), |()| create(engine), BatchSize::PerIteration);
    });
    group.bench_function("first call", |bencher| {
        let first = |mut isolate: Box<dyn Isolate>| {
            let script = load(isolate.as_mut(), ONE_PLUS_ONE);
            call(isolate.as_mut(), script, "null");
            isolate
        };
        bencher.iter_batched(|| create(engine), first, BatchSize::PerIteration);
    });
    group.bench_function("compile 200 kB", |bencher| {
        let large = large_script();
        let compile = |mut isolate: Box<dyn Isolate>| {
            load(isolate.as_mut(), &large);
            isolate
        };
        bencher.iter_batched(|| create(engine), compile, BatchSize::PerIteration);
    });

    group.sample_size(100);
    if let Some(route) = raw::routes().iter().find(|route| route.engine == id) {
        group.bench_function("return 1+1, raw route", |bencher| (route.one_plus_one)(bencher));
    }
    compiled(&mut group, engine, "return 1+1, compiled call", ONE_PLUS_ONE, "null");
    for (name, bytes) in [("JSON round trip 1 kB", 1_000), ("JSON round trip 100 kB", 100_000)] {
        let document = document(bytes);
        group.throughput(Throughput::Bytes(document.len() as u64));
        compiled(&mut group, engine, name, "return input", &document);
    }
    group.finish();
}

fn compiled(
    group: &mut BenchmarkGroup<'_, WallTime>,
    engine: &dyn JsEngine,
    name: &str,
    body: &str,
    input: &str,
) {
    let mut isolate = create(engine);
    let script = load(isolate.as_mut(), body);
    group.bench_function(name, |bencher| bencher.iter(|| call(isolate.as_mut(), script, input)));
}

fn create(engine: &dyn JsEngine) -> Box<dyn Isolate> {
    engine.create(&Limits::default()).expect("a built engine starts")
}

fn load(isolate: &mut dyn Isolate, body: &str) -> ScriptId {
    isolate.load(&Script::new("bench", body), &deadline()).expect("the script parses")
}

fn call(isolate: &mut dyn Isolate, script: ScriptId, input: &str) -> String {
    isolate.call(script, input, &deadline()).expect("the script answers")
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(25))
}

/// About `bytes` of JSON: an array of small records.
fn document(bytes: usize) -> String {
    let record =
        |n: usize| format!(r#"{{"id":{n},"name":"item {n}","price":{n}.25,"tags":["a","b"],"ok":true}}"#);
    let mut records = Vec::new();
    let mut length = 2;
    while length < bytes {
        records.push(record(records.len()));
        length += records.last().map_or(0, String::len) + 1;
    }
    format!("[{}]", records.join(","))
}

/// A body of about 200 kB: many functions, one of them called.
fn large_script() -> String {
    let function = |n: usize| {
        format!(
            "function f{n}(a, b) {{ if (a > {n}) {{ return a * b + {n}; }} return [a, b, 'text {n}'].join('-'); }}\n"
        )
    };
    let functions: String = (0..2_000).map(function).collect();
    format!("{functions}\nreturn f7(8, 9);")
}

fn main() {
    let largest =
        registry::built().map(|engine| engine.info().thread_stack.as_u64()).max().unwrap_or(1 << 23);
    let benches = || {
        let mut criterion = Criterion::default().configure_from_args();
        for built in registry::built() {
            engine(&mut criterion, built.as_ref());
        }
        criterion.final_summary();
    };
    let on_large_stack =
        thread::Builder::new().stack_size(largest as usize).spawn(benches).expect("a thread");
    if let Err(panic) = on_large_stack.join() {
        std::panic::resume_unwind(panic);
    }
}
