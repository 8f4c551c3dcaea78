//! One request, and its answer.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, Response, header};
use ureq::{AsSendBody, Body, SendBody};

use super::{ClientError, CoprClient};
use crate::model::copr::Refusal;

/// Where the server has the methods.
const BASE: &str = "/api_0";

/// What parts a multipart form; an SRPM, which is compressed, never holds it.
const BOUNDARY: &str = "coprbox-a-file-begins-or-ends-here";

impl CoprClient {
    /// Looks at something.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, path, None, ())
    }

    /// Deletes something; the answer is what it was.
    pub(super) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::DELETE, path, None, ())
    }

    /// Sends something to be made or changed.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        // These are plain structs of texts: there is nothing in them that is not JSON.
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.send(method, path, Some(("application/json", body.len() as u64)), body)
    }

    /// Sends a file as the field `field` of a form.
    pub(super) fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        field: &str,
        file: &Path,
    ) -> Result<T, ClientError> {
        let wrong = |error| ClientError::File { path: file.to_owned(), error };
        let content = File::open(file).map_err(wrong)?;
        let metadata = content.metadata().map_err(wrong)?;
        if !metadata.is_file() {
            return Err(wrong(std::io::Error::other("it is not a file")));
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().replace(['"', '\\'], "_");
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; \
             filename=\"{name}\"\r\nContent-Type: application/x-rpm\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = metadata.len();
        let total = length + (head.len() + tail.len()) as u64;
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        // Not a byte more than was announced, should the file still grow.
        let form = Cursor::new(head).chain(content.take(length)).chain(Cursor::new(tail));
        let body = SendBody::from_owned_reader(form);
        self.send(Method::POST, path, Some((&kind, total)), body)
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content: Option<(&str, u64)>,
        body: impl AsSendBody,
    ) -> Result<T, ClientError> {
        let mut request =
            Request::builder().method(method).uri(format!("{}{BASE}{path}", self.url));
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

    fn stranger(&self, why: String) -> ClientError {
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
