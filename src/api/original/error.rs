//! An operation's error in the original's words.

use rocket::Responder;
use rocket::serde::json::Json;

use crate::api::error::ApiError;
use crate::ops::Error;

/// What a method answers: an object, or why not.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// An operation's error on its way to the client.
#[derive(Debug, Responder)]
pub(super) struct Refused(ApiError);

/// What the fields of a request are called here, by today's names.
const FIELDS: [(&str, &str); 3] =
    [("chroots: ", "releases: "), ("repos: ", "dependencies: "), ("pkgs: ", "srpm: ")];

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Refused {
        let error = match error.into() {
            Error::Invalid(lines) => Error::Invalid(lines.into_iter().map(renamed).collect()),
            other => other,
        };
        Refused(ApiError(error))
    }
}

fn renamed(line: String) -> String {
    for (today, original) in FIELDS {
        if let Some(rest) = line.strip_prefix(today) {
            return format!("{original}{rest}");
        }
    }
    line
}
