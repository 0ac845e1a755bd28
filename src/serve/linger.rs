//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed with unread bytes in it is reset, and the reset takes the last answer with it. Refusals are
//! such answers: they are given without waiting for the rest of a request.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// How long nothing may come from a client before it is taken to have its answer.
const SILENCE: Duration = Duration::from_secs(2);

/// Ends what is sent, then reads and drops what still comes, until the client ends too, is silent or has had `most`.
pub(super) async fn close(mut stream: impl AsyncRead + AsyncWrite + Unpin, most: Duration) {
    let ends = async {
        stream.shutdown().await?;
        let mut dropped = vec![0; 16 << 10];
        while let Ok(read) = timeout(SILENCE, stream.read(&mut dropped)).await {
            if read? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(())
    };
    // Of a client that has gone away or goes on for too long there is nothing to say.
    let _ = timeout(most, ends).await;
}

/// A stream that is still there when the one who served it has dropped it. Whoever polls it has it for that moment.
pub(super) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    pub fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Shared<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shared<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.lock().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn what_still_comes_is_read_until_the_client_ends() {
        let (server, mut client) = duplex(10);
        let closing = tokio::spawn(close(server, Duration::from_secs(3600)));
        client.write_all(&[0; 1000]).await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "it has been told that no more comes");
        drop(client);
        closing.await.unwrap();
    }

    #[tokio::test]
    async fn neither_silence_nor_a_stream_without_end_holds_it_for_longer_than_it_may() {
        let most = Duration::from_millis(20);
        let (server, _silent) = duplex(10);
        close(server, most).await;
        let (server, mut client) = duplex(10);
        let endless = tokio::spawn(async move { while client.write_all(&[0; 1000]).await.is_ok() {} });
        close(server, most).await;
        endless.await.unwrap();
    }
}
