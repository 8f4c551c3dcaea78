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

/// How today's operations say that there is no such chroot.
const NO_CHOICE: &str = " is not a valid choice for this field.";

fn renamed(line: String) -> String {
    if let Some(given) = line.strip_prefix("chroots: ").and_then(|l| l.strip_suffix(NO_CHOICE)) {
        return format!(
            "releases: this server builds nothing for {given}; GET /api_3/mock-chroots/list names \
             what it builds for"
        );
    }
    for (today, original) in FIELDS {
        if let Some(rest) = line.strip_prefix(today) {
            return format!("{original}{rest}");
        }
    }
    line
}
