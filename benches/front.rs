//! What the HTTP front costs: `POST /execute` with an engine that does nothing, beside a bare axum server that only reads
//! JSON and writes it again; on the pool, and with a thread per core. All are processes of their own, driven in turn by
//! the same closed loop over kept connections, so that what a shared machine does befalls all alike.
//!
//! Not criterion's: what is asked is a rate under concurrency. Processor time a request tells the same story with less
//! noise where client and servers share the processors.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use jsarena::stats::median;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Connections, each with one request at a time.
const CONNECTIONS: usize = 64;

/// What every server is sent; the fake engine understands it, and the echo sends it back.
const BODY: &str = r#"{"type":"javascript","code":"return 2"}"#;

/// Tells this program to be the bare server.
const ECHO: &str = "--echo";

/// Prints its address, and echoes until it is killed.
fn echo() {
    let echo = post(|Json(body): Json<Value>| async move { Json(body) });
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{{\"listen\":\"{}\"}}", listener.local_addr().expect("it is bound"));
        axum::serve(listener, Router::new().route("/execute", echo)).await.expect("it serves");
    });
}

/// A server in a process of its own. Killed when dropped.
struct Server {
    name: &'static str,
    process: Child,
    address: SocketAddr,
    /// Of each round: requests a second, and microseconds of its processor time a request.
    rounds: Vec<(f64, f64)>,
}

impl Server {
    fn start(name: &'static str, program: &str, args: &[&str]) -> Self {
        let mut process = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is there");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it is");
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name}: {line:?}: {error}"));
        let address = said["listen"].as_str().and_then(|text| text.parse().ok()).expect("an address");
        Self { name, process, address, rounds: Vec::new() }
    }

    /// `jsarena serve` with the fake engine.
    fn jsarena(name: &'static str, flags: &[&str]) -> Self {
        let common = ["serve", "-e", "fake", "--isolation", "thread", "--reuse", "keep"];
        let addresses = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        Self::start(name, env!("CARGO_BIN_EXE_jsarena"), &[&common[..], &addresses, flags].concat())
    }

    /// Processor time that its process has had so far, seconds, where the system tells.
    fn processor_time(&self) -> Option<f64> {
        #[cfg(target_os = "linux")]
        return i32::try_from(self.process.id()).ok().and_then(|id| {
            let stat = procfs::process::Process::new(id).ok()?.stat().ok()?;
            Some((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
        });
        #[cfg(not(target_os = "linux"))]
        None
    }

    fn measure(&mut self, runtime: &Runtime, duration: Duration) {
        let before = self.processor_time();
        let started = Instant::now();
        let requests = runtime.block_on(load(self.address, duration)) as f64;
        let took = started.elapsed().as_secs_f64();
        let spent = self.processor_time().zip(before).map_or(f64::NAN, |(now, then)| now - then);
        self.rounds.push((requests / took, spent / requests * 1e6));
    }

    /// The median of a figure over the rounds, and that of its ratios to the other's, round by round.
    fn beside(&self, other: &Self, figure: impl Fn(&(f64, f64)) -> f64) -> (f64, f64) {
        let ratios = self.rounds.iter().zip(&other.rounds).map(|(own, others)| figure(own) / figure(others));
        let median = |values: &mut dyn Iterator<Item = f64>| median(values).expect("there was a round");
        (median(&mut self.rounds.iter().map(&figure)), median(&mut { ratios }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How many requests are answered in that time.
async fn load(address: SocketAddr, duration: Duration) -> u64 {
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(address, Arc::clone(&stop)));
    }
    tokio::time::sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await.into_iter().sum()
}

/// One connection in a closed loop: as little of a client as tells whether the answers are right.
async fn client(address: SocketAddr, stop: Arc<AtomicBool>) -> u64 {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("a socket has it");
    let length = BODY.len();
    let request = format!(
        "POST /execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{BODY}"
    );
    let mut buffer = [0; 4096];
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut filled = 0;
        while !is_whole(&buffer[..filled]) {
            let more = stream.read(&mut buffer[filled..]).await.expect("it answers");
            assert!(more > 0, "it hung up");
            filled += more;
        }
        answered += 1;
    }
    answered
}

/// Whether a response is there to its end. It must be a good one.
fn is_whole(response: &[u8]) -> bool {
    let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = str::from_utf8(&response[..end]).expect("headers are text");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    response.len() == end + 4 + length.expect("it says its length").expect("a number")
}

fn main() {
    if std::env::args().any(|argument| argument == ECHO) {
        return echo();
    }
    // Test runs execute each bench once, to see that it works.
    let (rounds, duration) = match std::env::args().any(|argument| argument == "--bench") {
        true => (20, Duration::from_secs(1)),
        false => (1, Duration::from_millis(50)),
    };
    let here = std::env::current_exe().expect("this program").to_string_lossy().into_owned();
    let mut servers = [
        Server::start("bare axum echo", &here, &[ECHO]),
        Server::jsarena("/execute, thread per core", &["--thread-per-core"]),
        Server::jsarena("/execute, pool of threads", &[]),
    ];
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for server in &mut servers {
        server.measure(&runtime, duration);
        server.rounds.clear();
    }
    for _ in 0..rounds {
        for server in &mut servers {
            server.measure(&runtime, duration);
        }
    }
    let [bare, ..] = &servers;
    for server in &servers {
        let (rate, times) = server.beside(bare, |round| round.0);
        let (spent, more) = server.beside(bare, |round| round.1);
        println!(
            "{}: {rate:.0} requests/s ({times:.2}× the bare one), {spent:.1} us of processor time each ({more:.2}×)",
            server.name,
        );
    }
}
