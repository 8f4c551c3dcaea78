//! An operation's error as an answer: a status, and `{"error": text}`.

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::serde::json::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ops;

/// What a handler answers: an object, or why not.
pub(super) type Answer<T> = Result<Json<T>, ApiError>;

/// An operation's error on its way to the client.
#[derive(Debug)]
pub(super) struct ApiError(pub(super) ops::Error);

impl<E: Into<ops::Error>> From<E> for ApiError {
    fn from(error: E) -> ApiError {
        ApiError(error.into())
    }
}

/// The body of every error. `error` is a text always: clients call text functions on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorBody {
    /// `notok` where nobody is logged in; clients of old look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<&'static str>,
    /// What is wrong, one line for each mistake.
    pub(super) error: String,
}

impl ErrorBody {
    pub(super) fn new(error: impl Into<String>) -> ErrorBody {
        ErrorBody { output: None, error: error.into() }
    }
}

/// What a client is told when the server is to blame; the cause stands in the log.
pub(super) const OUR_FAULT: &str =
    "Request wasn't successful, there is probably a bug in the server. Its log says more.";

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = match &self.0 {
            ops::Error::Invalid(_) => Status::BadRequest,
            ops::Error::NothingSent => Status::UnsupportedMediaType,
            ops::Error::NotFound(_) => Status::NotFound,
            ops::Error::Denied(_) => Status::Forbidden,
            ops::Error::Conflict(_) => Status::Conflict,
            ops::Error::TooMany(_) => Status::PayloadTooLarge,
            ops::Error::NoSpace(_) => Status::new(507),
            ops::Error::Store(_) | ops::Error::Internal { .. } => Status::InternalServerError,
        };
        let text = if status == Status::InternalServerError {
            tracing::error!(error = %self.0, "{} {}", request.method(), request.uri().path());
            OUR_FAULT.to_owned()
        } else {
            self.0.to_string()
        };
        (status, Json(ErrorBody::new(text))).respond_to(request)
    }
}
