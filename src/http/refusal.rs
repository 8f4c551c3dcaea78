//! Why a guard refused a request, for the catcher that words the answer.
//!
//! Rocket hands catchers a status and nothing else. A guard that fails leaves its sentence here.

use std::sync::OnceLock;

use rocket::Request;

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
