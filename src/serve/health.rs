//! Whether the server is well, for whoever starts it, sends traffic to it and watches it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use super::api::json;
use super::status::{ErrorKind, Problem};
use super::{PoolName, Server};
use crate::executor::PoolState;

pub(super) fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/healthz", get(|| async { json(StatusCode::OK, &Health { ok: true }) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// It answers, so it lives.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    ok: bool,
}

/// Whether traffic should come here, and if not, why.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Readiness {
    ok: bool,
    draining: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<Arc<str>>,
    pools: BTreeMap<&'static str, PoolState>,
}

impl Server {
    fn readiness(&self) -> Readiness {
        let draining = self.is_draining();
        let disabled = self.pools.get(PoolName::Tasks).disabled();
        let pools: BTreeMap<_, _> =
            self.pools.all().iter().map(|pool| (pool.name.as_str(), pool.gauges().state)).collect();
        let serving = pools.values().all(|state| *state == PoolState::Serving);
        Readiness { ok: serving && !draining && disabled.is_none(), draining, disabled, pools }
    }
}

async fn ready(State(server): State<Arc<Server>>) -> Response<Body> {
    let readiness = server.readiness();
    let status = if readiness.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &readiness)
}

async fn metrics(State(server): State<Arc<Server>>) -> Result<Response<Body>, Problem> {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &server.registry)
        .map_err(|error| Problem::new(ErrorKind::Internal, format!("cannot write the metrics: {error}")))?;
    let mut response = Response::new(Body::from(text));
    let open_metrics = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, open_metrics);
    Ok(response)
}
