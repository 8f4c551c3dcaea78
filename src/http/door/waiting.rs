//! Bodies that wait at the door until somebody asks for them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use rocket::Request;
use rocket::futures::stream::{self, BoxStream, StreamExt};

/// How much of an unwanted body is read, so that the client gets to read the answer.
const MOST_DRAINED: u64 = 1 << 30;
/// How long that may take in all, and how long without a byte.
const DRAIN_TIME: Duration = Duration::from_mins(1);
const DRAIN_IDLE: Duration = Duration::from_secs(10);

/// The body of one request, still on its way. Empty once it has been read to its end, and for
/// requests that did not come through the door.
#[derive(Clone, Default)]
pub(in crate::http) struct WaitingBody(Arc<Mutex<Option<Incoming>>>);

impl WaitingBody {
    pub(super) fn new(body: Incoming) -> WaitingBody {
        WaitingBody(Arc::new(Mutex::new((!body.is_end_stream()).then_some(body))))
    }

    /// The body that waits for the guards of `request`.
    pub(in crate::http) fn of(request: &Request<'_>) -> WaitingBody {
        request.local_cache(WaitingBody::default).clone()
    }

    /// Whether there is anything to come.
    pub(in crate::http) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// The body in pieces. What is left when the stream is dropped goes on waiting.
    pub(in crate::http) fn chunks(self) -> BoxStream<'static, io::Result<Bytes>> {
        stream::poll_fn(move |cx| self.poll_chunk(cx)).boxed()
    }

    fn poll_chunk(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(body) = slot.as_mut() else { return Poll::Ready(None) };
            match Pin::new(body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    *slot = None;
                    return Poll::Ready(Some(Err(io::Error::other(error))));
                }
                Poll::Ready(None) => *slot = None,
            }
        }
    }

    /// Reads on and throws away, within limits. Closing the connection under a client that is
    /// still sending would reset it, and the answer could get lost.
    pub(super) async fn drain(self) {
        let mut chunks = self.chunks();
        let mut drained = 0;
        let all = async {
            while let Ok(Some(Ok(chunk))) = tokio::time::timeout(DRAIN_IDLE, chunks.next()).await {
                drained += chunk.len() as u64;
                if drained > MOST_DRAINED {
                    return;
                }
            }
        };
        // Out of time: dropping the body closes the connection.
        let _ = tokio::time::timeout(DRAIN_TIME, all).await;
    }
}
