//! The data guard: chooses the reader by the content type.

use std::path::PathBuf;
use std::time::Duration;

use rocket::data::{Data, FromData, Outcome};
use rocket::http::Status;
use rocket::{Request, State};

use super::{Body, BodyError, multipart, source};
use crate::http::refusal;

/// How much clients may send, and where it is kept. Rocket's state holds one.
#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// Where uploads are written, on the file system that they are to stay on.
    pub spool: PathBuf,
    /// The most bytes of an upload, with everything around it.
    pub upload: u64,
    /// The most bytes of all fields, or of a JSON document.
    pub fields: u64,
    /// How long the server waits for the next byte.
    pub idle: Duration,
}

impl BodyLimits {
    /// 10 MiB of fields, a minute of silence, and uploads of at most `upload` bytes.
    pub fn new(spool: PathBuf, upload: u64) -> BodyLimits {
        BodyLimits { spool, upload, fields: 10 << 20, idle: Duration::from_mins(1) }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = BodyError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Body> {
        match BodyOrList::from_data(request, data).await {
            Outcome::Success(BodyOrList(body)) if body.has(Body::LIST) => {
                refusal::note(request, BodyError::NotAnObject.to_string());
                Outcome::Error((BodyError::NotAnObject.status(), BodyError::NotAnObject))
            }
            other => other.map(|BodyOrList(body)| body),
        }
    }
}

/// A body that may also be a JSON list, whose items are the field [`Body::LIST`].
#[derive(Debug)]
pub struct BodyOrList(pub Body);

#[rocket::async_trait]
impl<'r> FromData<'r> for BodyOrList {
    type Error = BodyError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, BodyOrList> {
        let Some(limits) = request.guard::<&State<BodyLimits>>().await.succeeded() else {
            let missing = std::io::Error::other("no limits are set for request bodies");
            return Outcome::Error((Status::InternalServerError, BodyError::Storage(missing)));
        };
        match read(request, data, limits).await {
            Ok(body) => Outcome::Success(BodyOrList(body)),
            Err(error) => {
                if let BodyError::Storage(cause) = &error {
                    tracing::error!(%cause, "cannot store an upload");
                }
                refusal::note(request, error.to_string());
                Outcome::Error((error.status(), error))
            }
        }
    }
}

async fn read(
    request: &Request<'_>,
    data: Data<'_>,
    limits: &BodyLimits,
) -> Result<Body, BodyError> {
    let Some(kind) = request.content_type() else { return Ok(Body::nothing()) };
    let limit = if kind.is_form_data() { limits.upload } else { limits.fields };
    if source::announced(request).is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge(limit));
    }
    if kind.is_form_data() {
        let boundary = boundary(request)?;
        return multipart::read(source::open(request, data, limit), boundary, limits).await;
    }
    if !kind.is_json() && !kind.is_form() {
        return Ok(Body::nothing());
    }
    let text = source::collect(source::open(request, data, limit), limit, limits.idle).await?;
    if kind.is_form() {
        return Ok(Body::parse_form(&String::from_utf8_lossy(&text)));
    }
    if text.is_empty() { Ok(Body::nothing()) } else { Body::parse_json(&text) }
}

fn boundary(request: &Request<'_>) -> Result<String, BodyError> {
    let header = request.headers().get_one("Content-Type").unwrap_or_default();
    multer::parse_boundary(header).map_err(|error| BodyError::Malformed {
        what: "multipart/form-data",
        why: error.to_string(),
    })
}
