//! Multipart forms: fields into memory, files onto the disk.
//!
//! Copr's client sends the file first and its parameters last, in a part named `json`, so nothing
//! can be known about a file before it has been received.

use multer::{Field, Multipart};
use rocket::futures::stream::StreamExt;

use super::source::{Chunks, OneAtATime, patiently};
use super::upload::Spool;
use super::{Body, BodyError, BodyLimits, Upload};

/// More parts than any client sends; each costs a file or a field.
const MOST_PARTS: usize = 1000;

/// Reads a form whose parts are kept apart by `boundary`.
pub(super) async fn read(
    chunks: Chunks<'_>,
    boundary: String,
    limits: &BodyLimits,
) -> Result<Body, BodyError> {
    let mut received = 0;
    let counted = OneAtATime::new(chunks).map(move |chunk| {
        received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if received > limits.upload {
            Err(Stopped::TooLarge)
        } else {
            chunk.map_err(|_| Stopped::CutOff)
        }
    });
    let mut form =
        Form { limits, room: limits.fields, pairs: Vec::new(), json: None, files: Vec::new() };
    let mut parts = Multipart::new(counted, boundary);
    for _ in 0..MOST_PARTS {
        match patiently(limits.idle, parts.next_field())
            .await?
            .map_err(|error| explain(error, limits))?
        {
            Some(part) => form.add(part).await?,
            None => return form.finish(),
        }
    }
    Err(malformed(format!("it has more than {MOST_PARTS} parts")))
}

/// What has been read so far.
struct Form<'l> {
    limits: &'l BodyLimits,
    /// How much more may be kept in memory.
    room: u64,
    pairs: Vec<(String, String)>,
    json: Option<Vec<u8>>,
    files: Vec<Upload>,
}

impl Form<'_> {
    async fn add(&mut self, part: Field<'_>) -> Result<(), BodyError> {
        let name = part.name().unwrap_or_default().to_owned();
        let is_json = part.content_type().is_some_and(|kind| kind.subtype() == "json");
        let file_name = part.file_name().map(str::to_owned);
        match file_name {
            _ if name == "json" && (is_json || file_name.is_some()) => {
                self.json = Some(self.field(part).await?);
            }
            // A browser's file field with no file chosen.
            Some(file) if file.is_empty() => drop(self.field(part).await?),
            Some(file) => self.file(part, name, file).await?,
            None => {
                let value = self.field(part).await?;
                self.pairs.push((name, String::from_utf8_lossy(&value).into_owned()));
            }
        }
        Ok(())
    }

    async fn field(&mut self, mut part: Field<'_>) -> Result<Vec<u8>, BodyError> {
        let mut value = Vec::new();
        while let Some(chunk) = next(&mut part, self.limits).await? {
            self.room = self
                .room
                .checked_sub(chunk.len() as u64)
                .ok_or(BodyError::TooLarge(self.limits.fields))?;
            value.extend_from_slice(&chunk);
        }
        Ok(value)
    }

    async fn file(
        &mut self,
        mut part: Field<'_>,
        field: String,
        name: String,
    ) -> Result<(), BodyError> {
        let mut spool =
            Spool::begin(&self.limits.spool, field, name).await.map_err(BodyError::storage)?;
        while let Some(chunk) = next(&mut part, self.limits).await? {
            spool.write(&chunk).await.map_err(BodyError::storage)?;
        }
        self.files.push(spool.finish().await.map_err(BodyError::storage)?);
        Ok(())
    }

    /// The `json` part, if there is one, stands for all plain fields.
    fn finish(self) -> Result<Body, BodyError> {
        let body = match self.json {
            Some(json) => Body::parse_json(&json)?,
            None => Body::form(self.pairs),
        };
        Ok(body.with_files(self.files))
    }
}

async fn next(
    part: &mut Field<'_>,
    limits: &BodyLimits,
) -> Result<Option<multer::bytes::Bytes>, BodyError> {
    patiently(limits.idle, part.chunk()).await?.map_err(|error| explain(error, limits))
}

/// Why the parser was given no more bytes.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("too large")]
    TooLarge,
    #[error("cut off")]
    CutOff,
}

fn explain(error: multer::Error, limits: &BodyLimits) -> BodyError {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast_ref() {
            Some(Stopped::TooLarge) => BodyError::TooLarge(limits.upload),
            _ => BodyError::CutOff,
        },
        multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream => BodyError::CutOff,
        error => malformed(error.to_string()),
    }
}

fn malformed(why: String) -> BodyError {
    BodyError::Malformed { what: "multipart/form-data", why }
}
