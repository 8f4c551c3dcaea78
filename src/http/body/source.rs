//! The bytes of a body as they come, with a limit on their number and on the wait for them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use multer::bytes::Bytes;
use rocket::Request;
use rocket::data::{ByteUnit, Data};
use rocket::futures::stream::{self, BoxStream, Stream, StreamExt};
use tokio::io::AsyncReadExt;

use super::BodyError;
use crate::http::door::WaitingBody;

/// How much is taken from a connection at a time.
const CHUNK: usize = 64 << 10;

/// The bytes of a body, in pieces.
pub(super) type Chunks<'r> = BoxStream<'r, io::Result<Bytes>>;

/// Opens the body of `request`: the one that waits at the door, else `data`. More than `limit` bytes
/// may come through, so that too much can be told from enough.
pub(super) fn open<'r>(request: &Request<'_>, data: Data<'r>, limit: u64) -> Chunks<'r> {
    let waiting = WaitingBody::of(request);
    if !waiting.is_empty() {
        return waiting.chunks();
    }
    let body = data.open(ByteUnit::from(limit.saturating_add(1)));
    let chunks = stream::try_unfold(body, |mut body| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let count = body.read_buf(&mut chunk).await?;
        Ok((count > 0).then(|| (Bytes::from(chunk), body)))
    });
    chunks.boxed()
}

/// How long the client says that the body is.
pub(super) fn announced(request: &Request<'_>) -> Option<u64> {
    request.headers().get_one("Content-Length")?.parse().ok()
}

/// Reads all of a short body into memory.
pub(super) async fn collect(
    mut chunks: Chunks<'_>,
    limit: u64,
    idle: Duration,
) -> Result<Vec<u8>, BodyError> {
    let mut all = Vec::new();
    while let Some(chunk) = patiently(idle, chunks.next()).await? {
        all.extend_from_slice(&chunk.map_err(|_| BodyError::CutOff)?);
        if all.len() as u64 > limit {
            return Err(BodyError::TooLarge(limit));
        }
    }
    Ok(all)
}

/// Waits for the next bytes, but not for ever.
pub(super) async fn patiently<F: Future>(idle: Duration, next: F) -> Result<F::Output, BodyError> {
    let waited = tokio::time::timeout(idle, next).await;
    waited.map_err(|_| BodyError::Idle(idle.as_secs()))
}

/// Hands on one piece each time it is asked.
///
/// The multipart parser asks until nothing more is ready and keeps it all: a client that sends
/// faster than the disk writes would fill the memory.
pub(super) struct OneAtATime<'r> {
    chunks: Chunks<'r>,
    rest: bool,
}

impl<'r> OneAtATime<'r> {
    pub(super) fn new(chunks: Chunks<'r>) -> OneAtATime<'r> {
        OneAtATime { chunks, rest: false }
    }
}

impl Stream for OneAtATime<'_> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.chunks.poll_next_unpin(cx);
        self.rest = matches!(next, Poll::Ready(Some(_)));
        next
    }
}
