//! A server behind a URL, as an executor: every job is a request, every answer an outcome.
//!
//! So a server that is not ours is driven by the same loops and measured by the same clock as an engine that is built
//! in. What is sent stands in `target.rs`, what an answer counts as in `answer.rs`.
//!
//! Everything happens where the future of a submission is polled: on the load driver's own thread. Nothing is sent
//! before that, and a future that is dropped takes its connection with it. `Retry-After` is not waited for: the plan of
//! a load says when jobs come.

mod answer;
mod connections;
mod place;
mod target;

pub use target::{Asked, Body, Target, TargetError};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use parking_lot::Mutex;
use tokio::sync::Notify;

use self::answer::Judged;
use self::connections::{Connections, Failed};
use super::ended;
use super::stats::{Counter, Gauges, PoolState};
use super::{Completion, Executor, Job, Outcome, TimeoutKind};
use crate::engine::JsError;

/// Wait before a job that found no connection is answered, so that a closed loop does not hammer a host at which
/// nothing listens any more.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a probe waits for an answer. A server that takes longer is slow, and not absent.
const PROBE: Duration = Duration::from_secs(5);

/// Sends jobs to a server. Needs a tokio runtime with its drivers for time and sockets.
///
/// Its service time is what the server itself says it spent (`service_us`), if it says so and it is no longer than the
/// time from sending to the answer; that time otherwise.
pub struct HttpExecutor(Arc<Shared>);

struct Shared {
    target: Target,
    connections: Connections,
    last: Mutex<Option<Made>>,
    in_flight: Counter,
    closed: AtomicBool,
    ended: Notify,
}

/// The request of a job, kept for the next one: a load sends the same job again and again.
struct Made {
    job: Job,
    request: Request<Full<Bytes>>,
}

/// Why a load against a target would be pointless.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Its host has no address, or nothing listens there.
    #[error("{url}: {why}; start the server, or correct --url")]
    NoConnection {
        /// The target.
        url: String,
        /// What the system says.
        why: String,
    },
    /// What listens there does not speak HTTP/1.1.
    #[error("{url}: the answer is not HTTP/1.1 ({why}); correct --url")]
    NotHttp {
        /// The target.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server has nothing there, or not for us.
    #[error("{url}: {method} is answered with {status}; correct --url, --url-method or --url-header")]
    Refused {
        /// The target.
        url: String,
        /// How it was asked.
        method: String,
        /// What it said.
        status: StatusCode,
    },
}

impl HttpExecutor {
    /// An executor for a target. The host's name is looked up here, once, and not while the clock runs.
    ///
    /// # Errors
    /// [`ProbeError::NoConnection`] when the host has no address.
    pub fn new(target: Target) -> Result<Self, ProbeError> {
        let connections =
            target.addresses().map(Connections::new).map_err(|error| ProbeError::NoConnection {
                url: target.url().to_owned(),
                why: format!("the host has no address ({error})"),
            })?;
        Ok(Self(Arc::new(Shared {
            target,
            connections,
            last: Mutex::new(None),
            in_flight: Counter::default(),
            closed: AtomicBool::new(false),
            ended: Notify::new(),
        })))
    }

    /// Sends a job once, before a load, to find out whether the target can be driven at all. Whether it answers rightly,
    /// or in time, is for the load to show.
    ///
    /// # Errors
    /// [`ProbeError`] when nothing listens there, when it is no HTTP server, and when it has no such route.
    pub async fn probe(&self, job: &Job) -> Result<(), ProbeError> {
        let url = || self.0.target.url().to_owned();
        // What cannot be made into a request is told by the load.
        let Ok(request) = self.0.request(job) else { return Ok(()) };
        let sent = &mut None;
        match tokio::time::timeout(PROBE, self.0.connections.send(request, sent)).await {
            Ok(Ok((status, _))) if answer::is_no_route(status) => {
                let method = self.0.target.method().to_string();
                Err(ProbeError::Refused { url: url(), method, status })
            }
            Ok(Err(failed @ Failed::Connect(_))) => {
                Err(ProbeError::NoConnection { url: url(), why: failed.to_string() })
            }
            Err(_) if sent.is_none() => {
                let why = format!("no connection within {PROBE:?}");
                Err(ProbeError::NoConnection { url: url(), why })
            }
            Ok(Err(Failed::NotHttp(error))) => {
                Err(ProbeError::NotHttp { url: url(), why: error.to_string() })
            }
            _ => Ok(()),
        }
    }
}

impl Shared {
    async fn run(self: Arc<Self>, job: Job, submitted: Instant) -> Completion {
        let _in_flight = InFlight::enter(&self);
        let request = match self.request(&job) {
            Ok(request) => request,
            Err(error) => {
                let message = format!("the input is not JSON: {error}");
                return Completion::refused(Outcome::Exception(JsError::Syntax {
                    message,
                    line: None,
                    column: None,
                }));
            }
        };
        let begun = Instant::now();
        let mut sent = None;
        let answer =
            tokio::time::timeout(job.deadlines.outer, self.connections.send(request, &mut sent)).await;
        let finished = Instant::now();
        let took = finished.saturating_duration_since(sent.unwrap_or(begun));
        let judged = match answer {
            Ok(Ok((status, _))) if status.is_success() && self.target.as_it_is().is_some() => {
                Judged::plain(Outcome::Ok(answer::UNREAD.to_owned()))
            }
            Ok(Ok((status, body))) => answer::judge(status, &body, took),
            Ok(Err(failed @ Failed::Connect(_))) => {
                tokio::time::sleep(PAUSE).await;
                return Completion {
                    outcome: failed.into(),
                    submitted,
                    started: None,
                    finished,
                    attempts: 1,
                };
            }
            Ok(Err(failed)) => Judged::plain(failed.into()),
            Err(_) => Judged::plain(Outcome::Timeout { kind: TimeoutKind::Outer, ran: took }),
        };
        let started = match &judged.outcome {
            Outcome::Rejected(_) | Outcome::CircuitOpen | Outcome::Cancelled => None,
            _ => finished.checked_sub(judged.service.unwrap_or(took)),
        };
        Completion { outcome: judged.outcome, submitted, started, finished, attempts: judged.attempts }
    }

    /// The request of a job; made anew only if the last one was another's.
    fn request(&self, job: &Job) -> Result<Request<Full<Bytes>>, serde_json::Error> {
        let mut last = self.last.lock();
        if let Some(made) = last.as_ref().filter(|made| is_same(&made.job, job)) {
            return Ok(made.request.clone());
        }
        let request = self.target.request(job)?;
        *last = Some(Made { job: job.clone(), request: request.clone() });
        Ok(request)
    }
}

fn is_same(one: &Job, other: &Job) -> bool {
    Arc::ptr_eq(&one.script, &other.script)
        && Arc::ptr_eq(&one.input, &other.input)
        && one.deadlines.inner == other.deadlines.inner
}

/// Counts a request while it is under way, also one whose future is dropped.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        shared.in_flight.up();
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.down();
        self.0.ended.notify_waiters();
    }
}

impl Executor for HttpExecutor {
    /// Waits for the first connection.
    fn ready(&self) -> Pin<Box<dyn Future<Output = Result<(), JsError>> + Send + '_>> {
        Box::pin(async {
            let opened = self.0.connections.open().await;
            opened.map_err(|failed| JsError::Died(format!("{}: {failed}", self.0.target.url())))
        })
    }

    fn submit(&self, job: Job) -> Pin<Box<dyn Future<Output = Completion> + Send>> {
        if self.0.closed.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Completion::refused(Outcome::Cancelled)));
        }
        Box::pin(Arc::clone(&self.0).run(job, Instant::now()))
    }

    /// It knows how many requests are under way, and nothing of the server's workers.
    fn gauges(&self) -> Gauges {
        let state = match self.0.closed.load(Ordering::SeqCst) {
            true => PoolState::Draining,
            false => PoolState::Serving,
        };
        Gauges { state, busy: self.0.in_flight.get(), ..Gauges::default() }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.closed.store(true, Ordering::SeqCst);
        Box::pin(ended::until(&self.0.ended, || self.0.in_flight.get() == 0))
    }
}
