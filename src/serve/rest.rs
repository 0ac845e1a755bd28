//! What is left of a request's body that nobody wanted to read.
//!
//! A client that is still sending when its connection is closed may never see the answer, and one that keeps the
//! connection would lose its next request. So the rest is read and dropped before the answer is given, within bounds;
//! past them the answer says that the connection ends with it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Bytes, HttpBody};
use axum::http::Request;
use axum::http::header::EXPECT;
use bytesize::ByteSize;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Most bytes that are read only to be dropped.
const MOST: ByteSize = ByteSize::mib(64);

/// Lends the body of a request to whoever answers it.
pub(super) fn lend<B: HttpBody + Unpin>(request: Request<B>) -> (Request<Lent<B>>, Loan<B>) {
    let (to_here, here) = oneshot::channel();
    let waits_for_leave = request.headers().contains_key(EXPECT);
    let lent = request.map(|body| {
        let is_empty = body.is_end_stream();
        Lent { body: (!is_empty).then_some(body), is_touched: false, to: Some(to_here) }
    });
    (lent, Loan { here, waits_for_leave, began: Instant::now() })
}

/// Where a body comes back that was not read to its end.
pub(super) struct Loan<B> {
    here: oneshot::Receiver<Rest<B>>,
    waits_for_leave: bool,
    began: Instant,
}

impl<B: HttpBody<Data = Bytes> + Unpin> Loan<B> {
    /// Once the request is answered, reads what the answer has left of the body, for as long as `time` after it was
    /// lent. Says whether that was all.
    pub async fn ends(mut self, time: Duration) -> bool {
        match self.here.try_recv() {
            // To read would be to ask for it.
            Ok(rest) if self.waits_for_leave && !rest.is_touched => false,
            Ok(rest) => {
                let time_left = time.saturating_sub(self.began.elapsed());
                timeout(time_left, read(rest.body)).await.unwrap_or(false)
            }
            Err(_) => true,
        }
    }
}

/// Whether the end of it came within bounds.
async fn read(mut body: impl HttpBody<Data = Bytes> + Unpin) -> bool {
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
struct Rest<B> {
    body: B,
    /// Whether anybody has begun to read it.
    is_touched: bool,
}

/// A body that is given back when it is dropped before its end.
pub(super) struct Lent<B: HttpBody> {
    body: Option<B>,
    is_touched: bool,
    to: Option<oneshot::Sender<Rest<B>>>,
}

impl<B: HttpBody + Unpin> HttpBody for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
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

impl<B: HttpBody> Drop for Lent<B> {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(body), Some(to)) = (rest, self.to.take()) {
            // Nobody waits for it once the client has gone away.
            let _ = to.send(Rest { body, is_touched: self.is_touched });
        }
    }
}
