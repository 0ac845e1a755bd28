//! Connections: how many, how slow, and how they end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

use super::{Routes, front, linger};
use crate::executor::Cores;

/// What clients may have of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections at a time; the next one waits to be accepted.
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

/// Serves connections until `stop` is ready: then accepts no more, and gives what waits for those it has, which end
/// as soon as the request they are at is answered. Each lives as a task of this runtime, or on one of the cores.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    cores: Option<&Cores>,
    stop: impl Future<Output = ()>,
) -> GracefulShutdown {
    let places = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    // The clock has no room for more.
    let time = limits.time.min(LONGEST);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(time).max_buf_size(MOST_HEADER.as_u64() as usize);
    let mut stop = std::pin::pin!(stop);
    let mut was_full = false;
    loop {
        let (stream, place) = tokio::select! {
            biased;
            () = &mut stop => return graceful,
            accepted = accept(&listener, &places, &mut was_full) => accepted,
        };
        let (http, routes, watcher) = (http.clone(), routes.clone(), graceful.watcher());
        let connection = async move |stream: TcpStream| {
            // Answers are small and whole: nothing is gained by waiting for more.
            let _ = stream.set_nodelay(true);
            let mut stream = Box::pin(TimeoutStream::new(stream));
            stream.as_mut().set_write_timeout_pinned(Some(time));
            let stream = linger::Shared::new(stream);
            let service = service_fn(move |request| front::answer(routes.clone(), time, request));
            let served = http.serve_connection(TokioIo::new(stream.clone()), service);
            if let Err(error) = watcher.watch(served).await {
                tracing::debug!(%error, "a connection failed");
            }
            linger::close(stream, time).await;
            drop(place);
        };
        match cores {
            None => _ = tokio::spawn(connection(stream)),
            Some(cores) => match stream.into_std() {
                Ok(stream) => cores.spawn(async move {
                    match TcpStream::from_std(stream) {
                        Ok(stream) => connection(stream).await,
                        Err(error) => tracing::error!(%error, "a core cannot take a connection"),
                    }
                }),
                Err(error) => tracing::error!(%error, "a connection cannot be handed to a core"),
            },
        }
    }
}

/// Accepts a connection as soon as there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    was_full: &mut bool,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let is_full = places.available_permits() == 0;
    if is_full && !*was_full {
        tracing::warn!("as many connections as there may be: the next one waits until one of them ends");
    }
    *was_full = is_full;
    // Nobody closes the semaphore.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(NO_DESCRIPTOR).await;
            }
        }
    }
}

/// Whether the error is that of a connection which ended before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
