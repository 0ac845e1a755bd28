//! A connection of a client that may be rude, and that looks closely at what it is answered.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long nothing may come before a connection is called hung. Not how long anything should take.
const HUNG: Duration = Duration::from_secs(60);

/// Why there is no response.
#[derive(Debug)]
pub enum Trouble {
    /// The connection ended before the first byte of one.
    Closed,
    /// It ended within one, or what came is none.
    Broken(#[expect(dead_code, reason = "printed")] String),
    /// Nothing came, and the connection did not end either.
    Hung,
}

/// A response as it came.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Response {
    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body. A result that is JSON but no value here, such as one with half a surrogate pair, is its own text.
    pub fn json(&self) -> Result<Value, String> {
        let read =
            |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_else(|_| raw.get().into());
        let fields: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(&self.body).map_err(|error| format!("{error} in {self}"))?;
        Ok(fields.iter().map(|(name, raw)| (name.clone(), read(raw))).collect())
    }

    /// Whether the server will close the connection.
    pub fn is_last(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:.300}", self.status, String::from_utf8_lossy(&self.body))
    }
}

pub struct Connection {
    stream: TcpStream,
    /// Received, and not yet looked at.
    rest: Vec<u8>,
    /// When the last request began to be sent: the server has not been idle for longer.
    pub last: Instant,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("no connection: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, rest: Vec::new(), last: Instant::now() })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next final response; to `HEAD` if there is to be no body.
    pub async fn receive(&mut self, is_head: bool) -> Result<Response, Trouble> {
        loop {
            let response = self.receive_any(is_head).await?;
            if response.status >= 200 {
                return Ok(response);
            }
        }
    }

    async fn receive_any(&mut self, is_head: bool) -> Result<Response, Trouble> {
        let head = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.rest.drain(..end + 4).collect();
                break String::from_utf8(head).map_err(|error| Trouble::Broken(error.to_string()))?;
            }
            self.more().await?;
        };
        let mut response = read_head(&head).ok_or_else(|| Trouble::Broken(head.clone()))?;
        let length = match response.header("content-length").map(str::parse::<usize>) {
            _ if is_head || response.status < 200 => 0,
            Some(Ok(length)) => length,
            // Answers are whole. One without a body says so.
            _ => return Err(Trouble::Broken(head)),
        };
        while self.rest.len() < length {
            if let Err(trouble) = self.more().await {
                let Trouble::Closed = trouble else { return Err(trouble) };
                return Err(Trouble::Broken(format!("cut off: {head}")));
            }
        }
        response.body = self.rest.drain(..length).collect::<Vec<_>>().into();
        Ok(response)
    }

    async fn more(&mut self) -> Result<(), Trouble> {
        match timeout(HUNG, self.stream.read_buf(&mut self.rest)).await {
            Err(_) => Err(Trouble::Hung),
            Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0) | Err(_)) if self.rest.is_empty() => Err(Trouble::Closed),
            Ok(_) => Err(Trouble::Broken(String::from_utf8_lossy(&self.rest).into_owned())),
        }
    }

    /// Sends these bytes one after the other, until they are sent or something comes back.
    pub async fn drip(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            tokio::select! {
                biased;
                _ = self.stream.readable() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if self.send(&[*byte]).await.is_err() {
                return;
            }
        }
    }

    /// Says that no more requests come.
    pub async fn finish(&mut self) {
        // It may have been closed from the other side.
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection; nothing more may have come.
    pub async fn end(mut self) -> Result<(), String> {
        self.finish().await;
        match self.receive_any(false).await {
            Err(Trouble::Closed) => Ok(()),
            Ok(response) => Err(format!("a response that nobody asked for: {response}")),
            Err(trouble) => Err(format!("after the last response: {trouble:?}")),
        }
    }

    /// Goes away without a word: what the server still sends meets a reset.
    pub fn reset(self) {
        // If that fails it goes away all the same.
        let _ = self.stream.set_zero_linger();
    }
}

/// `None` for what is no head of a response.
fn read_head(head: &str) -> Option<Response> {
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some(Response { status, headers: lines.map(header).collect::<Option<_>>()?, body: Bytes::new() })
}
