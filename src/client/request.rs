//! One request, and its answer.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use rand::RngExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, Response, header};
use ureq::{AsSendBody, Body, SendBody};

use super::{ClientError, CoprClient};
use crate::model::copr::Refusal;

/// Where the server has the methods of the original Copr.
const ORIGINAL: &str = "/api_0";
/// Where it has those of today's.
const TODAY: &str = "/api_3";

/// A file as a field of a form.
pub(super) struct Sent<'a> {
    /// The name of the field.
    pub(super) field: &'a str,
    pub(super) file: &'a Path,
    /// What the server is told of the file's name.
    pub(super) name: &'a str,
    /// All other fields, as JSON.
    pub(super) fields: Option<String>,
}

/// Where something is read until it is not wanted any more.
struct Stoppable<R, S> {
    from: R,
    stop: S,
}

impl<R: Read, S: Fn() -> bool> Read for Stoppable<R, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stop)() {
            return Err(io::Error::other("it was stopped"));
        }
        self.from.read(buffer)
    }
}

impl CoprClient {
    /// Looks at something.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, &format!("{ORIGINAL}{path}"), None, ())
    }

    /// Looks at something that the original did not have.
    pub(super) fn get_today<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, &format!("{TODAY}{path}"), None, ())
    }

    /// Deletes something; the answer is what it was.
    pub(super) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::DELETE, &format!("{ORIGINAL}{path}"), None, ())
    }

    /// Sends something to be made or changed.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.ask_at(method, &format!("{ORIGINAL}{path}"), body)
    }

    /// Sends something to a method that the original did not have.
    pub(super) fn ask_today<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.ask_at(method, &format!("{TODAY}{path}"), body)
    }

    fn ask_at<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        // These are plain structs of texts: there is nothing in them that is not JSON.
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.send(method, path, Some(("application/json", body.len() as u64)), body)
    }

    /// Sends an SRPM as the field `field` of a form.
    pub(super) fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        field: &str,
        file: &Path,
    ) -> Result<T, ClientError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let sent = Sent { field, file, name: &name, fields: None };
        self.form(&format!("{ORIGINAL}{path}"), &sent, || false)
    }

    /// Sends a form to a method that the original did not have; not to its end, once `stop` says so.
    pub(super) fn form_today<T: DeserializeOwned>(
        &self,
        path: &str,
        sent: &Sent<'_>,
        stop: impl Fn() -> bool + 'static,
    ) -> Result<T, ClientError> {
        self.form(&format!("{TODAY}{path}"), sent, stop)
    }

    fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        sent: &Sent<'_>,
        stop: impl Fn() -> bool + 'static,
    ) -> Result<T, ClientError> {
        let file = sent.file;
        let wrong = |error| ClientError::File { path: file.to_owned(), error };
        let content = File::open(file).map_err(wrong)?;
        let metadata = content.metadata().map_err(wrong)?;
        if !metadata.is_file() {
            return Err(wrong(io::Error::other("it is not a file")));
        }
        let odd = |c: char| c.is_control() || matches!(c, '"' | '\\');
        let (field, name) = (sent.field, sent.name.replace(odd, "_"));
        // No file holds what nobody could know when it was written.
        let boundary = format!("coprbox-{:032x}", rand::rng().random::<u128>());
        let fields = sent.fields.as_ref().map(|fields| {
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\n\
                 Content-Type: application/json\r\n\r\n{fields}\r\n"
            )
        });
        let head = fields.unwrap_or_default()
            + &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; \
                 filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            );
        let tail = format!("\r\n--{boundary}--\r\n");
        let length = metadata.len();
        let total = length + (head.len() + tail.len()) as u64;
        let kind = format!("multipart/form-data; boundary={boundary}");
        // Not a byte more than was announced, should the file still grow.
        let form = Cursor::new(head).chain(content.take(length)).chain(Cursor::new(tail));
        let body = SendBody::from_owned_reader(Stoppable { from: form, stop });
        self.send(Method::POST, path, Some((&kind, total)), body)
    }

    /// A part of a file that the server shows to everybody, and the answer's status.
    pub(super) fn file_part(
        &self,
        path: &str,
        range: Option<(u64, u64)>,
    ) -> Result<(u16, ureq::BodyReader<'static>), ClientError> {
        let mut request = Request::builder().uri(format!("{}{path}", self.url));
        if let Some((from, length)) = range {
            let last = from + length - 1;
            request = request.header(header::RANGE, format!("bytes={from}-{last}"));
        }
        let request = request.body(()).map_err(|_| ClientError::Url(self.url.to_string()))?;
        let answer = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        Ok((answer.status().as_u16(), answer.into_body().into_reader()))
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content: Option<(&str, u64)>,
        body: impl AsSendBody,
    ) -> Result<T, ClientError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some((kind, length)) = content {
            request = request.header(header::CONTENT_TYPE, kind);
            request = request.header(header::CONTENT_LENGTH, length);
        }
        let request = request.body(body).map_err(|_| ClientError::Url(self.url.to_string()))?;
        let answer = self.agent.run(request).map_err(|error| self.unreachable(&error))?;
        self.read(answer)
    }

    fn read<T: DeserializeOwned>(&self, mut answer: Response<Body>) -> Result<T, ClientError> {
        let status = answer.status();
        if status.is_redirection() {
            let target = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            return Err(self.stranger(format!("it points to {}", target.unwrap_or("nowhere"))));
        }
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let body = body.map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| self.stranger(format!("its answer cannot be read: {error}")));
        }
        match serde_json::from_slice(&body) {
            Ok(Refusal { error }) => {
                Err(ClientError::Refused { status: status.as_u16(), message: error })
            }
            Err(_) => Err(self.stranger(format!("it answers with status {status}"))),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> ClientError {
        ClientError::Unreachable { url: self.url.to_string(), cause: error.to_string() }
    }

    pub(super) fn stranger(&self, why: String) -> ClientError {
        ClientError::Stranger { url: self.url.to_string(), why }
    }
}

/// An `Authorization` header of the scheme Basic.
pub(super) fn basic(login: &str, secret: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = "Basic ".to_owned();
    for chunk in format!("{login}:{secret}").as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            coded.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn pairs_are_coded_with_their_padding() {
        assert_eq!(basic("a", "b"), "Basic YTpi");
        assert_eq!(basic("a", "b:c"), "Basic YTpiOmM=");
        assert_eq!(basic("", ""), "Basic Og==");
        assert_eq!(basic("ö", "ß"), "Basic w7Y6w58=");
    }
}
