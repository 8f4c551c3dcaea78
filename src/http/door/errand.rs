//! A piece of work that somebody waits for, and that goes on without them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Work that sends its answer before it is done.
///
/// It runs where it is waited for: most answers need no task of their own, and handing work from
/// thread to thread costs more than many an answer. Once the answer is there, or when nobody waits
/// any longer, what is left goes on as a task.
pub(super) struct Errand<T> {
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    answer: oneshot::Receiver<T>,
}

impl<T> Errand<T> {
    /// Makes `work` out of where it is to send its answer.
    pub(super) fn new<W>(work: impl FnOnce(oneshot::Sender<T>) -> W) -> Errand<T>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        Errand { work: Some(Box::pin(work(sender))), answer }
    }

    /// Lets what is left of the work go on by itself.
    fn let_go(&mut self) {
        // Without a runtime the server is at its end, and so is all work.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

impl<T> Future for Errand<T> {
    type Output = Result<T, oneshot::error::RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Taken out, so that work that panics is not begun again.
        if let Some(mut work) = self.work.take()
            && work.as_mut().poll(cx).is_pending()
        {
            self.work = Some(work);
        }
        let answer = Pin::new(&mut self.answer).poll(cx);
        if answer.is_ready() {
            self.let_go();
        }
        answer
    }
}

impl<T> Drop for Errand<T> {
    fn drop(&mut self) {
        self.let_go();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_after_its_answer_and_without_anybody_waiting() {
        let (done, mut finished) = mpsc::channel::<&str>(2);
        let after = done.clone();
        let errand = Errand::new(|answer| async move {
            answer.send(7).unwrap();
            tokio::task::yield_now().await;
            after.send("after").await.unwrap();
        });
        assert_eq!(errand.await, Ok(7));
        assert_eq!(finished.recv().await, Some("after"));

        let mut left = Errand::new(|answer: oneshot::Sender<()>| async move {
            tokio::task::yield_now().await;
            done.send("left").await.unwrap();
            drop(answer);
        });
        let begun =
            std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut left).poll(cx).is_pending()));
        assert!(begun.await);
        drop(left);
        assert_eq!(finished.recv().await, Some("left"));
    }

    #[tokio::test]
    async fn work_that_ends_without_an_answer_is_an_error() {
        assert!(
            Errand::new(|answer: oneshot::Sender<()>| async move { drop(answer) }).await.is_err()
        );
    }
}
