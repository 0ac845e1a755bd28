//! What an operator may do while the server runs: resize a pool, switch the engine, switch execution off and on, drain.
//! On a listener of its own, which only this machine reaches.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{Request, Response, StatusCode};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};

use super::api::json;
use super::status::{ErrorKind, Problem};
use super::{PoolName, Server, body, router};
use crate::executor::Gauges;

/// Most workers of a pool: a slip of the finger must not start a million threads.
const MOST_WORKERS: u32 = 1024;

pub(super) fn routes(server: Arc<Server>) -> Router {
    let routes = Router::new()
        .route("/pools", get(state))
        .route("/pools/{name}", put(resize))
        .route("/disable", post(disable))
        .route("/enable", post(enable))
        .route("/engine", post(switch_engine))
        .route("/drain", post(drain))
        .with_state(server);
    router::finished(routes).layer(middleware::from_fn(only_from_here))
}

/// Turns away what a browser sends for a page from elsewhere: it, too, comes from this machine.
async fn only_from_here(request: Request<Body>, next: Next) -> Response<Body> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if request.headers().contains_key(ORIGIN) || !is_this_machine(host) {
        let message =
            "the admin listener answers no web page: send no Origin, and ask for 127.0.0.1 or localhost";
        return Problem::new(ErrorKind::Forbidden, message).into_response();
    }
    next.run(request).await
}

/// Whether a `Host` names this machine and nothing that a name server could have made of it.
fn is_this_machine(host: &str) -> bool {
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// How the server stands.
#[derive(Serialize)]
struct Standing {
    ok: bool,
    engine: Arc<str>,
    draining: bool,
    disabled: Option<Arc<str>>,
    pools: BTreeMap<&'static str, Gauges>,
}

impl Server {
    fn standing(&self) -> Response<Body> {
        let tasks = self.pools.get(PoolName::Tasks);
        let pools = self.pools.all().iter().map(|pool| (pool.name.as_str(), pool.gauges())).collect();
        let standing = Standing {
            ok: true,
            engine: tasks.engine(),
            draining: self.is_draining(),
            disabled: tasks.disabled(),
            pools,
        };
        json(StatusCode::OK, &standing)
    }
}

type Answer = Result<Response<Body>, Problem>;

async fn state(State(server): State<Arc<Server>>) -> Response<Body> {
    server.standing()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resize {
    workers: NonZeroU32,
}

async fn resize(
    State(server): State<Arc<Server>>,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Answer {
    let Path(name) = name?;
    let name: PoolName = name.parse()?;
    let Resize { workers } = read(&server, request, r#"{"workers":4}"#).await?;
    if workers.get() > MOST_WORKERS {
        let message = format!("workers: {workers} are more than a pool may have, {MOST_WORKERS}");
        return Err(Problem::new(ErrorKind::BadRequest, message));
    }
    to_its_end(server, async move |server| server.pools.resize(name, workers.get()).await).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disable {
    reason: Arc<str>,
}

async fn disable(State(server): State<Arc<Server>>, request: Request<Body>) -> Answer {
    let Disable { reason } = read(&server, request, r#"{"reason":"why"}"#).await?;
    server.pools.disable(&reason);
    Ok(server.standing())
}

async fn enable(State(server): State<Arc<Server>>) -> Response<Body> {
    server.pools.enable();
    server.resume();
    server.standing()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchEngine {
    engine: String,
}

async fn switch_engine(State(server): State<Arc<Server>>, request: Request<Body>) -> Answer {
    let SwitchEngine { engine } = read(&server, request, r#"{"engine":"quickjs"}"#).await?;
    to_its_end(server, async move |server| server.pools.switch_engine(&engine).await).await
}

/// Takes no more jobs, and answers once those that were taken have ended.
async fn drain(State(server): State<Arc<Server>>) -> Response<Body> {
    server.drain().await;
    server.standing()
}

/// Makes a change as a task of its own: a client that goes away leaves nothing half done.
async fn to_its_end<F>(server: Arc<Server>, change: impl FnOnce(Arc<Server>) -> F) -> Answer
where
    F: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let changed = tokio::spawn(change(Arc::clone(&server))).await;
    // It neither panics nor is it cancelled while the server runs.
    changed.map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))??;
    Ok(server.standing())
}

async fn read<T: serde::de::DeserializeOwned>(
    server: &Server,
    request: Request<Body>,
    example: &str,
) -> Result<T, Problem> {
    let body = body::read(request, server.body).await?;
    serde_json::from_slice(&body).map_err(|error| {
        Problem::new(
            ErrorKind::BadRequest,
            format!("the body is not what this route takes: {error}; send {example}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for host in
            ["127.0.0.1", "127.0.0.1:8081", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8081", "127.9.9.9:1"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org:8081",
            "10.0.0.1:8081",
            "0.0.0.0",
            "127.0.0.1.example.org",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
