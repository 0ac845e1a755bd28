//! Connections that are kept: HTTP/1.1, one request at a time on each.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::executor::Outcome;
use crate::executor::wire::MAX_BODY;

type Connection = SendRequest<Full<Bytes>>;

/// The connections to one server. There are as many as requests were ever under way at once, less those that the server
/// has closed.
pub(super) struct Connections {
    addresses: Vec<SocketAddr>,
    /// Which of them took the first connection; all others go there too.
    took: OnceLock<SocketAddr>,
    /// The one used last is used next, so that no more of them are kept busy than are needed.
    idle: Mutex<Vec<Connection>>,
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// There is no connection to be had.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// What came over it is not HTTP/1.1.
    #[error("not HTTP/1.1: {0}")]
    NotHttp(hyper::Error),
    /// It broke.
    #[error("connection lost: {}", with_cause(.0.as_ref()))]
    Lost(Box<dyn Error + Send + Sync>),
    /// The answer's body is longer than anything that is read.
    #[error("the answer is longer than {MAX_BODY} bytes")]
    TooLong,
}

fn with_cause(error: &(dyn Error + Send + Sync + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

impl From<hyper::Error> for Failed {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse() { Self::NotHttp(error) } else { Self::Lost(Box::new(error)) }
    }
}

impl From<Failed> for Outcome {
    /// A server that goes away under a job has crashed, as far as its client can tell.
    fn from(failed: Failed) -> Self {
        match &failed {
            Failed::Connect(_) | Failed::Lost(_) => Self::Crash(failed.to_string()),
            Failed::NotHttp(_) | Failed::TooLong => Self::InvalidResult(failed.to_string()),
        }
    }
}

impl Connections {
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, took: OnceLock::new(), idle: Mutex::default() }
    }

    /// Makes sure that there is one.
    pub async fn open(&self) -> Result<(), Failed> {
        let connection = self.connect().await.map_err(Failed::Connect)?;
        self.idle.lock().push(connection);
        Ok(())
    }

    /// Sends a request and reads the whole answer. `sent` is set when the request is handed to its connection.
    ///
    /// A connection that the server closed while it was idle, before anything of the request was sent, is the connection's
    /// end and not the request's: another one is taken.
    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        sent: &mut Option<Instant>,
    ) -> Result<(StatusCode, Bytes), Failed> {
        loop {
            let kept = self.take_idle().await;
            let was_idle = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await.map_err(Failed::Connect)?,
            };
            *sent = Some(Instant::now());
            match connection.try_send_request(request).await {
                Ok(response) => {
                    let answer = read(response).await?;
                    self.idle.lock().push(connection);
                    return Ok(answer);
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if was_idle => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// One that is open still.
    async fn take_idle(&self) -> Option<Connection> {
        loop {
            let last = self.idle.lock().pop();
            let mut connection = last?;
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> io::Result<Connection> {
        let stream = match self.took.get() {
            Some(address) => TcpStream::connect(address).await?,
            None => {
                let stream = TcpStream::connect(&self.addresses[..]).await?;
                let _ = self.took.set(stream.peer_addr()?);
                stream
            }
        };
        // A request is one small packet: waiting to fill it would be measured as the server's time.
        stream.set_nodelay(true)?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            // Whoever waits for an answer on it is told as well.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(connection)
    }
}

async fn read(response: Response<Incoming>) -> Result<(StatusCode, Bytes), Failed> {
    let status = response.status();
    match Limited::new(response.into_body(), MAX_BODY as usize).collect().await {
        Ok(body) => Ok((status, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(Failed::TooLong),
        Err(error) => Err(Failed::Lost(error)),
    }
}
