//! Bodies that were good once.

use std::ops::Range;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64Mcg;
use serde::de::IgnoredAny;
use serde_json::json;

use super::good;
use super::request::{Expected, Request};

/// What is put in somewhere.
const ODDITIES: [&[u8]; 24] = [
    b"\0",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\u0000",
    b"\\x41",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"/*",
    b"//",
    b"NaN",
    b"-",
    b"1e999999",
    b"\r\n\r\n",
    b"\",\"code\":\"return 1",
];

/// How long what has become of a script may run.
const TIMEOUT_MS: u64 = 500;

/// A body with a few things done to it, or one that is good but for what was done to its script or its input.
pub fn request(random: &mut Pcg64Mcg, number: usize, longest: usize) -> Request {
    let (code, input, _) = good::sum(random);
    let body = match random.random_range(0..4) {
        0 => {
            let code = mutated(code.as_bytes().to_vec(), random);
            let code = String::from_utf8_lossy(&code);
            json!({ "type": "javascript", "code": code, "input": input, "timeout_ms": TIMEOUT_MS })
                .to_string()
                .into_bytes()
        }
        1 => {
            let input = mutated(input.to_string().into_bytes(), random);
            let start = json!({ "type": "filter", "code": code, "timeout_ms": TIMEOUT_MS }).to_string();
            [start.trim_end_matches('}').as_bytes(), b",\"input\":", &input, b"}"].concat()
        }
        _ => mutated(good::body(random).0, random),
    };
    // Whatever is no JSON is refused, and what is too long is not even looked at.
    let expected = if body.len() > longest {
        Expected::Refusal("body_too_large")
    } else if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
        Expected::Refusal("bad_request")
    } else {
        Expected::Fuzzed
    };
    Request::execute(&body, number, expected)
}

fn mutated(mut bytes: Vec<u8>, random: &mut Pcg64Mcg) -> Vec<u8> {
    for _ in 0..random.random_range(1..4) {
        mutate(&mut bytes, random);
    }
    bytes
}

fn mutate(body: &mut Vec<u8>, random: &mut Pcg64Mcg) {
    if body.is_empty() {
        return;
    }
    let at = random.random_range(0..body.len());
    let some = at..random.random_range(at..=body.len().min(at + 40));
    match random.random_range(0..13) {
        0 => body[at] ^= 1 << random.random_range(0..8),
        1 => body[at] = random.random(),
        2 => body.truncate(at),
        3 => drop(body.drain(some)),
        4 => body.extend_from_within(some),
        5 => *body = body.repeat(2),
        6 => insert(body, at, ODDITIES.choose(random).unwrap()),
        7 => swap(body, at, random),
        8 => replace(body, b"\"input\":", &nested(random)),
        9 => replace(body, b"\"input\":", &number(random)),
        10 => replace(body, b"\"code\":\"", &long(random)),
        11 => {
            let oddity = ODDITIES.choose(random).unwrap();
            replace(body, b"\"code\":\"", oddity);
        }
        _ => {
            let value = *[&b"null"[..], b"[]", b"{}", b"1", b"\"\\ud800\"", b"true"].choose(random).unwrap();
            let field = *[&b"\"type\":"[..], b"\"code\":", b"\"timeout_ms\":"].choose(random).unwrap();
            replace(body, field, &[value, b",\"x\":"].concat());
        }
    }
}

fn insert(body: &mut Vec<u8>, at: usize, what: &[u8]) {
    body.splice(at..at, what.iter().copied());
}

fn swap(body: &mut [u8], at: usize, random: &mut Pcg64Mcg) {
    let with = random.random_range(0..body.len());
    body.swap(at, with);
}

/// Puts something in behind the first such field.
fn replace(body: &mut Vec<u8>, field: &[u8], what: &[u8]) {
    let found: Option<Range<usize>> =
        body.windows(field.len()).position(|window| window == field).map(|start| start..start + field.len());
    if let Some(field) = found {
        insert(body, field.end, what);
    }
}

/// A deep value, and the field that the next one now belongs to.
fn nested(random: &mut Pcg64Mcg) -> Vec<u8> {
    let depth = *[10, 127, 128, 1_000, 20_000, 200_000].choose(random).unwrap();
    let (open, close) = *[(&b"["[..], &b"]"[..]), (b"{\"a\":", b"}")].choose(random).unwrap();
    [&open.repeat(depth)[..], b"1", &close.repeat(depth), b",\"type\":"].concat()
}

/// A long or a large number in place of an input, which is now too much.
fn number(random: &mut Pcg64Mcg) -> Vec<u8> {
    let digits = "9".repeat(*[1, 20, 400, 100_000].choose(random).unwrap());
    let number = *["1e999", "-1e-999", "-0", "1E400", "0x10", "01", ".5", "1."].choose(random).unwrap();
    let end = *["", ",\"input\":", "}"].choose(random).unwrap();
    if random.random() { format!("{digits}{end}") } else { format!("{number}{end}") }.into_bytes()
}

/// A long comment before the code.
fn long(random: &mut Pcg64Mcg) -> Vec<u8> {
    let length = *[100, 10_000, 300_000, 1_200_000].choose(random).unwrap();
    let filler = *["x", "é", "\\n", "\\u2028"].choose(random).unwrap();
    format!("/*{}*/", filler.repeat(length / filler.len())).into_bytes()
}
