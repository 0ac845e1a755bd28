//! The public routes.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, Request, Response, Uri};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{BoxError, Router};
use tower::Service;

use super::api::{self, Execute};
use super::status::{ErrorKind, Problem};
use super::{Server, body, health, openapi};
use crate::executor::Job;
use crate::workload::Kind;
use crate::workload::near::{did_you_mean, nearest};

/// The routes of a listener.
#[derive(Clone)]
pub struct Routes {
    /// Whose `POST /execute` is found without the router, whose boxes were a seventh of a request's instructions. The
    /// router has the route too, for what is said of other methods.
    execute: Option<Arc<Server>>,
    others: Router,
}

/// The routes that anybody may use.
pub(super) fn public(server: Arc<Server>) -> Routes {
    let execute_here =
        post(|State(server): State<Arc<Server>>, request| async move { execute(&server, request).await });
    let others = Router::new()
        .route("/execute", execute_here)
        .route("/workloads/{*name}", post(workload))
        .merge(health::routes())
        .route("/openapi.json", get(openapi::describe))
        .with_state(Arc::clone(&server));
    Routes { execute: Some(server), others: finished(others) }
}

/// What every router has: an answer in the usual form to whatever is asked of it.
pub(super) fn finished(routes: Router) -> Router {
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

impl From<Router> for Routes {
    fn from(others: Router) -> Self {
        Self { execute: None, others }
    }
}

impl Routes {
    /// Answers a request. Not as a `Service`, which would have to name the future or to box it: it is too large for an
    /// allocator's quick sizes.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Result<Response<Body>, Infallible>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError> + Display,
    {
        match &self.execute {
            Some(server) if request.method() == Method::POST && request.uri().path() == "/execute" => {
                Ok(execute(server, request).await.into_response())
            }
            _ => self.others.clone().call(request).await,
        }
    }
}

async fn execute<B>(server: &Server, request: Request<B>) -> Result<Response<Body>, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Display,
{
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
