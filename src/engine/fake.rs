//! An engine that does what it is told, for tests of the executor and calibration of the instrument.
//!
//! Its "scripts" are statements, one a line or separated by `;`:
//!
//! | statement | what it does |
//! |---|---|
//! | `return JSON` / `echo` | ends with that JSON text, or with the input's own |
//! | `sleep TIME` | waits; the deadline stops it |
//! | `spin TIME` | burns processor time; the deadline stops it |
//! | `loop` | burns processor time until the deadline |
//! | `hang TIME` | waits and heeds neither deadline nor interruption |
//! | `throw NAME MESSAGE` | a guest exception |
//! | `panic MESSAGE` | a panic on the worker's thread |
//! | `abort` | ends the whole process, as V8 does when it runs out of memory |
//! | `print TEXT` | writes to standard output, as guests with a console do |
//! | `allocate SIZE` | keeps that much memory until reset; past the heap limit, out of memory |
//! | `serve constant TIME`, `serve uniform TIME TIME`, `serve exponential TIME`, `serve bimodal TIME TIME SHARE` | waits a service time drawn from that distribution (`SHARE` of the second), seeded |
//! | `seed NUMBER` | lets the isolate draw from another stream, in its first call only |
//! | `stall TIME NUMBER` | waits in the isolate's call of that number, counted from 1, and in no other |
//!
//! A statement without an answer after it answers `null`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp};
use rand_pcg::Pcg64Mcg;

use super::{
    Capabilities, Deadline, EngineInfo, HeapStats, Interrupter, Interruption, Isolate, JsEngine, JsError,
    Limits, Script, ScriptId,
};

/// The engine. Isolates made from one value draw from distinct streams of its seed.
#[derive(Debug, Default)]
pub struct Fake {
    seed: u64,
    made: AtomicU64,
}

impl Fake {
    /// A fake whose service times come from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, made: AtomicU64::new(0) }
    }

    /// How long the calls of a script will take, one after the other, in the isolate that a fake of that seed makes
    /// as its `number`th, counted from 0, if it serves nothing else: the same draws from the same stream.
    ///
    /// # Errors
    /// [`JsError::Syntax`] for a script it does not understand.
    pub fn service_times(
        seed: u64,
        number: u64,
        script: &Script,
    ) -> Result<impl Iterator<Item = Duration> + use<>, JsError> {
        let statements = parse(&script.body)?;
        let mut random = stream(seed, number);
        Ok((1..).map(move |call| {
            if call == 1 {
                reseed(&statements, number, &mut random);
            }
            statements.iter().map(|one| one.takes(call, &mut random)).sum()
        }))
    }
}

/// The stream that an isolate draws from.
fn stream(seed: u64, number: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number))
}

/// Changes to the stream that a script asks for.
fn reseed(statements: &[Statement], number: u64, random: &mut Pcg64Mcg) {
    let asked =
        statements.iter().find_map(|one| if let Statement::Seed(seed) = one { Some(*seed) } else { None });
    if let Some(seed) = asked {
        *random = stream(seed, number);
    }
}

impl JsEngine for Fake {
    fn info(&self) -> EngineInfo {
        EngineInfo {
            id: super::registry::FAKE.to_owned(),
            engine_version: "fake".to_owned(),
            binding_version: format!("jsarena {}", env!("CARGO_PKG_VERSION")),
            thread_stack: ByteSize::kib(512),
            capabilities: Capabilities {
                interruption: Interruption::Full,
                heap_limit: true,
                heap_stats: true,
                reset_in_place: true,
                jit: false,
                wasm: false,
                timers: false,
            },
            notes: vec!["runs no JavaScript: for tests and calibration".to_owned()],
        }
    }

    fn create(&self, limits: &Limits) -> Result<Box<dyn Isolate>, JsError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(FakeIsolate {
            scripts: Vec::new(),
            held: Vec::new(),
            limit: limits.heap,
            stop: Arc::new(AtomicBool::new(false)),
            calls: 0,
            number,
            random: stream(self.seed, number),
        }))
    }
}

struct FakeIsolate {
    scripts: Vec<Vec<Statement>>,
    held: Vec<Vec<u8>>,
    limit: Option<ByteSize>,
    stop: Arc<AtomicBool>,
    /// Begun so far.
    calls: u64,
    /// How many were made before it.
    number: u64,
    random: Pcg64Mcg,
}

#[derive(Debug, Clone, PartialEq)]
enum Statement {
    Return(String),
    Echo,
    Sleep(Duration),
    Spin(Duration),
    Loop,
    Hang(Duration),
    Throw { name: String, message: String },
    Panic(String),
    Abort,
    Print(String),
    Allocate(ByteSize),
    Serve(ServiceTime),
    Stall { time: Duration, call: u64 },
    Seed(u64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum ServiceTime {
    Constant(Duration),
    Uniform(Duration, Duration),
    Exponential(Duration),
    Bimodal { usual: Duration, rare: Duration, share: f64 },
}

impl Isolate for FakeIsolate {
    fn load(&mut self, script: &Script, _deadline: &Deadline) -> Result<ScriptId, JsError> {
        let statements = parse(&script.body)?;
        self.scripts.push(statements);
        Ok(ScriptId(u32::try_from(self.scripts.len() - 1).expect("fewer than 2^32 scripts fit in memory")))
    }

    fn call(&mut self, script: ScriptId, input: &str, deadline: &Deadline) -> Result<String, JsError> {
        self.stop.store(false, Ordering::Relaxed);
        self.calls += 1;
        let is_first = self.calls == 1;
        let no_such = || JsError::Engine(format!("no script {} is loaded", script.0));
        // The statements are taken out for the run, so that they may change the isolate they belong to.
        let statements = std::mem::take(self.scripts.get_mut(script.0 as usize).ok_or_else(no_such)?);
        if is_first {
            reseed(&statements, self.number, &mut self.random);
        }
        let answer = self.run(&statements, input, deadline);
        self.scripts[script.0 as usize] = statements;
        answer
    }

    fn reset(&mut self) -> Result<(), JsError> {
        self.scripts.clear();
        self.held.clear();
        Ok(())
    }

    fn heap(&mut self) -> Option<HeapStats> {
        Some(HeapStats { used: self.held(), limit: self.limit })
    }

    fn interrupter(&self) -> Option<Interrupter> {
        let stop = Arc::clone(&self.stop);
        Some(Interrupter::new(move || stop.store(true, Ordering::Relaxed)))
    }
}

impl FakeIsolate {
    fn run(&mut self, statements: &[Statement], input: &str, deadline: &Deadline) -> Result<String, JsError> {
        for statement in statements {
            match statement {
                Statement::Return(json) => return Ok(json.clone()),
                Statement::Echo => return Ok(input.to_owned()),
                Statement::Sleep(time) => self.wait(*time, deadline, nap)?,
                Statement::Spin(time) => self.wait(*time, deadline, |_| std::hint::spin_loop())?,
                Statement::Loop => self.wait(Duration::MAX, deadline, |_| std::hint::spin_loop())?,
                Statement::Hang(time) => thread::sleep(*time),
                Statement::Throw { name, message } => {
                    return Err(JsError::Exception {
                        name: name.clone(),
                        message: message.clone(),
                        stack: "at fake:1:1".to_owned(),
                    });
                }
                Statement::Panic(message) => panic!("{message}"),
                Statement::Abort => std::process::abort(),
                Statement::Print(text) => println!("{text}"),
                Statement::Seed(_) => {}
                Statement::Allocate(size) => self.allocate(*size)?,
                Statement::Serve(_) | Statement::Stall { .. } => {
                    let time = statement.takes(self.calls, &mut self.random);
                    self.wait(time, deadline, serve)?;
                }
            }
        }
        Ok("null".to_owned())
    }

    /// Passes `time` by calling `step` with what is left, unless deadline or interruption come first.
    fn wait(&self, time: Duration, deadline: &Deadline, step: impl Fn(Duration)) -> Result<(), JsError> {
        let end = Instant::now().checked_add(time);
        loop {
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            if now >= deadline.at() || self.stop.load(Ordering::Relaxed) {
                return Err(JsError::Timeout { ran: deadline.ran() });
            }
            step(end.map_or(deadline.at(), |end| end.min(deadline.at())) - now);
        }
    }

    fn allocate(&mut self, size: ByteSize) -> Result<(), JsError> {
        if self.limit.is_some_and(|limit| self.held() + size > limit) {
            return Err(JsError::OutOfMemory);
        }
        let bytes = usize::try_from(size.as_u64()).map_err(|_| JsError::OutOfMemory)?;
        self.held.push(vec![1; bytes]);
        Ok(())
    }

    fn held(&self) -> ByteSize {
        ByteSize::b(self.held.iter().map(|block| block.len() as u64).sum())
    }
}

/// Sleeps through most of what is left and leaves the last bit, which a sleep would overshoot, to spinning.
fn nap(left: Duration) {
    sleep_until_short(left, Duration::from_micros(150));
}

/// The same, spinning for longer: under a hypervisor a sleep may well end half a millisecond late, and a service time
/// is to be held to.
fn serve(left: Duration) {
    sleep_until_short(left, Duration::from_millis(1));
}

fn sleep_until_short(left: Duration, spin: Duration) {
    const LOOK_EVERY: Duration = Duration::from_millis(5);
    if left > spin {
        thread::sleep((left - spin).min(LOOK_EVERY));
    } else {
        std::hint::spin_loop();
    }
}

impl Statement {
    /// How long it takes in the call of that number.
    fn takes(&self, this_call: u64, random: &mut Pcg64Mcg) -> Duration {
        match self {
            Self::Sleep(time) | Self::Spin(time) | Self::Hang(time) => *time,
            Self::Serve(distribution) => distribution.draw(random),
            Self::Stall { time, call } if *call == this_call => *time,
            _ => Duration::ZERO,
        }
    }
}

impl ServiceTime {
    fn draw(self, random: &mut Pcg64Mcg) -> Duration {
        match self {
            Self::Constant(time) => time,
            Self::Uniform(low, high) => low + high.saturating_sub(low).mul_f64(random.random::<f64>()),
            Self::Exponential(mean) => mean.mul_f64(Exp::new(1.0).map_or(1.0, |unit| unit.sample(random))),
            Self::Bimodal { usual, rare, share } => {
                if random.random::<f64>() < share {
                    rare
                } else {
                    usual
                }
            }
        }
    }
}

fn parse(body: &str) -> Result<Vec<Statement>, JsError> {
    let mut statements = Vec::new();
    for (line, text) in (1..).zip(body.lines()) {
        let mut column = 1;
        for part in text.split(';') {
            if !part.trim().is_empty() {
                statements.push(parse_statement(part.trim()).map_err(|message| JsError::Syntax {
                    message,
                    line: Some(line),
                    column: Some(column + (part.len() - part.trim_start().len()) as u32),
                })?);
            }
            column += part.len() as u32 + 1;
        }
    }
    Ok(statements)
}

fn parse_statement(text: &str) -> Result<Statement, String> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match verb {
        "return" => {
            let value: Box<serde_json::value::RawValue> =
                serde_json::from_str(rest).map_err(|error| format!("`{rest}` is not JSON: {error}"))?;
            Statement::Return(value.get().to_owned())
        }
        "echo" => Statement::Echo,
        "sleep" => Statement::Sleep(time(rest)?),
        "spin" => Statement::Spin(time(rest)?),
        "loop" => Statement::Loop,
        "hang" => Statement::Hang(time(rest)?),
        "throw" => {
            let (name, message) = rest.split_once(' ').unwrap_or((rest, ""));
            Statement::Throw { name: name.to_owned(), message: message.to_owned() }
        }
        "panic" => Statement::Panic(rest.to_owned()),
        "abort" => Statement::Abort,
        "print" => Statement::Print(rest.to_owned()),
        "allocate" => {
            Statement::Allocate(rest.parse().map_err(|error| format!("`{rest}` is no size: {error}"))?)
        }
        "serve" => Statement::Serve(parse_distribution(rest)?),
        "seed" => Statement::Seed(rest.parse().map_err(|error| format!("`{rest}` is no seed: {error}"))?),
        "stall" => {
            let (after, number) = rest.split_once(' ').unwrap_or((rest, ""));
            let call = number.parse().map_err(|error| format!("`{number}` is no call's number: {error}"))?;
            Statement::Stall { time: time(after)?, call }
        }
        _ => return Err(format!("the fake engine knows no statement `{verb}`")),
    })
}

fn parse_distribution(text: &str) -> Result<ServiceTime, String> {
    match *text.split_whitespace().collect::<Vec<_>>() {
        ["constant", at] => Ok(ServiceTime::Constant(time(at)?)),
        ["uniform", low, high] => Ok(ServiceTime::Uniform(time(low)?, time(high)?)),
        ["exponential", mean] => Ok(ServiceTime::Exponential(time(mean)?)),
        ["bimodal", usual, rare, share] => Ok(ServiceTime::Bimodal {
            usual: time(usual)?,
            rare: time(rare)?,
            share: share.parse().map_err(|error| format!("`{share}` is no share: {error}"))?,
        }),
        _ => Err(format!("`{text}` is no service-time distribution")),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("`{text}` is no time: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: &str) -> Result<String, JsError> {
        let mut isolate =
            Fake::seeded(1).create(&Limits { heap: Some(ByteSize::kib(64)), ..Limits::default() })?;
        let deadline = Deadline::after(Duration::from_millis(40));
        let script = isolate.load(&Script::new("t", body), &deadline)?;
        isolate.call(script, "[1]", &deadline)
    }

    #[test]
    fn does_what_it_is_told() {
        assert_eq!(run("return {\"a\": 1}"), Ok("{\"a\": 1}".to_owned()));
        assert_eq!(run("echo"), Ok("[1]".to_owned()));
        assert_eq!(run("sleep 1ms; spin 1ms\nreturn 2"), Ok("2".to_owned()));
        assert_eq!(run("serve exponential 10us; return 3"), Ok("3".to_owned()));
        assert!(
            matches!(run("throw TypeError no such thing"), Err(JsError::Exception { name, .. }) if name == "TypeError")
        );
        assert!(matches!(run("loop"), Err(JsError::Timeout { ran }) if ran >= Duration::from_millis(40)));
        assert!(matches!(run("sleep 1h"), Err(JsError::Timeout { .. })));
        assert_eq!(run("allocate 1MiB"), Err(JsError::OutOfMemory));
        assert_eq!(run("allocate 1KiB; return 0"), Ok("0".to_owned()));
    }

    #[test]
    fn a_statement_it_does_not_know_is_a_syntax_error_with_its_place() {
        let Err(JsError::Syntax { line, column, .. }) = run("return 1\necho; dance") else {
            panic!("`dance` should not parse");
        };
        assert_eq!((line, column), (Some(2), Some(7)));
    }

    #[test]
    fn service_times_are_known_before_they_are_served() {
        let script = Script::new("t", "serve exponential 1ms; stall 5ms 3; sleep 1ms");
        let times =
            |seed, number| Fake::service_times(seed, number, &script).unwrap().take(5).collect::<Vec<_>>();
        assert_eq!(times(1, 0), times(1, 0));
        assert_ne!(times(1, 0), times(1, 1));
        let mut random = stream(1, 0);
        for (call, known) in (1..).zip(times(1, 0)) {
            let drawn = ServiceTime::Exponential(Duration::from_millis(1)).draw(&mut random);
            let stall = Duration::from_millis(if call == 3 { 5 } else { 0 });
            assert_eq!(known, drawn + stall + Duration::from_millis(1));
        }
        let mut isolate = Fake::seeded(1).create(&Limits::default()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(60));
        let id = isolate.load(&script, &deadline).unwrap();
        for known in times(1, 0) {
            let before = Instant::now();
            isolate.call(id, "null", &deadline).unwrap();
            assert!(before.elapsed() >= known);
        }
    }

    #[test]
    fn service_times_come_from_the_seed() {
        let draw = |seed| {
            let mut random = Pcg64Mcg::seed_from_u64(seed);
            (0..5)
                .map(|_| ServiceTime::Exponential(Duration::from_secs(1)).draw(&mut random))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
