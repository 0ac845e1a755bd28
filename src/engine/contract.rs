//! The contract: one suite that every engine built into this program must pass, each as far as its
//! capabilities declare.
//!
//! A test is a table. Every failing case of every engine is collected and told at the end, by engine and by
//! case, so that one run shows all there is to mend.

mod deadlines;
mod failures;
mod isolation;
mod limits;
mod prepared;
mod promises;
mod snapshot;
mod values;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Deadline, EngineInfo, Isolate, JsEngine, JsError, Limits, Script, registry};

/// What a case must come to.
#[derive(Debug, Clone)]
enum Want {
    /// This very JSON text.
    Json(String),
    /// An exception of this name and message.
    Exception(&'static str, &'static str),
    /// An exception of this name, whatever its message.
    Named(&'static str),
    /// A syntax error at this line and column of the guest's own text.
    SyntaxAt(u32, u32),
    /// A syntax error anywhere.
    Syntax,
    Timeout,
    OutOfMemory,
    StackOverflow,
    /// An invalid result whose message holds this, in whatever case.
    Invalid(&'static str),
    Engine,
}

impl Want {
    fn is(&self, got: &Result<String, JsError>) -> bool {
        match (self, got) {
            (Self::Json(want), Ok(got)) => want == got,
            (Self::Exception(want, what), Err(JsError::Exception { name, message, .. })) => {
                want == name && what == message
            }
            (Self::Named(want), Err(JsError::Exception { name, .. })) => want == name,
            (Self::SyntaxAt(at, in_it), Err(JsError::Syntax { line, column, .. })) => {
                (Some(*at), Some(*in_it)) == (*line, *column)
            }
            (Self::Syntax, Err(JsError::Syntax { .. }))
            | (Self::OutOfMemory, Err(JsError::OutOfMemory))
            | (Self::StackOverflow, Err(JsError::StackOverflow))
            | (Self::Engine, Err(JsError::Engine(_))) => true,
            // Generous, for machines are noisy; what must not happen is that it never ends.
            (Self::Timeout, Err(JsError::Timeout { ran })) => *ran < Duration::from_secs(8),
            (Self::Invalid(want), Err(JsError::InvalidResult(got))) => {
                got.to_lowercase().contains(&want.to_lowercase())
            }
            _ => false,
        }
    }
}

/// Time enough for everything that ends by itself.
const AMPLE: Duration = Duration::from_secs(20);

/// One engine on the bench: an isolate that is made when first needed and again when it is spent.
struct Bench {
    engine: Arc<dyn JsEngine>,
    info: EngineInfo,
    limits: Limits,
    allowed: Duration,
    isolate: Option<Box<dyn Isolate>>,
    complaints: Vec<String>,
}

/// Runs `test` once for each engine, on a thread with the stack that the engine asks for.
fn on_every_engine(test: fn(&mut Bench)) {
    let complaints: Vec<String> = registry::built()
        .flat_map(|engine| {
            let id = engine.info().id;
            on_a_thread_for(Arc::clone(&engine), move || {
                let mut bench = Bench::new(engine);
                test(&mut bench);
                bench.isolate = None;
                bench.complaints
            })
            .unwrap_or_else(|panic| vec![format!("panicked: {panic}")])
            .into_iter()
            .map(move |complaint| format!("{id}: {complaint}"))
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What `work` gives on a new thread of the engine's stack size, or the message it panicked with.
fn on_a_thread_for<T: Send + 'static>(
    engine: Arc<dyn JsEngine>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let stack = engine.info().stack_bytes();
    let thread = thread::Builder::new().stack_size(stack).spawn(work).unwrap();
    thread.join().map_err(|panic| match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast::<&str>().map_or("?".to_owned(), |message| (*message).to_owned()),
    })
}

impl Bench {
    fn new(engine: Arc<dyn JsEngine>) -> Self {
        Self {
            info: engine.info(),
            engine,
            limits: Limits::default(),
            allowed: AMPLE,
            isolate: None,
            complaints: Vec::new(),
        }
    }

    /// The isolate at hand; a new one if there is none or it is spent.
    fn isolate(&mut self) -> &mut dyn Isolate {
        if self.isolate.as_ref().is_some_and(|isolate| isolate.is_spent()) {
            self.drop_isolate();
        }
        let (engine, limits) = (&self.engine, &self.limits);
        self.isolate.get_or_insert_with(|| engine.create(limits).expect("an isolate")).as_mut()
    }

    /// The next case gets a new isolate.
    fn drop_isolate(&mut self) {
        self.isolate = None;
    }

    fn run(&mut self, script: &Script, input: &str) -> Result<String, JsError> {
        let deadline = Deadline::after(self.allowed);
        let isolate = self.isolate();
        let id = isolate.load(script, &deadline)?;
        isolate.call(id, input, &deadline)
    }

    /// Loads and calls `body` with `input`.
    fn check(&mut self, body: &str, input: &str, want: Want) {
        self.check_script(&Script::new("case", body), input, want);
    }

    fn check_script(&mut self, script: &Script, input: &str, want: Want) {
        let got = self.run(script, input);
        if !want.is(&got) {
            let setup = if script.setup.is_empty() { String::new() } else { format!("{:?} ", script.setup) };
            self.complain(format!(
                "{setup}`{}` of {}: wanted {}, got {}",
                short(&script.body),
                short(input),
                short(&format!("{want:?}")),
                short(&format!("{got:?}")),
            ));
        }
    }

    /// Checks that `body`, which takes no input, gives `json`.
    fn gives(&mut self, body: &str, json: &str) {
        self.check(body, "null", Want::Json(json.to_owned()));
    }

    /// Checks that `body` ends badly, and that the same isolate, unless it is spent, then answers well.
    fn fails(&mut self, body: &str, want: Want) {
        self.check(body, "null", want);
        self.check("return 1 + 1 /* afterwards */", "null", Want::Json("2".to_owned()));
    }

    fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.complain(what.to_owned());
        }
    }
}

fn short(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[test]
fn says_what_it_is() {
    for engine in registry::built() {
        let info = engine.info();
        assert!(!info.engine_version.is_empty() && !info.binding_version.is_empty(), "{}", info.id);
        assert!(info.thread_stack >= Limits::default().stack, "{}", info.id);
        assert!(registry::find(&info.id).is_some(), "{} is not its registry name", info.id);
    }
}

#[test]
fn works_on_a_blocking_task() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    for engine in registry::built() {
        let id = engine.info().id;
        let answers = runtime.block_on(async move {
            tokio::task::spawn_blocking(move || {
                let mut bench = Bench::new(engine);
                let body = "await null; return input + 1";
                let answer = bench.run(&Script::new("t", body), "1");
                let overflow =
                    bench.run(&Script::new("t", "return (function f() { return 1 + f() })()"), "1");
                (answer, overflow)
            })
            .await
            .unwrap()
        });
        assert_eq!(answers, (Ok("2".to_owned()), Err(JsError::StackOverflow)), "{id}");
    }
}
