//! Why a body could not be read.

use std::io;

use rocket::http::Status;

/// Why a body could not be read; the text is for the client.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Longer than the server takes.
    #[error("the request is too large, {0} bytes are allowed")]
    TooLarge(u64),
    /// Nothing came for too long.
    #[error("nothing was received for {0} seconds, send the request again")]
    Idle(u64),
    /// The connection ended in the middle.
    #[error("the request ended early, send it again")]
    CutOff,
    /// Not what its content type says.
    #[error("the request is not valid {what}: {why}")]
    Malformed {
        /// JSON, or a kind of form.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// Something else where only JSON will do.
    #[error("send JSON, with the header 'Content-Type: application/json'")]
    NotJson,
    /// JSON, but a list, a text or a number.
    #[error("the request must be a JSON object")]
    NotAnObject,
    /// There is no room for the uploaded file.
    #[error("there is not enough disk space for the upload")]
    NoSpace,
    /// The uploaded file could not be written.
    #[error("the upload could not be stored")]
    Storage(#[source] io::Error),
}

impl BodyError {
    /// The HTTP status to answer.
    pub fn status(&self) -> Status {
        match self {
            BodyError::TooLarge(_) => Status::PayloadTooLarge,
            BodyError::Idle(_) => Status::RequestTimeout,
            BodyError::CutOff | BodyError::Malformed { .. } | BodyError::NotAnObject => {
                Status::BadRequest
            }
            BodyError::NotJson => Status::UnsupportedMediaType,
            BodyError::NoSpace => Status::new(507),
            BodyError::Storage(_) => Status::InternalServerError,
        }
    }

    /// A failure to write an upload.
    pub(super) fn storage(error: io::Error) -> BodyError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BodyError::NoSpace,
            _ => BodyError::Storage(error),
        }
    }
}
