//! Compression of pages and API answers.

use std::io::{Cursor, Write};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
use rocket::{Request, Response};

/// Shorter answers gain nothing.
const SMALLEST: usize = 1024;

/// Packs HTML, JSON, CSS, JavaScript and SVG for clients that accept gzip. Files, event streams
/// and whatever is packed already pass untouched.
pub struct Gzip;

#[rocket::async_trait]
impl Fairing for Gzip {
    fn info(&self) -> Info {
        Info { name: "gzip", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !is_packable(response) {
            return;
        }
        response.adjoin_raw_header("Vary", "Accept-Encoding");
        let accepted = request.headers().get("Accept-Encoding").any(accepts_gzip);
        let long = response.body().preset_size().is_some_and(|size| size >= SMALLEST);
        // The body of a HEAD answer is about to be dropped; its length would differ, so say none.
        if !accepted || !long || request.method() == Method::Head {
            return;
        }
        let Ok(plain) = response.body_mut().to_bytes().await else { return };
        match pack(&plain) {
            Ok(packed) => {
                response.set_raw_header("Content-Encoding", "gzip");
                response.set_sized_body(packed.len(), Cursor::new(packed));
            }
            Err(_) => response.set_sized_body(plain.len(), Cursor::new(plain)),
        }
    }
}

fn is_packable(response: &Response<'_>) -> bool {
    let headers = response.headers();
    // Only files carry validators; theirs would no longer be true.
    if headers.contains("Content-Encoding") || headers.contains("ETag") {
        return false;
    }
    response.content_type().is_some_and(|kind| {
        kind.is_html() || kind.is_json() || kind.is_css() || kind.is_javascript() || kind.is_svg()
    })
}

fn pack(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let room = Vec::with_capacity(plain.len() / 4);
    let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::new(4));
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Whether an `Accept-Encoding` header names gzip, and does not refuse it with `q=0`.
pub fn accepts_gzip(header: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_by_name_and_weight() {
        for good in ["gzip", "deflate, gzip;q=0.5", "GZIP", "br, gzip ; q=1.0"] {
            assert!(accepts_gzip(good), "{good}");
        }
        for bad in ["", "identity", "x-gzip", "gzip;q=0", "gzip; q=0.0", "br"] {
            assert!(!accepts_gzip(bad), "{bad}");
        }
    }
}
