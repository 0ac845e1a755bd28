//! Connections: how many, how slow, and how they end.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval};
use tokio_io_timeout::TimeoutStream;

use super::places::{End, LOOKS, Place, Places};
use super::{Routes, front, linger};
use crate::executor::Cores;

/// What clients may have of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections at a time.
    pub connections: usize,
    /// How long the header of a request may take to arrive, the wait for it included, and how long a client may take
    /// nothing of its answer.
    pub time: Duration,
}

/// Most bytes of a request's header.
const MOST_HEADER: ByteSize = ByteSize::kib(64);

/// Longest time a client may have: as good as any time.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How long to wait when there is no descriptor for another connection.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);

/// The connections that a listener had when it was stopped.
pub struct Connections(Arc<Places>);

impl Connections {
    /// Ends them: each as soon as the request it is at is answered.
    pub async fn end(self) {
        self.0.clear().await;
    }
}

/// Serves connections until `stop` is ready: then accepts no more, and gives those it has. Each lives as a task of this
/// runtime, or on one of the cores. When there are as many as there may be, the one that has been idle for longest ends
/// for the next one's sake; if none is, that one waits until one is, or ends.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    cores: Option<&Cores>,
    stop: impl Future<Output = ()>,
) -> Connections {
    let places = Places::new(limits.connections);
    let time = limits.time.min(LONGEST);
    let mut http = http1::Builder::new();
    // How long a header takes is seen by whoever looks after the places; and a client that has sent its request may say
    // so and still get its answer.
    http.header_read_timeout(None).half_close(true).max_buf_size(MOST_HEADER.as_u64() as usize);
    let mut looks = interval((time / LOOKS).max(Duration::from_millis(1)));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    let mut newcomer = None;
    // Whether the last one that came has to.
    let mut waits = false;
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Connections(places),
            _ = looks.tick() => {
                places.look();
                if newcomer.is_some() {
                    places.make_room();
                }
            }
            place = places.take(), if newcomer.is_some() => {
                if let Some(stream) = newcomer.take() {
                    start(Connection { stream, place, time }, &http, &routes, cores);
                }
            }
            accepted = listener.accept(), if newcomer.is_none() => match accepted {
                Ok((stream, _)) => {
                    let waited = std::mem::replace(&mut waits, places.are_all_taken() && !places.make_room());
                    if waits && !waited {
                        tracing::warn!(
                            "as many connections as there may be, and none is idle: the next one waits"
                        );
                    }
                    newcomer = Some(stream);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    places.make_room();
                    tokio::time::sleep(NO_DESCRIPTOR).await;
                }
            },
        }
    }
}

/// A connection that has its place.
struct Connection {
    stream: TcpStream,
    place: Place,
    time: Duration,
}

fn start(connection: Connection, http: &http1::Builder, routes: &Routes, cores: Option<&Cores>) {
    let (http, routes) = (http.clone(), routes.clone());
    let Some(cores) = cores else {
        tokio::spawn(connection.serve(http, routes));
        return;
    };
    let Connection { stream, place, time } = connection;
    match stream.into_std() {
        Ok(stream) => cores.spawn(async move {
            match TcpStream::from_std(stream) {
                Ok(stream) => Connection { stream, place, time }.serve(http, routes).await,
                Err(error) => tracing::error!(%error, "a core cannot take a connection"),
            }
        }),
        Err(error) => tracing::error!(%error, "a connection cannot be handed to a core"),
    }
}

impl Connection {
    async fn serve(self, http: http1::Builder, routes: Routes) {
        let Self { stream, place, time } = self;
        // Answers are small and whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(time));
        let stream = linger::Shared::new(stream);
        let seat = place.seat();
        let service = service_fn(move |request| {
            let work = seat.works();
            let answer = front::answer(routes.clone(), time, request);
            async move {
                let answer = answer.await;
                drop(work);
                answer
            }
        });
        let served = http.serve_connection(TokioIo::new(stream.clone()), service);
        match place.serve(served, http1::Connection::graceful_shutdown).await {
            // Nothing is on its way to the client, and others wait for the place.
            Ok(End::Left) => return,
            Ok(End::Served) => {}
            Err(error) => tracing::debug!(%error, "a connection failed"),
        }
        linger::close(stream, time).await;
    }
}

/// Whether the error is that of a connection which ended before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
