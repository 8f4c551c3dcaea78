//! One request over to Rocket, and its answer back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use rocket::futures::stream::StreamExt;
use rocket::http::uri::{Host, Origin};
use rocket::http::{Cookie, Header, Method};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

use super::errand::Errand;
use super::outgoing::Outgoing;
use super::waiting::WaitingBody;
use crate::http::push_encoded;

/// Bodies up to this size are read before Rocket sees the request, unless they are multipart: for
/// these Rocket's own guards (`Form`, `Json`) work as they do elsewhere.
const READ_AHEAD: u64 = 1 << 20;
/// How long the next byte of such a body may take.
const READ_AHEAD_IDLE: Duration = Duration::from_mins(1);
/// Answers up to this size are handed over in one piece, longer ones in pieces of it.
const WHOLE: usize = 64 << 10;

/// Answers `request`. The work goes on when the client leaves: what it asked for may be half done.
pub(super) fn answer(
    client: Arc<Client>,
    remote: SocketAddr,
    request: Request<Incoming>,
) -> Errand<Response<Outgoing>> {
    Errand::new(|answer| async move { exchange(&client, remote, request, answer).await })
}

async fn exchange(
    client: &Client,
    remote: SocketAddr,
    request: Request<Incoming>,
    answer: oneshot::Sender<Response<Outgoing>>,
) {
    let (parts, body) = request.into_parts();
    let Some(mut request) = translate(client, &parts, remote) else {
        let _ = answer.send(refuse(400, "the request's address makes no sense"));
        return;
    };
    let ahead = reads_ahead(&parts, &body);
    let waiting = WaitingBody::new(body);
    if ahead {
        let Some(bytes) = read_ahead(waiting.clone()).await else {
            let _ = answer.send(refuse(408, "the request did not arrive completely"));
            return;
        };
        request.set_body(bytes);
    } else {
        request.inner().local_cache(|| waiting.clone());
    }
    deliver(request.dispatch().await, answer).await;
    waiting.drain().await;
}

/// The request as Rocket knows it; `None` for addresses that it does not.
fn translate<'c>(
    client: &'c Client,
    parts: &Parts,
    remote: SocketAddr,
) -> Option<LocalRequest<'c>> {
    // A method that Rocket has no name for is refused as one that no route takes.
    let method = parts.method.as_str().parse().unwrap_or(Method::Trace);
    let address = parts.uri.path_and_query()?.as_str();
    let origin = Origin::parse_owned(address.to_owned())
        .or_else(|_| Origin::parse_owned(encode(address)))
        .ok()?;
    let mut request = client.req(method, origin).remote(remote);
    // Rocket drops header values that are no text, too.
    let texts = parts.headers.iter().filter_map(|(name, value)| {
        std::str::from_utf8(value.as_bytes()).ok().map(|value| (name, value))
    });
    for (name, value) in texts {
        if name == hyper::header::COOKIE {
            let cookies = value.split(';').filter_map(|one| Cookie::parse_encoded(one.trim()).ok());
            request = request.cookies(cookies);
        } else if name == hyper::header::HOST
            && let Ok(host) = Host::parse_owned(value.to_owned())
        {
            request.set_host(host);
        }
        request.add_header(Header::new(name.as_str().to_owned(), value.to_owned()));
    }
    Some(request)
}

/// Encodes what clients send raw though RFC 3986 wants it encoded: `^` in package versions.
fn encode(address: &str) -> String {
    let mut encoded = String::with_capacity(address.len() + 8);
    for byte in address.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&byte);
        if plain {
            encoded.push(char::from(byte));
        } else {
            push_encoded(&mut encoded, byte);
        }
    }
    encoded
}

fn reads_ahead(parts: &Parts, body: &Incoming) -> bool {
    let kind =
        parts.headers.get(hyper::header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let multipart = kind.len() >= 10 && kind[..10].eq_ignore_ascii_case(b"multipart/");
    !multipart && body.size_hint().exact().is_some_and(|size| (1..=READ_AHEAD).contains(&size))
}

async fn read_ahead(waiting: WaitingBody) -> Option<Vec<u8>> {
    let mut chunks = waiting.chunks();
    let mut bytes = Vec::new();
    while let Some(chunk) = tokio::time::timeout(READ_AHEAD_IDLE, chunks.next()).await.ok()? {
        bytes.extend_from_slice(&chunk.ok()?);
    }
    Some(bytes)
}

/// Sends the head, then the body as it comes.
async fn deliver(mut response: LocalResponse<'_>, answer: oneshot::Sender<Response<Outgoing>>) {
    let head = head(&response);
    let mut chunk = response.body().max_chunk_size();
    if response.body().preset_size().is_some() {
        // Nothing that could be waited for piece by piece.
        chunk = chunk.max(WHOLE);
    }
    if response.body().preset_size().is_some_and(|size| size <= WHOLE) {
        let mut bytes = Vec::with_capacity(response.body().preset_size().unwrap_or(0));
        if response.read_to_end(&mut bytes).await.is_ok() {
            let _ = answer.send(head(Outgoing::whole(bytes)));
        }
        return;
    }
    let (pieces, body) = Outgoing::pieces();
    if answer.send(head(body)).is_err() {
        return;
    }
    loop {
        let mut piece = Vec::with_capacity(chunk);
        let read = tokio::select! {
            read = response.read_buf(&mut piece) => read,
            // The client is gone; an event stream may have nothing to send for long.
            () = pieces.closed() => return,
        };
        let piece = match read {
            Ok(0) => return,
            Ok(_) => Ok(Bytes::from(piece)),
            Err(error) => Err(error),
        };
        if pieces.send(piece).await.is_err() {
            return;
        }
    }
}

/// Status and headers, waiting for a body.
fn head(response: &LocalResponse<'_>) -> impl FnOnce(Outgoing) -> Response<Outgoing> + use<> {
    let mut head = Response::builder().status(response.status().code);
    for header in response.headers().iter() {
        head = head.header(header.name().as_str(), header.value());
    }
    let headers = response.headers();
    let length = response.body().preset_size();
    if let (Some(length), None) = (length, headers.get_one("Content-Length")) {
        head = head.header(hyper::header::CONTENT_LENGTH, length);
    }
    move |body| {
        head.body(body).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer has an impossible header");
            refuse(500, "the answer could not be sent")
        })
    }
}

/// An answer of the door's own, in the form that API clients expect.
fn refuse(status: u16, why: &str) -> Response<Outgoing> {
    let text = format!("{{\"error\": \"{why}\"}}\n");
    let length = hyper::header::HeaderValue::from(text.len());
    let mut response = Response::new(Outgoing::whole(text));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response.headers_mut().insert(hyper::header::CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_addresses_are_made_proper() {
        assert_eq!(encode("/a^1~2+3/%5E?x[]=é"), "/a%5E1~2+3/%5E?x%5B%5D=%C3%A9");
        assert!(Origin::parse_owned(encode("/a^|\"<>`{}\\b")).is_ok());
    }
}
