//! Requests that are HTTP, and not what the server takes: wrong types, methods, paths and lengths.

use std::time::Duration;

use hyper::body::Bytes;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64Mcg;

use super::good;
use super::request::{Expected, Request, head};

/// JSON, or almost, of every type.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e999",
    "\"\"",
    "\"javascript\"",
    "[]",
    "[\"filter\"]",
    "{}",
    "{\"type\":{}}",
    "18446744073709551616",
    "\"\\ud800\"",
    "nul",
    "'x'",
];

/// Bodies in which a field has a wrong type, is missing, is there twice or is unknown.
pub fn types(random: &mut Pcg64Mcg, number: usize) -> Request {
    let value = *VALUES.choose(random).unwrap();
    let body = match random.random_range(0..9) {
        0 if value != "\"javascript\"" => format!(r#"{{"type":{value},"code":"return 1"}}"#),
        1 if !["\"\"", "\"javascript\""].contains(&value) => format!(r#"{{"type":"filter","code":{value}}}"#),
        2 if value != "null" => format!(r#"{{"type":"filter","code":"return 1","timeout_ms":{value}}}"#),
        3 => format!(r#"{{"type":"filter","code":"return 1","unknown":{value}}}"#),
        4 => format!(r#"{{"type":"filter","code":"return 1","type":{value}}}"#),
        5 => format!(r#"{{"code":"return 1","input":{value}}}"#),
        6 => format!(r#"{{"type":"javascript","input":{value}}}"#),
        7 => format!(r#"[{{"type":"javascript","code":"return 1"}},{value}]"#),
        _ => value.to_owned(),
    };
    Request::execute(body.as_bytes(), number, Expected::Refusal("bad_request"))
}

/// Methods, paths and types of bodies that are none of the server's.
pub fn routes(random: &mut Pcg64Mcg, number: usize) -> Request {
    let (body, _) = good::body(random);
    match random.random_range(0..4) {
        0 => {
            let methods = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FROB", "get"];
            let method = *methods.choose(random).unwrap();
            let path = *["/execute", "/workloads/seed/one-plus-one"].choose(random).unwrap();
            let refused = Expected::Refusal("method_not_allowed");
            let request = Request::new(&format!("{method} {path}"), &[], &body, number, refused);
            Request { is_head: method == "HEAD", ..request }
        }
        1 => {
            let path = *["/healthz", "/readyz", "/metrics", "/openapi.json"].choose(random).unwrap();
            let line = format!("{} {path}", ["POST", "DELETE", "FROB"].choose(random).unwrap());
            Request::new(&line, &[], &body, number, Expected::Refusal("method_not_allowed"))
        }
        2 => {
            let paths = [
                "/",
                "/exec",
                "/execute/",
                "//execute",
                "/execute%00",
                "/Execute",
                "/../../etc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/workloads/",
                "/workloads/../execute",
                "/workloads/%ff%fe",
                "/workloads/seed/one-plus-one%0d%0ax: y",
                "/pools",
                "/disable",
                "/engine",
                "/drain",
                "/%",
                "/%zz",
                "/workloads/seed//one-plus-one",
                "/;jsessionid=1",
                "/execute;x=y",
                "http://elsewhere/",
            ];
            let line = format!("POST {}", paths.choose(random).unwrap().replace(' ', "%20"));
            Request::new(&line, &[], &body, number, Expected::Refusal("not_found"))
        }
        _ => {
            let kinds = [
                "text/html",
                "multipart/form-data; boundary=x",
                "application/xml",
                "application/octet-stream",
                "json",
                "application/jsonp",
                "",
                "/",
                "application/json, text/html",
                "\u{ff}",
            ];
            let kind = ("content-type", *kinds.choose(random).unwrap());
            let refused = Expected::Refusal("unsupported_media_type");
            Request::new("POST /execute", &[kind], &body, number, refused)
        }
    }
}

/// Ten mebibytes, to where they are too many and to where nobody wants any.
pub fn huge(blank: &Bytes, random: &mut Pcg64Mcg, number: usize) -> Request {
    let too_large = Expected::Refusal("body_too_large");
    let length = blank.len().to_string();
    let sized = [("content-length", length.as_str())];
    let (head, expected) = match random.random_range(0..7) {
        0 => (head("POST /nowhere", &sized, number), Expected::Refusal("not_found")),
        1 => (head("PUT /execute", &sized, number), Expected::Refusal("method_not_allowed")),
        2 => (head("GET /healthz", &sized, number), Expected::Well),
        3 => {
            let headers = [sized[0], ("content-type", "text/html")];
            (head("POST /execute", &headers, number), Expected::Refusal("unsupported_media_type"))
        }
        4 => {
            let chunked = [("transfer-encoding", "chunked")];
            let start = format!("{}\r\n{:x}\r\n", head("POST /execute", &chunked, number), blank.len());
            let pieces = vec![start.into(), blank.clone(), Bytes::from_static(b"\r\n0\r\n\r\n")];
            return Request::of_pieces(pieces, Duration::ZERO, number, too_large);
        }
        5 => {
            // Without the leave to send it.
            let headers = [sized[0], ("expect", "100-continue")];
            let head = format!("{}\r\n", head("POST /execute", &headers, number));
            return Request::of_pieces(vec![head.into()], Duration::ZERO, number, too_large);
        }
        _ => (head("POST /execute", &sized, number), too_large),
    };
    let pieces = vec![format!("{head}\r\n").into(), blank.clone()];
    Request::of_pieces(pieces, Duration::ZERO, number, expected)
}
