//! As much of an HTTP client as these tests need, so that they can also send what no client would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// One connection, kept.
pub struct Client(BufReader<TcpStream>);

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<String>,
    pub text: String,
}

impl Client {
    pub fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        // Only so that a test which fails ends.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads a response.
    pub fn receive(&mut self) -> io::Result<Response> {
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" => break,
                line => headers.push(line.to_owned()),
            }
        }
        let status = headers[0].split(' ').nth(1).unwrap().parse().unwrap();
        let mut response = Response { status, headers, text: String::new() };
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        response.text = String::from_utf8(body).unwrap();
        Ok(response)
    }

    pub fn exchange(&mut self, method: &str, path: &str, body: &str) -> io::Result<Response> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n"
        );
        self.send(format!("{head}{body}").as_bytes())?;
        self.receive()
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.exchange("GET", path, "").unwrap()
    }

    pub fn post(&mut self, path: &str, body: &str) -> Response {
        self.exchange("POST", path, body).unwrap()
    }

    /// Runs code as that type.
    pub fn run(&mut self, kind: &str, code: &str) -> Response {
        self.post("/execute", &json!({ "type": kind, "code": code }).to_string())
    }
}

impl Response {
    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// Status and kind of error, where there is one.
    pub fn verdict(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["ok"], self.status == 200, "{}", self.text);
        (self.status, body["error"]["kind"].as_str().unwrap_or_default().to_owned())
    }
}
