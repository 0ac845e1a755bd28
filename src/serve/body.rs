//! Reading a request's body: no longer than allowed, no slower than allowed, and said to be JSON.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use bytesize::ByteSize;
use http_body_util::BodyExt;

use super::status::{ErrorKind, Problem};

/// What a request's body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Its longest.
    pub most: ByteSize,
    /// How long it may take to arrive.
    pub time: Duration,
}

/// Reads the body of a request.
///
/// # Errors
/// A [`Problem`] for a body that is too long, too slow, cut off or not said to be JSON.
pub(super) async fn read<B>(request: Request<B>, limits: BodyLimits) -> Result<Bytes, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Display,
{
    check_type(request.headers())?;
    let announced = content_length(request.headers());
    if announced.is_some_and(|length| length > limits.most.as_u64()) {
        return Err(too_long(limits));
    }
    let mut arrives = pin!(collect(request.into_body(), announced, limits));
    // Most bodies have come with their header, and need no timer.
    if let Poll::Ready(body) = poll_fn(|context| Poll::Ready(arrives.as_mut().poll(context))).await {
        return body;
    }
    tokio::time::timeout(limits.time, arrives).await.unwrap_or_else(|_| {
        let time = limits.time;
        Err(Problem::new(ErrorKind::SlowRequest, format!("the body did not arrive within {time:?}")))
    })
}

async fn collect<B>(mut body: B, announced: Option<u64>, limits: BodyLimits) -> Result<Bytes, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let most = limits.most.as_u64();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(ErrorKind::BadRequest, format!("the body did not arrive whole: {error}"))
        })?;
        let Ok(chunk) = frame.into_data() else { continue };
        if whole.len() as u64 + chunk.len() as u64 > most {
            return Err(too_long(limits));
        }
        if whole.is_empty() && body.is_end_stream() {
            // In one piece, as most are: nothing to copy.
            return Ok(chunk);
        }
        whole.reserve((announced.unwrap_or(0).min(most) as usize).saturating_sub(whole.len()));
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

fn too_long(limits: BodyLimits) -> Problem {
    let most = limits.most;
    Problem::new(
        ErrorKind::BodyTooLarge,
        format!("the body is longer than {most}, the most this server takes"),
    )
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// JSON, whatever its parameters. Who says nothing of it is believed to mean JSON, and so is `curl -d`, which claims to
/// send a form.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(said) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    if said == "application/json" {
        return Ok(());
    }
    let said = said.to_str().unwrap_or("something unreadable");
    let essence = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = ["application/json", "text/json", "application/x-www-form-urlencoded"].contains(&&*essence)
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json {
        return Ok(());
    }
    let message = format!("the body is said to be `{said}`; send application/json");
    Err(Problem::new(ErrorKind::UnsupportedMediaType, message))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::Body;
    use axum::http::HeaderValue;
    use hyper::body::Frame;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { most: ByteSize::b(10), time: Duration::from_secs(20) };

    /// A body that arrives in these pieces.
    struct Pieces(VecDeque<&'static str>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
        }
    }

    async fn read_pieces(pieces: &[&'static str]) -> Result<String, ErrorKind> {
        let body = Body::new(Pieces(pieces.iter().copied().collect()));
        let read = super::read(Request::new(body), LIMITS).await;
        read.map(|body| String::from_utf8(body.to_vec()).unwrap()).map_err(|problem| problem.kind)
    }

    #[tokio::test]
    async fn a_body_is_put_together_up_to_its_limit() {
        assert_eq!(read_pieces(&[]).await.unwrap(), "");
        assert_eq!(read_pieces(&["0123456789"]).await.unwrap(), "0123456789");
        assert_eq!(read_pieces(&["01", "23", "456789"]).await.unwrap(), "0123456789");
        assert_eq!(read_pieces(&["01", "23", "4567890"]).await, Err(ErrorKind::BodyTooLarge));
        assert_eq!(read_pieces(&["01234567890"]).await, Err(ErrorKind::BodyTooLarge));
    }

    #[test]
    fn json_may_have_parameters_and_other_types_are_refused() {
        let check = |said: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(said).unwrap());
            check_type(&headers).map_err(|problem| problem.kind)
        };
        for said in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON;charset=\"UTF-8\"",
            "application/problem+json",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(check(said), Ok(()), "{said}");
        }
        for said in ["text/html", "multipart/form-data; boundary=x", "image/svg+xml", ""] {
            assert_eq!(check(said), Err(ErrorKind::UnsupportedMediaType), "{said}");
        }
        assert_eq!(check_type(&HeaderMap::new()), Ok(()));
    }
}
