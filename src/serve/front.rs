//! What happens to every request, whatever its route: it has a name, what goes wrong with it is logged under that name,
//! a panic is an answer, and no byte of it is left when the next one comes.
//!
//! One future around the router rather than a layer for each: a layer costs allocations, and to make a tracing span was a
//! tenth of all the instructions of a request.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Display;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONNECTION;
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use axum::response::IntoResponse;
use tower::{Service, service_fn};
use tower_http::catch_panic::CatchPanic;

use super::rest;
use super::router::Routes;
use super::status::{ErrorKind, Problem};

/// The header that names a request: a client's own name, or ours.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a response is marked with whose request was refused, for the log.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub kind: ErrorKind,
    pub why: String,
}

/// Answers a request, whose body may take that long.
pub(super) async fn answer<B>(
    routes: Routes,
    time: Duration,
    request: Request<B>,
) -> Result<Response<impl HttpBody<Data = Bytes, Error = axum::BoxError> + use<B>>, Infallible>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError> + Display,
{
    let id = request.headers().get(REQUEST_ID).cloned().unwrap_or_else(number);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let (request, loan) = rest::lend(request);
    let routes = service_fn(|request| routes.answer(request));
    let mut response = CatchPanic::custom(routes, panicked).call(request).await?;
    if !loan.ends(time).await {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    log(&id, &method, &uri, &response);
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
}

/// The name of a request that comes without: a number that no other request had, not even before a restart.
fn number() -> HeaderValue {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        // Nobody answers a million requests a second for long.
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        AtomicU64::new(u64::try_from(since.as_micros()).unwrap_or_default())
    });
    HeaderValue::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = said.unwrap_or("a panic without a message"), "the server's own code panicked");
    Problem::new(ErrorKind::Internal, "the server failed; its log says how").into_response()
}

fn log<B>(id: &HeaderValue, method: &Method, uri: &Uri, response: &Response<B>) {
    let status = response.status().as_u16();
    let (id, path) = (id.to_str().unwrap_or("unreadable"), uri.path());
    let Some(Refused { kind, why }) = response.extensions().get() else {
        return tracing::debug!(id, %method, path, status, "answered");
    };
    match kind {
        ErrorKind::Panic | ErrorKind::Crash | ErrorKind::OuterTimeout | ErrorKind::Internal => {
            tracing::warn!(id, %method, path, status, ?kind, why, "a request failed");
        }
        _ => tracing::debug!(id, %method, path, status, ?kind, why, "refused"),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;

    use super::*;

    async fn ask(id: Option<&str>) -> Response<impl HttpBody> {
        let panics = get(|| async {
            if true {
                panic!("on purpose")
            }
        });
        let router = Router::new().route("/panics", panics);
        let mut request = Request::builder().uri("/panics");
        if let Some(id) = id {
            request = request.header(REQUEST_ID, id);
        }
        let Ok(response) = answer(router.into(), Duration::MAX, request.body(Body::empty()).unwrap()).await;
        response
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_every_answer_has_the_name_of_its_request() {
        let response = ask(Some("mine")).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[REQUEST_ID], "mine");
        let names = [ask(None).await, ask(None).await].map(|response| response.headers()[REQUEST_ID].clone());
        assert_ne!(names[0], names[1]);
    }
}
