//! What every answer says about how it may be used.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

use super::cache::CachePolicy;

/// Everything comes from files of ours and from nowhere else, whatever a package's description
/// holds: who looks at a project is nobody else's business.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Adds what an answer does not say itself. Pages and API answers may not be kept.
pub struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        let defaults = [
            Header::new("Content-Security-Policy", POLICY),
            Header::new("X-Content-Type-Options", "nosniff"),
            Header::new("X-Frame-Options", "DENY"),
            Header::new("Referrer-Policy", "same-origin"),
            CachePolicy::Private.into(),
        ];
        for header in defaults {
            if !response.headers().contains(header.name().as_str()) {
                response.set_header(header);
            }
        }
    }
}
