//! What is left of a request's body that nobody wanted to read.
//!
//! A client that is still sending when its connection is closed may never see the answer, and one that keeps the
//! connection would lose its next request. So the rest is read and dropped before the answer is given, within bounds;
//! past them the answer says that the connection ends with it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Response};
use axum::middleware::Next;
use bytesize::ByteSize;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Server;

/// Most bytes that are read only to be dropped.
const MOST: ByteSize = ByteSize::mib(64);

/// Answers, and before that reads what the answer has left of the body.
pub(super) async fn drop_rest(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let began = Instant::now();
    let waits_for_leave = request.headers().contains_key(EXPECT);
    let (to_here, mut here) = oneshot::channel();
    let lend = |body| Body::new(Lent { body: Some(body), is_touched: false, to: Some(to_here) });
    let mut response = next.run(request.map(lend)).await;
    let is_over = match here.try_recv() {
        // To read would be to ask for it.
        Ok(rest) if waits_for_leave && !rest.is_touched => false,
        Ok(rest) => {
            let time_left = server.body.time.saturating_sub(began.elapsed());
            timeout(time_left, read(rest.body)).await.unwrap_or(false)
        }
        Err(_) => true,
    };
    if !is_over {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether the end of it came within bounds.
async fn read(mut body: Body) -> bool {
    let most = MOST.as_u64();
    let mut length = 0;
    loop {
        if length + body.size_hint().lower() > most {
            return false;
        }
        match body.frame().await {
            Some(Ok(frame)) => length += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(_)) => return false,
            None => return true,
        }
    }
}

/// What is left of a body.
struct Rest {
    body: Body,
    /// Whether anybody has begun to read it.
    is_touched: bool,
}

/// A body that is given back when it is dropped before its end.
struct Lent {
    body: Option<Body>,
    is_touched: bool,
    to: Option<oneshot::Sender<Rest>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_touched = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if let Poll::Ready(None) = polled {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(to)) = (self.body.take(), self.to.take()) {
            // Nobody waits for it once the client has gone away.
            let _ = to.send(Rest { body, is_touched: self.is_touched });
        }
    }
}
