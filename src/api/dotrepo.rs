//! The `.repo` files that dnf 4, curl and zypper download. Beside the API, but for machines.

use rocket::http::{ContentType, Header, Status};
use rocket::{Responder, Route, State, get, routes};
use serde_json::json;

use super::params::Params;
use crate::model::ChrootName;
use crate::ops::install::{self, Found};
use crate::ops::{App, Error};

#[derive(Responder)]
enum RepoFile {
    #[response(status = 200)]
    File(String, ContentType, Header<'static>),
    /// dnf tells by the header whether it is the project or only the chroot that is missing.
    #[response(status = 404)]
    NoChroot(String, ContentType, Header<'static>),
    #[response(status = 404)]
    NoProject(String, ContentType),
    Failed(Status),
}

async fn answer(app: &App, owner: &str, dir: &str, release: &str, params: &Params) -> RepoFile {
    let arch = params.get("arch").filter(|arch| !arch.is_empty());
    match install::repo_file(app, (owner, dir), release, arch).await {
        Ok(Found::File { name, text }) => {
            let header = Header::new("Content-Disposition", format!("filename={name}"));
            RepoFile::File(text, ContentType::Plain, header)
        }
        Ok(Found::NoChroot(chroots)) => {
            let names: Vec<&str> = chroots.iter().map(ChrootName::as_str).collect();
            let text = format!("{owner}/{dir} has no chroot {release}, but: {}", names.join(", "));
            let data = json!({ "available chroots": names }).to_string();
            let header = Header::new("Copr-Error-Data", base64(data.as_bytes()));
            RepoFile::NoChroot(page(&text), ContentType::HTML, header)
        }
        Err(Error::NotFound(text)) => RepoFile::NoProject(page(&text), ContentType::HTML),
        Err(error) => {
            tracing::error!(%error, "making a repository file");
            RepoFile::Failed(Status::InternalServerError)
        }
    }
}

/// What a browser shows instead of a file.
fn page(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not found</title>\
         </head>\n<body><p>{text}</p></body></html>\n"
    )
}

/// The file's name in the address is for clients to choose.
#[get("/coprs/<owner>/<dir>/repo/<release>/<_file>", rank = 2)]
async fn named(
    app: &State<App>,
    owner: &str,
    dir: &str,
    release: &str,
    _file: &str,
    params: Params,
) -> RepoFile {
    answer(app, owner, dir, release, &params).await
}

#[get("/coprs/<owner>/<dir>/repo/<release>")]
async fn plain(
    app: &State<App>,
    owner: &str,
    dir: &str,
    release: &str,
    params: Params,
) -> RepoFile {
    answer(app, owner, dir, release, &params).await
}

#[get("/coprs/g/<group>/<dir>/repo/<release>/<_file>", rank = 3)]
async fn named_of_group(
    app: &State<App>,
    group: &str,
    dir: &str,
    release: &str,
    _file: &str,
    params: Params,
) -> RepoFile {
    answer(app, &format!("@{group}"), dir, release, &params).await
}

#[get("/coprs/g/<group>/<dir>/repo/<release>", rank = 3)]
async fn plain_of_group(
    app: &State<App>,
    group: &str,
    dir: &str,
    release: &str,
    params: Params,
) -> RepoFile {
    answer(app, &format!("@{group}"), dir, release, &params).await
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

pub(super) fn routes() -> Vec<Route> {
    routes![named, plain, named_of_group, plain_of_group]
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_padded() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd, 0xfc]), "//79/A==");
    }
}
