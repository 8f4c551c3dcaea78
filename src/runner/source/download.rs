//! Downloads on behalf of users: into a file, with limits, and only from allowed addresses.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::address;

/// How long a server may stay silent.
const SILENCE: Duration = Duration::from_mins(1);
const MAX_REDIRECTS: u32 = 5;
const CHUNK: usize = 256 << 10;

/// What a download may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Addresses of this machine and the local network are allowed.
    pub private_addresses: bool,
    /// The most bytes to take.
    pub max_size: u64,
    /// The longest it may take in all.
    pub time: Duration,
}

impl Limits {
    /// What is left of them for the next of several files, after one of `size` bytes that took
    /// so long.
    #[must_use]
    pub fn less(self, size: u64, took: Duration) -> Limits {
        Limits {
            max_size: self.max_size.saturating_sub(size),
            time: self.time.saturating_sub(took),
            ..self
        }
    }
}

/// Why there is no file. The sentences go onto the build page.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server answered, but not with the file.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The address is one that users may not reach through this server.
    #[error(
        "{0} is at a private address, which this server does not fetch from \
         (sources.allow_private_addresses in its configuration)"
    )]
    PrivateAddress(String),
    /// More than the limit.
    #[error("{url} is larger than the {limit} bytes that this server accepts")]
    TooBig {
        /// What was asked for.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Too slow, or silent for too long.
    #[error("{0} took too long to answer")]
    TooSlow(String),
    /// A user has stopped it.
    #[error("the download was canceled")]
    Canceled,
    /// The network or the server failed.
    #[error("{url} cannot be downloaded: {cause}")]
    Failed {
        /// What was asked for.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// The disk is full.
    #[error("there is no room left on the disk for {0}")]
    NoSpace(String),
    /// The disk failed.
    #[error("writing {0}: {1}")]
    Disk(PathBuf, io::Error),
}

/// Downloads `url` into the new file `target`; nothing is left there when it fails.
pub async fn download(
    url: &str,
    target: &Path,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<u64, DownloadError> {
    let (address, file) = (url.to_owned(), target.to_owned());
    let stop = cancel.clone();
    let fetch = tokio::task::spawn_blocking(move || {
        let outcome = fetch(&address, &file, limits, &stop);
        if outcome.is_err() {
            // It may never have been made; then there is nothing to remove.
            let _ = std::fs::remove_file(&file);
        }
        outcome
    });
    tokio::select! {
        // A silent server holds the thread for a while yet; nobody has to wait for it.
        () = cancel.cancelled() => Err(DownloadError::Canceled),
        outcome = fetch => outcome.unwrap_or_else(|error| {
            Err(DownloadError::Failed { url: url.to_owned(), cause: error.to_string() })
        }),
    }
}

fn fetch(
    url: &str,
    target: &Path,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<u64, DownloadError> {
    let response = agent(limits).get(url).call().map_err(|error| explain(url, &error))?;
    let announced = response.body().content_length();
    if announced.is_some_and(|size| size > limits.max_size) {
        return Err(DownloadError::TooBig { url: url.to_owned(), limit: limits.max_size });
    }
    let disk = |error| disk_error(target, error);
    let mut file = File::create_new(target).map_err(disk)?;
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; CHUNK];
    let mut taken = 0;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(explain(url, &ureq::Error::from(error))),
        };
        if cancel.is_cancelled() {
            return Err(DownloadError::Canceled);
        }
        taken += count as u64;
        if taken > limits.max_size {
            return Err(DownloadError::TooBig { url: url.to_owned(), limit: limits.max_size });
        }
        file.write_all(&buffer[..count]).map_err(disk)?;
    }
    if announced.is_some_and(|size| size != taken) {
        let cause = "the connection ended early".to_owned();
        return Err(DownloadError::Failed { url: url.to_owned(), cause });
    }
    Ok(taken)
}

fn disk_error(target: &Path, error: io::Error) -> DownloadError {
    if error.kind() == io::ErrorKind::StorageFull {
        return DownloadError::NoSpace(target.display().to_string());
    }
    DownloadError::Disk(target.to_owned(), error)
}

/// A fresh agent for each download: no connection is ever used again for another name.
fn agent(limits: Limits) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(limits.time))
        .timeout_per_read(Some(SILENCE))
        .timeout_connect(Some(SILENCE))
        .max_redirects(MAX_REDIRECTS)
        // A proxy would resolve the name itself, behind the back of the address check.
        .proxy(None)
        // As git and curl: whom this machine trusts, not whom the program was built with.
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("coprbox/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = CheckedResolver { private_addresses: limits.private_addresses };
    ureq::Agent::with_parts(config, DefaultConnector::default(), resolver)
}

fn explain(url: &str, error: &ureq::Error) -> DownloadError {
    let url = url.to_owned();
    match error {
        ureq::Error::StatusCode(status) => DownloadError::Status { url, status: *status },
        ureq::Error::Timeout(_) => DownloadError::TooSlow(url),
        ureq::Error::Io(cause) if cause.kind() == io::ErrorKind::TimedOut => {
            DownloadError::TooSlow(url)
        }
        ureq::Error::Other(cause) if cause.is::<Forbidden>() => DownloadError::PrivateAddress(url),
        other => DownloadError::Failed { url, cause: other.to_string() },
    }
}

/// Marks a refusal of [`CheckedResolver`] on its way through ureq.
#[derive(Debug, thiserror::Error)]
#[error("a private address")]
struct Forbidden;

/// Resolves names, and lets only allowed addresses through. ureq asks it for every connection it
/// makes, redirects included, and connects to exactly what comes back.
#[derive(Debug)]
struct CheckedResolver {
    private_addresses: bool,
}

impl Resolver for CheckedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let allowed = |at: &&SocketAddr| self.private_addresses || address::is_public(at.ip());
        let mut addresses = self.empty();
        for at in found.iter().filter(allowed) {
            addresses.push(*at);
        }
        if addresses.is_empty() {
            return Err(ureq::Error::Other(Box::new(Forbidden)));
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn those_are_trusted_whom_the_machine_trusts() {
        let limits = Limits { private_addresses: false, max_size: 1, time: Duration::from_secs(1) };
        let agent = agent(limits);
        assert!(matches!(agent.config().tls_config().root_certs(), RootCerts::PlatformVerifier));
    }

    /// Answers one request after the other with these bytes; the address it listens on.
    fn serve(answers: Vec<Vec<u8>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((mut peer, _)) = listener.accept() else { return };
                let reader = io::BufReader::new(peer.try_clone().unwrap());
                let _ = reader.lines().map_while(Result::ok).find(String::is_empty);
                let _ = peer.write_all(&answer);
            }
        });
        format!("http://{address}/a.src.rpm")
    }

    const OPEN: Limits =
        Limits { private_addresses: true, max_size: 1000, time: Duration::from_secs(2) };

    async fn get(url: &str, limits: Limits) -> (Result<u64, DownloadError>, bool) {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        let outcome = download(url, &target, limits, &CancellationToken::new()).await;
        (outcome, target.exists())
    }

    #[tokio::test]
    async fn a_file_arrives_whole() {
        let url = serve(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()]);
        let (outcome, there) = get(&url, OPEN).await;
        assert_eq!((outcome.unwrap(), there), (5, true));
    }

    #[tokio::test]
    async fn a_missing_file_a_cut_one_and_a_huge_one_leave_nothing() {
        let cases: [(&[u8], &str); 4] = [
            (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "status 404"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "cannot be downloaded"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello", "larger than"),
            (b"garbage\r\n\r\n", "cannot be downloaded"),
        ];
        for (answer, expected) in cases {
            let url = serve(vec![answer.to_vec()]);
            let (outcome, there) = get(&url, OPEN).await;
            let text = outcome.unwrap_err().to_string();
            assert!(text.contains(expected) && !there, "{text}");
        }
    }

    #[tokio::test]
    async fn an_endless_file_ends_at_the_limit() {
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        answer.resize(5000, b'x');
        let (outcome, there) = get(&serve(vec![answer]), OPEN).await;
        assert!(matches!(outcome, Err(DownloadError::TooBig { .. })) && !there);
    }

    #[tokio::test]
    async fn private_addresses_are_refused_directly_and_by_redirect() {
        let closed = Limits { private_addresses: false, ..OPEN };
        let url = serve(vec![]);
        let (outcome, _) = get(&url, closed).await;
        assert!(matches!(outcome, Err(DownloadError::PrivateAddress(_))), "{outcome:?}");
        let (outcome, _) = get("http://localhost:1/a.src.rpm", closed).await;
        assert!(matches!(outcome, Err(DownloadError::PrivateAddress(_))), "{outcome:?}");
        let (outcome, _) = get("file:///etc/passwd", OPEN).await;
        assert!(outcome.is_err());
    }

    #[tokio::test]
    async fn a_silent_server_can_be_left_at_any_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a.spec", listener.local_addr().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        cancel.cancel();
        let limits = Limits { time: Duration::from_mins(5), ..OPEN };
        let outcome = download(&url, &dir.path().join("file"), limits, &cancel).await;
        assert!(matches!(outcome, Err(DownloadError::Canceled)));
        let slow = Limits { time: Duration::from_millis(300), ..OPEN };
        let (outcome, _) = get(&url, slow).await;
        assert!(matches!(outcome, Err(DownloadError::TooSlow(_))), "{outcome:?}");
    }
}
