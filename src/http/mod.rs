//! What all HTTP answers share: files, headers, compression, logging.
//!
//! Nothing here knows what a project is. [`door`] takes connections, [`files`] serves the results
//! tree, [`body`] reads what clients send, [`sources`] what of it both doors are told about
//! sources; the rest is manners.

pub mod access_log;
pub mod assets;
pub mod body;
pub mod cache;
pub mod compress;
pub mod door;
pub mod events;
pub mod files;
pub mod headers;
pub mod page;
pub mod pager;
pub mod params;
pub mod refusal;
pub mod sources;

use rocket::shield::Shield;
use rocket::{Build, Rocket};

/// Attaches what every answer goes through, and the files of `static/`.
pub fn with_manners(rocket: Rocket<Build>) -> Rocket<Build> {
    // Rocket's shield would put its own frame policy on everything.
    rocket
        .attach(Shield::new())
        .attach(headers::Headers)
        .attach(compress::Gzip)
        .attach(access_log::AccessLog)
        .mount("/static", assets::routes())
}

/// Adds `byte` in the form that addresses have it: `%5E`.
fn push_encoded(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}
