//! What is no HTTP, or only almost.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64Mcg;

const BODY: &str = r#"{"type":"javascript","code":"return 2"}"#;

/// Bytes that must be refused as no request at all.
pub fn refused(random: &mut Pcg64Mcg) -> Vec<u8> {
    let host = "host: x\r\n";
    let length = BODY.len();
    match random.random_range(0..6) {
        0 => {
            let lines = [
                "GET\r\n\r\n",
                "GET /healthz\r\n\r\n",
                " GET /healthz HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/9.9\r\n\r\n",
                "GET  HTTP/1.1\r\n\r\n",
                "G\u{e9}T /healthz HTTP/1.1\r\n\r\n",
                "\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n",
                "GET /health z HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/1.1 \r\nhost: x\r\n\r\n",
                "SSH-2.0-OpenSSH_9.6\r\n\r\n",
                "GET /\0 HTTP/1.1\r\n\r\n",
                "{\"type\":\"javascript\"}\r\n\r\n",
            ];
            (*lines.choose(random).unwrap()).into()
        }
        1 => {
            let headers = [
                "no colon",
                ": no name",
                "na me: x",
                "name : x",
                "n\u{e9}me: x",
                "name: a\0b",
                "name: a\u{7f}b",
                "\u{1}: x",
            ];
            format!("GET /healthz HTTP/1.1\r\n{host}{}\r\n\r\n", headers.choose(random).unwrap()).into()
        }
        2 => {
            let lengths = [
                "-1",
                "+39",
                "0x27",
                "3 9",
                "39, 40",
                "",
                "abc",
                "99999999999999999999999",
                "39\r\ncontent-length: 2",
                "1e2",
                "39;",
            ];
            let said = lengths.choose(random).unwrap();
            format!("POST /execute HTTP/1.1\r\n{host}content-length: {said}\r\n\r\n{BODY}").into()
        }
        3 => {
            let codings = ["gzip", "chunked, gzip", "identity", "", "chunkedx", "x"];
            let coding = codings.choose(random).unwrap();
            format!("POST /execute HTTP/1.1\r\n{host}transfer-encoding: {coding}\r\n\r\n{BODY}").into()
        }
        4 => {
            let many: String = (0..500).map(|n| format!("x-{n}: y\r\n")).collect();
            let long = format!("x-long: {}\r\n", "y".repeat(random.random_range(200_000..400_000)));
            let headers = [many, long].choose(random).unwrap().clone();
            format!("POST /execute HTTP/1.1\r\n{host}{headers}content-length: {length}\r\n\r\n{BODY}").into()
        }
        _ => {
            format!("GET /{} HTTP/1.1\r\n{host}\r\n", "p".repeat(random.random_range(66_000..100_000))).into()
        }
    }
}

/// Bytes that a server may take in one way or another, and whose connection must come to its end all the same.
pub fn odd(random: &mut Pcg64Mcg) -> Vec<u8> {
    let host = "host: x\r\n";
    let length = BODY.len();
    let inner = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    match random.random_range(0..7) {
        0 => {
            let length = random.random_range(1..400);
            (0..length).map(|_| random.random::<u8>()).chain(*b"\r\n\r\n").collect()
        }
        1 => {
            let sizes = ["zz", "-1", "ffffffffffffffff0", "5;", "27 ", "0x27", "", "28", "1"];
            let size = sizes.choose(random).unwrap();
            format!("POST /execute HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n\r\n{size}\r\n{BODY}\r\n0\r\n\r\n").into()
        }
        2 => {
            // Two readers of this could disagree about where the second request begins.
            format!(
                "POST /execute HTTP/1.1\r\n{host}content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
                5 + inner.len()
            )
            .into()
        }
        3 => format!("POST /execute HTTP/1.1\r\n{host}content-length: 5\r\n\r\n{BODY}").into(),
        4 => {
            let lines = [
                "GET /healthz HTTP/1.0\r\n\r\n",
                "GET /healthz HTTP/1.1\r\n\r\n",
                "\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/1.1\nhost: x\n\n",
                "GET * HTTP/1.1\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\n\r\n",
                "CONNECT localhost:80 HTTP/1.1\r\n\r\n",
                "GET /💥 HTTP/1.1\r\n\r\n",
                "GET healthz HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
                "GET http://:99999/healthz HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: x\r\na: b\rc\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\n\r\n",
                "GET /healthz#x HTTP/1.1\r\nhost: x\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, close, x\r\n\r\n",
            ];
            (*lines.choose(random).unwrap()).into()
        }
        5 => {
            let twice = format!("content-length: {length}\r\n").repeat(2);
            format!("POST /execute HTTP/1.1\r\n{host}{twice}\r\n{BODY}").into()
        }
        _ => {
            let trailers: String =
                (0..random.random_range(1..2_000)).map(|n| format!("t-{n}: y\r\n")).collect();
            let start = format!("POST /execute HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n\r\n");
            format!("{start}{length:x}\r\n{BODY}\r\n0\r\n{trailers}\r\n").into()
        }
    }
}
