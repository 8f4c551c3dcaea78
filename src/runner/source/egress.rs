//! The way out for programs that fetch sources: a proxy of our own, which resolves every name,
//! checks the address and connects to exactly that one.
//!
//! git and svn follow redirects and resolve names themselves. Told to use this proxy they cannot
//! but ask for each connection, so what a name means is looked at once, where it counts. It
//! listens on loopback for one job, with a secret that only that job's programs are given.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::address;

/// How long a name may take to be resolved, or a connection to be made.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest head of a request.
const MAX_HEAD: usize = 64 << 10;
/// The name in the credentials.
const USER: &str = "job";

/// A proxy at work; it ends when this is dropped.
pub(in crate::runner) struct Egress {
    address: SocketAddr,
    secret: String,
    refused: Arc<Mutex<Option<String>>>,
    task: JoinHandle<()>,
}

/// Why a host cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    /// Users may not reach it through this server.
    #[error(
        "{0} is at a private address, which this server does not fetch from \
         (sources.allow_private_addresses in its configuration)"
    )]
    Private(String),
    /// It has no address.
    #[error("the name {0} cannot be resolved")]
    Unknown(String),
    /// Nobody answers there.
    #[error("cannot connect to {0}: {1}")]
    Failed(String, io::Error),
}

/// The addresses of a host that may be used; never empty.
pub(super) async fn resolve(
    host: &str,
    port: u16,
    private_addresses: bool,
) -> Result<Vec<SocketAddr>, Unreachable> {
    let unknown = || Unreachable::Unknown(host.to_owned());
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    #[cfg(test)]
    if host == tests::PUBLIC {
        return Ok(vec![([127, 0, 0, 1], port).into()]);
    }
    let found = timeout(PATIENCE, lookup_host((bare, port))).await.map_err(|_| unknown())?;
    let found: Vec<SocketAddr> = found.map_err(|_| unknown())?.collect();
    if found.is_empty() {
        return Err(unknown());
    }
    let allowed = |at: &SocketAddr| private_addresses || address::is_public(at.ip());
    let allowed: Vec<SocketAddr> = found.into_iter().filter(allowed).collect();
    if allowed.is_empty() {
        return Err(Unreachable::Private(host.to_owned()));
    }
    Ok(allowed)
}

impl Egress {
    /// Begins to listen.
    pub(super) async fn start(private_addresses: bool) -> io::Result<Egress> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let secret = format!("{:032x}", rand::random::<u128>());
        Egress::on(listener, private_addresses, secret)
    }

    /// Begins to listen where nobody else can come: no secret is asked for.
    pub(in crate::runner) fn alone(listener: std::net::TcpListener) -> io::Result<Egress> {
        listener.set_nonblocking(true)?;
        Egress::on(TcpListener::from_std(listener)?, false, String::new())
    }

    fn on(listener: TcpListener, private_addresses: bool, secret: String) -> io::Result<Egress> {
        let address = listener.local_addr()?;
        let refused = Arc::new(Mutex::new(None));
        let credentials = || base64(format!("{USER}:{secret}").as_bytes());
        let expected = (!secret.is_empty()).then(credentials);
        let door = Door { expected, private_addresses, refused: Arc::clone(&refused) };
        let task = tokio::spawn(serve(listener, Arc::new(door)));
        Ok(Egress { address, secret, refused, task })
    }

    /// Its address with the credentials, for `http.proxy`.
    pub(super) fn url(&self) -> String {
        format!("http://{USER}:{}@{}", self.secret, self.address)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name and the secret.
    pub(super) fn credentials(&self) -> (&str, &str) {
        (USER, &self.secret)
    }

    /// Why it last let something not through.
    pub(in crate::runner) fn refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What each connection has to know.
struct Door {
    /// `Basic` credentials, coded; where there are none, anybody may.
    expected: Option<String>,
    private_addresses: bool,
    refused: Arc<Mutex<Option<String>>>,
}

async fn serve(listener: TcpListener, door: Arc<Door>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        // Those that are at an end are let go; all others end with this task.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((client, _)) => {
                let door = Arc::clone(&door);
                connections.spawn(async move { door.pass(client).await });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

impl Door {
    async fn pass(&self, mut client: TcpStream) {
        let Ok(Ok((head, rest))) = timeout(PATIENCE, read_head(&mut client)).await else { return };
        if let Err(answer) = self.tunnel(&mut client, &head, &rest).await {
            // The client may be gone, and then needs no answer.
            let _ = client.write_all(answer.as_bytes()).await;
            let _ = client.shutdown().await;
        }
    }

    /// Connects the client to where it wants to be; the error is what it is answered.
    async fn tunnel(&self, client: &mut TcpStream, head: &str, rest: &[u8]) -> Result<(), String> {
        let request = Request::parse(head).ok_or_else(|| answer("400 Bad Request", ""))?;
        let known = self.expected.as_ref().is_none_or(|expected| {
            let given = request.credentials.unwrap_or_default();
            bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
        });
        if !known {
            let ask = "Proxy-Authenticate: Basic realm=\"coprbox\"\r\n";
            return Err(answer("407 Proxy Authentication Required", ask));
        }
        let mut server = self.connect(request.host, request.port).await.map_err(|why| {
            let status = match &why {
                Unreachable::Private(_) => "403 Forbidden",
                _ => "502 Bad Gateway",
            };
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            *refused = Some(why.to_string());
            answer(status, "")
        })?;
        let begun = match &request.forward {
            Some(head) => {
                let sent = server.write_all(head.as_bytes()).await;
                sent.and(server.write_all(rest).await)
            }
            None => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await,
        };
        if begun.is_ok() {
            // An end on either side is the end; the programs see what is missing.
            let _ = copy_bidirectional(client, &mut server).await;
        }
        Ok(())
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Unreachable> {
        let mut last = io::Error::from(io::ErrorKind::NotConnected);
        for at in resolve(host, port, self.private_addresses).await? {
            match timeout(PATIENCE, TcpStream::connect(at)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(Unreachable::Failed(host.to_owned(), last))
    }
}

/// Reads to the empty line; what came behind it is returned as well.
async fn read_head(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = String::from_utf8(bytes).map_err(io::Error::other)?;
            return Ok((head, rest));
        }
        let count = client.read(&mut chunk).await?;
        if count == 0 || bytes.len() > MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}

fn answer(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

/// What a client wants.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    host: &'a str,
    port: u16,
    credentials: Option<&'a str>,
    /// What the server is sent first; nothing for a tunnel.
    forward: Option<String>,
}

impl Request<'_> {
    fn parse(head: &str) -> Option<Request<'_>> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let fields: Vec<(&str, &str)> = lines
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(':').map(|(name, value)| (name, value.trim())))
            .collect::<Option<_>>()?;
        let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        let credentials = fields
            .iter()
            .find(|(name, _)| is(name, "proxy-authorization"))
            .and_then(|(_, value)| value.strip_prefix("Basic "));
        if method == "CONNECT" {
            let (host, port) = split_port(target)?;
            return Some(Request { host, port: port?, credentials, forward: None });
        }
        let rest = target.strip_prefix("http://")?;
        let path_at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_at);
        let (host, port) = split_port(authority.rsplit('@').next()?)?;
        let path = if path.is_empty() { "/" } else { path };
        // One request for each connection: the next may be for another host.
        let mut forward = format!("{method} {path} {version}\r\n");
        for (name, value) in &fields {
            let hop = is(name, "connection") || name.to_ascii_lowercase().starts_with("proxy-");
            if !hop {
                forward += &format!("{name}: {value}\r\n");
            }
        }
        forward += "Connection: close\r\n\r\n";
        Some(Request { host, port: port.unwrap_or(80), credentials, forward: Some(forward) })
    }
}

/// `host:port`, `[v6]:port`; the port may be missing.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_host = authority.find(']').map_or(0, |end| end + 1);
    match authority[after_host..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            Some((host, Some(port[1..].parse().ok()?))).filter(|_| !host.is_empty())
        }
        None => Some((authority, None)).filter(|_| !authority.is_empty()),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
            coded.push(if at > three.len() { '=' } else { digit });
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Program;

    /// Stands for a host out in the world; it is where the tests are.
    pub(super) const PUBLIC: &str = "public.test";

    /// Sends a request to a proxy, and reads all of the answer.
    async fn ask(egress: &Egress, line: &str, authorized: bool) -> String {
        let mut client = TcpStream::connect(egress.address()).await.unwrap();
        let (user, secret) = egress.credentials();
        let coded = base64(format!("{user}:{secret}").as_bytes());
        let proof = if authorized {
            format!("Proxy-Authorization: Basic {coded}\r\n")
        } else {
            String::new()
        };
        client.write_all(format!("{line}\r\nHost: h\r\n{proof}\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Answers one request with what it was asked.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            let (head, _) = read_head(&mut peer).await.unwrap();
            peer.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{head}").as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn requests_are_passed_on_without_what_was_for_the_proxy() {
        let (open, server) = (Egress::start(true).await.unwrap(), echo().await);
        let answer = ask(&open, &format!("GET http://{server}/a?b HTTP/1.1"), true).await;
        assert!(answer.contains("GET /a?b HTTP/1.1\r\n"), "{answer}");
        assert!(!answer.contains("Proxy-") && answer.contains("Connection: close"), "{answer}");
    }

    #[tokio::test]
    async fn a_redirect_to_a_private_address_ends_there() {
        let world = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = inside.local_addr().unwrap();
        let url = format!("http://{PUBLIC}:{}/a.git", world.local_addr().unwrap().port());
        tokio::spawn(async move {
            let (mut peer, _) = world.accept().await.unwrap();
            read_head(&mut peer).await.unwrap();
            let moved = answer("302 Found", &format!("Location: http://{to}/a.git/info/refs\r\n"));
            peer.write_all(moved.as_bytes()).await.unwrap();
        });
        let closed = Egress::start(false).await.unwrap();
        let git = Program::new("git").args(["-c", &format!("http.proxy={}", closed.url())]);
        let git = git.args(["-c", "http.followRedirects=true", "ls-remote", "--", &url]);
        let ended = git.capture(&tokio_util::sync::CancellationToken::new()).await.unwrap();
        assert!(!ended.exit.success(), "{ended:?}");
        assert!(closed.refusal().unwrap().starts_with("127.0.0.1 is at a private address"));
        assert!(timeout(Duration::from_millis(50), inside.accept()).await.is_err());
    }

    #[tokio::test]
    async fn private_addresses_and_strangers_are_refused() {
        let (closed, server) = (Egress::start(false).await.unwrap(), echo().await);
        for line in [format!("CONNECT {server} HTTP/1.1"), format!("GET http://{server}/ HTTP/1.1")]
        {
            let answer = ask(&closed, &line, true).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        }
        assert!(closed.refusal().unwrap().contains("private address"));
        let open = Egress::start(true).await.unwrap();
        let answer = ask(&open, &format!("CONNECT {server} HTTP/1.1"), false).await;
        assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
        let answer = ask(&open, "GET /etc/passwd HTTP/1.1", true).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }

    #[test]
    fn ports_are_split_from_hosts() {
        assert_eq!(split_port("h:1"), Some(("h", Some(1))));
        assert_eq!(split_port("h"), Some(("h", None)));
        assert_eq!(split_port("[::1]:8080"), Some(("[::1]", Some(8080))));
        assert_eq!(split_port("[::1]"), Some(("[::1]", None)));
        assert_eq!(split_port("h:x"), None);
        assert_eq!(split_port(""), None);
    }

    #[test]
    fn base64_is_padded() {
        let coded = ["", "a", "ab", "abc", "abcd"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "YQ==", "YWI=", "YWJj", "YWJjZA=="]);
    }
}
