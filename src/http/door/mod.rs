//! The door: takes connections, and hands requests to Rocket in memory.
//!
//! Rocket 0.5.2 has a server of its own, which we do not open, for three reasons:
//!
//! - It waits for the first bytes of every announced body before any guard runs. Copr's client
//!   repeats an upload that was answered with 401 by announcing the file once more and sending
//!   nothing of it, and would wait for ever.
//! - It closes a connection whose request body was not read. A client that is still sending sees
//!   a reset instead of the answer.
//! - It never gives up on half a request or an idle connection.
//!
//! The parts are the same: hyper speaks HTTP, Rocket routes. [`exchange`] carries one request over
//! and its answer back; bodies wait at the door, see [`WaitingBody`], until a guard asks for them.

mod errand;
mod exchange;
mod outgoing;
mod waiting;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(in crate::http) use waiting::WaitingBody;

/// How long a client may take to send the head of a request, and to send the next one on the same
/// connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long answers under way may go on after the door has been closed.
const FAREWELL: Duration = Duration::from_secs(10);

/// Why the door does not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Routes collide, or a fairing failed.
    #[error("the server's routes do not fit together: {0}")]
    Rocket(Box<rocket::Error>),
}

/// An open door: an address that connections can come to.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    client: Arc<Client>,
}

impl Door {
    /// Makes `rocket` ready and starts listening; `address` may have port 0.
    pub async fn open(rocket: Rocket<Build>, address: SocketAddr) -> Result<Door, DoorError> {
        // What Rocket calls its local client is its dispatcher without a server.
        let client = Client::untracked(rocket).await;
        let client = client.map_err(|error| DoorError::Rocket(Box::new(error)))?;
        let listen = |source| DoorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Door { listener, address, client: Arc::new(client) })
    }

    /// The address, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is canceled, then gives the answers under way a few seconds. Event
    /// streams see Rocket's `Shutdown` at once.
    pub async fn serve(self, stop: CancellationToken) {
        let Door { listener, client, .. } = self;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, remote)) => {
                        connections.spawn(converse(client.clone(), stream, remote, stop.clone()));
                    }
                    Err(error) => pause_after(&error).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        client.rocket().shutdown().notify();
        let farewell = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::info!(connections = connections.len(), "closing unfinished connections");
            connections.shutdown().await;
        }
        // Exchanges hold the client while they run; the last one's end drops it.
        if let Some(client) = Arc::into_inner(client) {
            client.terminate().await;
        }
    }
}

/// A connection that ended before it was taken is nobody's trouble; being out of file descriptors
/// passes, but not at once.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections");
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// Serves one connection, request after request.
async fn converse(
    client: Arc<Client>,
    stream: TcpStream,
    remote: SocketAddr,
    stop: CancellationToken,
) {
    // Answers leave in one piece; waiting to fill a packet would only delay them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| exchange::answer(client.clone(), remote, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%remote, %error, "connection ended early");
    }
}
