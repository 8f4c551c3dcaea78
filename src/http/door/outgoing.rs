//! The bodies of answers, as hyper wants them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

/// An answer's body: all there, or coming in pieces.
///
/// It does not tell hyper its length, the header does: hyper would correct the length in answers
/// to HEAD and in 304, which have none to send.
pub(super) enum Outgoing {
    Whole(Bytes),
    Pieces(mpsc::Receiver<io::Result<Bytes>>),
}

impl Outgoing {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Outgoing {
        Outgoing::Whole(bytes.into())
    }

    /// A body, and the end to push its pieces into.
    pub(super) fn pieces() -> (mpsc::Sender<io::Result<Bytes>>, Outgoing) {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Outgoing::Pieces(receiver))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Outgoing::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Outgoing::Pieces(receiver) => {
                receiver.poll_recv(cx).map(|piece| piece.map(|bytes| bytes.map(Frame::data)))
            }
        }
    }
}
