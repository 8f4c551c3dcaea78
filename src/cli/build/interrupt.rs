//! Ctrl-C: noticed at once, acted upon where it is safe.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// Whether Ctrl-C was pressed. Pressed once more, it ends the program on the spot.
pub(super) struct Interrupt {
    runtime: Runtime,
    token: CancellationToken,
}

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> io::Result<Interrupt> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let token = CancellationToken::new();
        let pressed = token.clone();
        let mut signals = {
            let _inside = runtime.enter();
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?
        };
        runtime.spawn(async move {
            while signals.recv().await.is_some() {
                if pressed.is_cancelled() {
                    std::process::exit(130);
                }
                pressed.cancel();
            }
        });
        Ok(Interrupt { runtime, token })
    }

    /// Is cancelled when it comes.
    pub(super) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Whether it has come.
    pub(super) fn came(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits, but not when it comes, or has come.
    pub(super) fn pause(&self, time: Duration) {
        let waiting = async { tokio::time::timeout(time, self.token.cancelled()).await };
        // Either end is as good.
        let _ = self.runtime.block_on(waiting);
    }

    /// Runs something to its end.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
