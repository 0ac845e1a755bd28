//! A small server on a real socket, which does to its clients whatever a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What the server does about a request.
pub enum Reply {
    /// Answers with a status and a body.
    Answer(u16, String),
    /// The same, with a line of its own in the head.
    WithHeader(u16, &'static str, String),
    /// Writes these bytes and closes the connection.
    Raw(&'static str),
    /// Answers, and closes the connection.
    Last(String),
    /// Answers after a while.
    Slow(Duration, String),
    /// Never answers.
    Never,
}

/// A request, as far as tests want to see it.
pub struct Request {
    /// Method and path, as the first line has them.
    pub line: String,
    /// The lines of the head, in lower case.
    pub head: Vec<String>,
    pub body: String,
    /// From 0, over all connections.
    pub number: u64,
}

pub struct Server {
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
}

impl Server {
    /// Starts one on a free port. It ends with the test's process.
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::<Counts>::default();
        let (shared, reply) = (Arc::clone(&counts), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (counts, reply) = (Arc::clone(&shared), Arc::clone(&reply));
                thread::spawn(move || serve(stream, &counts, &*reply));
            }
        });
        Self { address, counts }
    }

    /// One that answers `{"ok":true,"result":…}`.
    pub fn answering(result: &str) -> Self {
        let body = right(result);
        Self::start(move |_| Reply::Answer(200, body.clone()))
    }

    pub fn url(&self) -> String {
        format!("http://{}/execute", self.address)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Requests read so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

pub fn right(result: &str) -> String {
    format!(r#"{{"ok":true,"result":{result}}}"#)
}

/// An address at which nothing listens, nor will as long as the socket is kept.
pub fn nowhere() -> (tokio::net::TcpSocket, SocketAddr) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn serve(stream: TcpStream, counts: &Counts, reply: &dyn Fn(&Request) -> Reply) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(mut request) = read(&mut reader) {
        request.number = counts.requests.fetch_add(1, Ordering::SeqCst);
        let answer = |status: u16, line: &str, body: &str| {
            format!("HTTP/1.1 {status} Said\r\n{line}content-length: {}\r\n\r\n{body}", body.len())
        };
        let (bytes, ends) = match reply(&request) {
            Reply::Answer(status, body) => (answer(status, "", &body), false),
            Reply::WithHeader(status, line, body) => (answer(status, &format!("{line}\r\n"), &body), false),
            Reply::Raw(bytes) => (bytes.to_owned(), true),
            Reply::Last(body) => (answer(200, "connection: close\r\n", &body), true),
            Reply::Slow(time, body) => {
                thread::sleep(time);
                (answer(200, "", &body), false)
            }
            Reply::Never => {
                // Until the client goes away.
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        // A client that has gone away is its own affair.
        if writer.write_all(bytes.as_bytes()).is_err() || ends {
            let _ = writer.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let line = lines.remove(0);
    let head: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, head, body: String::from_utf8(body).unwrap(), number: 0 })
}
