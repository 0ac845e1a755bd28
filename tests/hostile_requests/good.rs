//! Requests that are well formed, in every form that HTTP and JSON allow, and whose answers are known.

use std::time::Duration;

use hyper::body::Bytes;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64Mcg;
use serde_json::{Value, json};

use super::request::{Expected, Request, head};

/// A script, its input and its answer. Some would notice if another guest had changed what is built in.
pub fn sum(random: &mut Pcg64Mcg) -> (&'static str, Value, Value) {
    let numbers: Vec<i64> = (0..random.random_range(1..20)).map(|_| random.random_range(-999..999)).collect();
    let text: String = (0..random.random_range(0..40))
        .map(|_| *['a', '"', '\\', '\n', 'é', '😀', '\0'].choose(random).unwrap())
        .collect();
    match random.random_range(0..6) {
        0 => {
            let sum: i64 = numbers.iter().sum();
            ("return input.reduce((a, b) => a + b, 0)", json!(numbers), json!(sum))
        }
        1 => {
            let even: Vec<_> = numbers.iter().filter(|n| **n % 2 == 0).map(|n| n * 3).collect();
            ("return [].concat(input).filter(n => n % 2 === 0).map(n => n * 3)", json!(numbers), json!(even))
        }
        2 => {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            ("return JSON.parse(JSON.stringify(input)).sort((a, b) => a - b)", json!(numbers), json!(sorted))
        }
        3 => ("return [...input.text].length", json!({ "text": text }), json!(text.chars().count())),
        4 => (
            "return { keys: Object.keys(input).sort().join(), same: input.b }",
            json!({ "b": text, "a": numbers, "c": null }),
            json!({ "keys": "a,b,c", "same": text }),
        ),
        _ => (
            "const before = typeof globalThis.mark; globalThis.mark = 1; Object.prototype.mark = 1; return before",
            Value::Null,
            json!("undefined"),
        ),
    }
}

fn kind(random: &mut Pcg64Mcg) -> &'static str {
    ["javascript", "filter"].choose(random).unwrap()
}

/// A body of `/execute` and its answer.
pub fn body(random: &mut Pcg64Mcg) -> (Vec<u8>, Value) {
    let (code, input, answer) = sum(random);
    let mut fields = vec![
        format!(r#""type":"{}""#, kind(random)),
        format!(r#""code":{}"#, json!(code)),
        format!(r#""input":{input}"#),
    ];
    if random.random_bool(0.3) {
        fields.push(r#""timeout_ms":3600000"#.to_owned());
    }
    let turn = random.random_range(0..fields.len());
    fields.rotate_left(turn);
    let (before, between) = *[("", ","), (" \r\n\t", " ,\n"), ("\n", ",")].choose(random).unwrap();
    let mut body = format!("{before}{{{}}}{before}", fields.join(between));
    if random.random_bool(0.1) {
        body = body.replace("\"code\"", "\"c\\u006fde\"");
    }
    (body.into_bytes(), answer)
}

/// One whose answer is known, sent in one of many ways.
pub fn request(random: &mut Pcg64Mcg, number: usize) -> Request {
    let (body, answer) = body(random);
    let expected = Expected::Result(answer);
    let json = ("content-type", "application/json");
    match random.random_range(0..12) {
        0 => Request::new("GET /healthz", &[], b"", number, Expected::Well),
        1 => {
            let expected = Expected::Result(json!(2));
            Request::new("POST /workloads/seed/one-plus-one", &[], b"", number, expected)
        }
        2 => {
            let odd = *[
                ("content-type", "application/problem+json"),
                ("CONTENT-TYPE", "Application/JSON ; charset=utf-8"),
                ("accept", "text/html"),
                ("cookie", "a=b; c=d"),
            ]
            .choose(random)
            .unwrap();
            Request::new("POST /execute", &[odd], &body, number, expected)
        }
        3 => Request::new("POST /execute?x=1&y=%00", &[json], &body, number, expected),
        4 => Request::new("POST http://localhost/execute", &[json], &body, number, expected),
        5 => chunked(&body, random, number, expected),
        6 => {
            let expect = ("expect", "100-continue");
            Request::new("POST /execute", &[json, expect], &body, number, expected)
        }
        7 => in_pieces(&body, random, number, expected),
        8 => Request::new("POST /execute", &[json, ("connection", "close")], &body, number, expected),
        9 => {
            let long = "z".repeat(random.random_range(1..20_000));
            Request::new("POST /execute", &[json, ("x-long", &long)], &body, number, expected)
        }
        _ => Request::execute(&body, number, expected),
    }
}

fn chunked(body: &[u8], random: &mut Pcg64Mcg, number: usize, expected: Expected) -> Request {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", head("POST /execute", &[], number));
    let mut whole = head.into_bytes();
    let most = random.random_range(1..100);
    for chunk in body.chunks(most) {
        whole.extend_from_slice(format!("{:X}{}\r\n", chunk.len(), ["", ";a=b"][most % 2]).as_bytes());
        whole.extend_from_slice(chunk);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice([&b"0\r\n\r\n"[..], b"0\r\nx-trailer: y\r\n\r\n"][most % 2]);
    Request::of_pieces(vec![whole.into()], Duration::ZERO, number, expected)
}

/// Slow, but not too slow.
fn in_pieces(body: &[u8], random: &mut Pcg64Mcg, number: usize, expected: Expected) -> Request {
    let whole = Request::execute(body, number, expected);
    let bytes = whole.pieces.concat();
    let most = bytes.len().div_ceil(random.random_range(2..8));
    let pieces = bytes.chunks(most).map(Bytes::copy_from_slice).collect();
    Request { pieces, pause: Duration::from_millis(random.random_range(0..20)), ..whole }
}
