//! Styles, scripts and pictures: the files of `static/`, part of the program.
//!
//! They are served under an address that holds a checksum of them all, so browsers keep them for
//! ever and still see a new version at once; one checksum for all lets them refer to each other.
//! Without optimisation they are read from the disk each time, so that an edit shows on reload.

use std::io::Cursor;
use std::sync::OnceLock;

use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::http::{Header, Status};
use rocket::request::FromSegments;
use rocket::response::{self, Responder};
use rocket::{Request, Response, Route, get, routes};
use sha2::{Digest, Sha256};

use super::cache::CachePolicy;

#[derive(rust_embed::Embed)]
#[folder = "static/"]
struct Static;

/// The address of the file `name` of `static/`, such as `css/base.css`.
pub fn asset_url(name: &str) -> String {
    format!("/static/{}/{name}", version())
}

/// The routes; mount them at `/static`.
pub fn routes() -> Vec<Route> {
    routes![asset]
}

/// The beginning of a checksum of all files.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut names: Vec<_> = Static::iter().collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name.as_bytes());
            if let Some(file) = Static::get(&name) {
                hash.update(file.metadata.sha256_hash());
            }
        }
        let short = hash.finalize().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        format!("{short:016x}")
    })
}

#[get("/<wanted>/<name..>")]
fn asset(wanted: &str, name: AssetName) -> Option<Asset> {
    let file = Static::get(&name.0).filter(|_| wanted == version())?;
    let kind = file.metadata.mimetype().to_owned();
    Some(Asset { kind, bytes: file.data.into_owned() })
}

/// Names joined by slashes; which of them exist is for the embedded table to say.
struct AssetName(String);

impl FromSegments<'_> for AssetName {
    type Error = ();

    fn from_segments(segments: Segments<'_, Path>) -> Result<AssetName, ()> {
        let names: Vec<&str> = segments.collect();
        let odd = |name: &&str| name.starts_with('.') || name.contains(['/', '\\', '\0']);
        if names.iter().any(odd) { Err(()) } else { Ok(AssetName(names.join("/"))) }
    }
}

struct Asset {
    kind: String,
    bytes: Vec<u8>,
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Asset { mut kind, bytes } = self;
        if kind.starts_with("text/") {
            kind.push_str("; charset=utf-8");
        }
        let policy =
            if cfg!(debug_assertions) { CachePolicy::Revalidate } else { CachePolicy::Immutable };
        Response::build()
            .status(Status::Ok)
            .header(Header::new("Content-Type", kind))
            .header(policy)
            .sized_body(bytes.len(), Cursor::new(bytes))
            .ok()
    }
}
