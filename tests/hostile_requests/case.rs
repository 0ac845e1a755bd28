//! What a client does, and the mix of it.

use std::time::Duration;

use hyper::body::Bytes;
use jsarena::cli;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_pcg::Pcg64Mcg;
use serde_json::json;

use super::request::{Expected, Request};
use super::{broken, fuzz, good, wrong};

/// The kinds of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Asks for what it may ask for.
    Good,
    /// The same, several at once on a connection, with others that are not.
    Pipelined,
    /// Sends the hostile corpus.
    Corpus,
    /// Sends bodies that were good once.
    Fuzzed,
    /// Sends JSON of wrong types.
    Types,
    /// Asks for what there is not.
    Routes,
    /// Sends ten mebibytes.
    Huge,
    /// Sends no HTTP.
    Refused,
    /// Sends odd HTTP.
    Odd,
    /// Never comes to an end.
    Slow,
    /// Goes away.
    Gone,
}

/// What one client does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Asks these at once, and waits for the answers.
    Ask(Vec<Request>),
    /// Sends these bytes and looks what comes: nothing, or what is well formed.
    Throw(Vec<u8>),
    /// The same, of what must be refused.
    Refused(Vec<u8>),
    /// Sends the first, then drips the rest; without a rest it waits. Whether an answer must come.
    Drip { start: Vec<u8>, rest: Vec<u8>, is_answered: bool },
    /// Sends these bytes and goes away, in this way.
    Leave { bytes: Vec<u8>, how: Leave, is_whole: bool },
}

/// How a client goes away.
#[derive(Debug, Clone, Copy)]
pub enum Leave {
    /// It closes the connection.
    Close,
    /// It resets it.
    Reset,
    /// It says that it sends no more, and waits for what comes.
    HalfClose,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub class: Class,
    pub act: Act,
}

impl Case {
    /// How many requests it counts for.
    pub fn requests(&self) -> usize {
        if let Act::Ask(requests) = &self.act { requests.len() } else { 1 }
    }
}

/// Requests of each class in all; the corpus comes on top, three times.
const MIX: [(Class, usize); 9] = [
    (Class::Pipelined, 600),
    (Class::Fuzzed, 3_000),
    (Class::Types, 1_000),
    (Class::Routes, 900),
    (Class::Huge, 150),
    (Class::Refused, 500),
    (Class::Odd, 300),
    (Class::Slow, 200),
    (Class::Gone, 700),
];

/// How often each hostile script comes.
const EACH: usize = 3;

/// Deadline of a hostile script.
const HOSTILE_MS: u64 = 100;

/// Makes so many requests in random order. What the mix leaves is good ones.
pub fn mix(random: &mut Pcg64Mcg, requests: usize, longest_body: usize) -> Vec<Case> {
    let mut maker = Maker { random, number: 0, blank: vec![b' '; 10 << 20].into(), longest_body };
    let mut cases: Vec<Case> = maker.corpus();
    for (class, count) in MIX {
        let mut made = 0;
        while made < count {
            let case = Case { class, act: maker.act(class, count - made) };
            made += case.requests();
            cases.push(case);
        }
    }
    while maker.number < requests {
        cases.push(Case { class: Class::Good, act: maker.act(Class::Good, 1) });
    }
    cases.shuffle(random);
    cases
}

struct Maker<'a> {
    random: &'a mut Pcg64Mcg,
    number: usize,
    blank: Bytes,
    longest_body: usize,
}

impl Maker<'_> {
    fn next(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    fn corpus(&mut self) -> Vec<Case> {
        let corpus = cli::hostile_corpus(None).unwrap();
        let mut cases = Vec::new();
        for (turn, script) in (0..EACH).flat_map(|turn| corpus.iter().map(move |script| (turn, script))) {
            let kind = ["javascript", "filter"][turn % 2];
            let body = json!({ "type": kind, "code": script.script.body, "timeout_ms": HOSTILE_MS });
            let outcomes = script.expected.as_ref().unwrap().outcomes("quickjs").to_vec();
            let number = self.next();
            let request = Request::execute(body.to_string().as_bytes(), number, Expected::Outcomes(outcomes));
            cases.push(Case { class: Class::Corpus, act: Act::Ask(vec![request]) });
        }
        cases
    }

    /// Of so many requests at most.
    fn act(&mut self, class: Class, most: usize) -> Act {
        if class == Class::Pipelined {
            let count = self.random.random_range(2..9).min(most);
            return Act::Ask((0..count).map(|_| self.of_many()).collect());
        }
        let number = self.next();
        let random = &mut *self.random;
        match class {
            Class::Types => Act::Ask(vec![wrong::types(random, number)]),
            Class::Routes => Act::Ask(vec![wrong::routes(random, number)]),
            Class::Fuzzed => Act::Ask(vec![fuzz::request(random, number, self.longest_body)]),
            Class::Huge => Act::Ask(vec![wrong::huge(&self.blank, random, number)]),
            Class::Refused => Act::Refused(broken::refused(random)),
            Class::Odd => Act::Throw(broken::odd(random)),
            Class::Slow => slow(random, number),
            Class::Gone => gone(random, number),
            Class::Good | Class::Pipelined | Class::Corpus => Act::Ask(vec![good::request(random, number)]),
        }
    }

    /// One of those that are sent at once: after each the connection goes on.
    fn of_many(&mut self) -> Request {
        let number = self.next();
        if self.random.random_bool(0.3) {
            return wrong::types(self.random, number);
        }
        let (body, answer) = good::body(self.random);
        Request::execute(&body, number, Expected::Result(answer))
    }
}

fn slow(random: &mut Pcg64Mcg, number: usize) -> Act {
    let (body, _) = good::body(random);
    let whole = Request::execute(&body, number, Expected::Well).pieces.concat();
    let (head, body) = whole.split_at(whole.len() - body.len());
    let (mut start, drops, is_answered) = if random.random() {
        // In its body, of which it has announced more than it has.
        let head = String::from_utf8_lossy(head);
        let head = head.replace(&format!("content-length: {}", body.len()), "content-length: 100000");
        (head.into_bytes(), " ".repeat(1000), true)
    } else {
        // In its head: it has asked for nothing yet, so that its connection is closed and that is all.
        (Vec::new(), format!("x-slow: {}", "z".repeat(1000)), false)
    };
    if is_answered {
        start.extend_from_slice(&body[..random.random_range(0..body.len())]);
    } else {
        let lines: Vec<_> = head.split_inclusive(|byte| *byte == b'\n').collect();
        start.extend(lines[..random.random_range(0..lines.len())].concat());
    }
    // Or it falls silent.
    let rest = if random.random() { drops.into_bytes() } else { Vec::new() };
    Act::Drip { start, rest, is_answered }
}

/// Runs a while, so that whoever asks for it has time to go away; answers itself.
const A_WHILE: &str = "const end = Date.now() + 20; while (Date.now() < end); return 7";

fn gone(random: &mut Pcg64Mcg, number: usize) -> Act {
    let how = *[Leave::Close, Leave::Reset, Leave::Reset, Leave::HalfClose].choose(random).unwrap();
    let body = json!({ "type": "filter", "code": A_WHILE }).to_string();
    let request = Request::execute(body.as_bytes(), number, Expected::Result(json!(7)));
    let mut bytes = request.pieces.concat();
    let head = bytes.len() - body.len();
    let at = match random.random_range(0..4) {
        0 => 0,
        1 => random.random_range(1..head),
        2 => random.random_range(head..bytes.len()),
        _ => bytes.len(),
    };
    let is_whole = at == bytes.len();
    bytes.truncate(at);
    Act::Leave { bytes, how, is_whole }
}

/// Between two drops.
pub const DROP_EVERY: Duration = Duration::from_millis(50);
