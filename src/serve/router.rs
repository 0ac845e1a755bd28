//! The public routes.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, Request, Response, Uri};
use axum::routing::{get, post};

use super::api::{self, Execute};
use super::status::{ErrorKind, Problem};
use super::{Server, body, health, openapi};
use crate::executor::Job;
use crate::workload::Kind;
use crate::workload::near::{did_you_mean, nearest};

/// The routes that anybody may use.
pub(super) fn public(server: Arc<Server>) -> Router {
    let routes = Router::new()
        .route("/execute", post(execute))
        .route("/workloads/{*name}", post(workload))
        .merge(health::routes())
        .route("/openapi.json", get(openapi::describe))
        .with_state(server);
    finished(routes)
}

/// What every router has: an answer in the usual form to whatever is asked of it.
pub(super) fn finished(routes: Router) -> Router {
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

async fn execute(
    State(server): State<Arc<Server>>,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let body = body::read(request, server.body).await?;
    let arrived = Instant::now();
    let (kind, job) = server.job(&body)?;
    drop(body);
    let completion = server.run(server.pools.of(kind), job, arrived).await?;
    Ok(api::respond(completion, arrived))
}

/// Runs a workload under its own deadlines with its own input, unless the body has another.
async fn workload(
    State(server): State<Arc<Server>>,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let Path(name) = name?;
    let input = body::read(request, server.body).await?;
    let arrived = Instant::now();
    let Some(workload) = server.workloads.get(&name) else {
        let near = did_you_mean(nearest(&name, server.workloads.keys().map(String::as_str)));
        let message = format!("no workload `{name}`{near}; `jsarena workloads` lists them");
        return Err(Problem::new(ErrorKind::NotFound, message));
    };
    let input = if input.is_empty() { Arc::clone(&workload.input) } else { api::read_input(&input)? };
    let pool = server.pools.of(workload.kind);
    let script = Arc::clone(&workload.script);
    let job = Job { script, input, deadlines: workload.deadlines() };
    let completion = server.run(pool, job, arrived).await?;
    Ok(api::respond(completion, arrived))
}

impl Server {
    /// What a body of `/execute` asks for.
    fn job(&self, body: &[u8]) -> Result<(Kind, Job), Problem> {
        let execute = Execute::read(body)?;
        let kind = execute.kind.into();
        let job = Job {
            script: self.scripts.get(&execute.code),
            input: execute.input.map_or("null", |input| input.get()).into(),
            deadlines: execute.deadlines(self.pools.of(kind).deadlines),
        };
        Ok((kind, job))
    }
}

async fn not_found(uri: Uri) -> Problem {
    Problem::new(ErrorKind::NotFound, format!("no route {}", uri.path()))
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(ErrorKind::MethodNotAllowed, format!("{} does not take {method}", uri.path()))
}
