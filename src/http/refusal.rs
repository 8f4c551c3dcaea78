//! Why a guard refused a request, for the catcher that words the answer.
//!
//! Rocket hands catchers a status and nothing else. A guard that fails leaves its sentence here.

use std::sync::OnceLock;

use rocket::Request;
use rocket::http::Status;

type Reason = OnceLock<String>;

/// Leaves `reason` for the catcher. The first one counts.
pub fn note(request: &Request<'_>, reason: String) {
    // A second reason is a consequence of the first.
    let _ = request.local_cache(Reason::new).set(reason);
}

/// The sentence that a guard has left.
pub fn reason<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.local_cache(Reason::new).get().map(String::as_str)
}

/// The status to answer for the one that a catcher is given.
///
/// When a segment of the address is no name or no number, Rocket has 422; there just is nothing at
/// such an address.
pub fn status(status: Status) -> Status {
    if status == Status::UnprocessableEntity { Status::NotFound } else { status }
}
