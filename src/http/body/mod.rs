//! What clients send: JSON, forms and multipart forms, read into one shape.
//!
//! Copr takes all three everywhere, so an endpoint takes a [`Body`] and asks its [`FieldReader`]:
//!
//! ```text
//! #[post("/project/add/<owner>", data = "<body>")]
//! async fn add(caller: Caller, owner: Owner, body: Result<Body, BodyError>) -> Result<…, ApiError> {
//!     let body = body?;
//!     let mut read = body.reader();
//!     let name: Option<ProjectName> = read.required("name");
//!     let repos = read.words("additional_repos");
//!     let keep: Option<i64> = read.integer("delete_after_days");
//!     read.finish()?;                                  // all problems at once, one line each
//!     …
//! }
//! ```
//!
//! Rocket runs request guards (`Caller` above) before the body is opened: a bad token is answered
//! from the headers alone. Files are written to disk as they come, see [`Upload`].
//!
//! What is ours alone and not Copr's takes one shape of JSON only: [`JsonBody`].

mod error;
mod fields;
mod guard;
mod json;
mod multipart;
mod raw;
mod reader;
mod source;
mod upload;

pub use error::BodyError;
#[cfg(test)]
pub(crate) use fields::asked;
pub use fields::{Body, Encoding};
pub use guard::{BodyLimits, BodyOrList};
pub use json::JsonBody;
pub use raw::Unread;
pub use reader::{FieldErrors, FieldReader};
pub use upload::Upload;
