//! `/build/create/rpm-upload`: publishing packages that are built already.

use rocket::serde::json::Json;
use rocket::{State, post};
use utoipa::ToSchema;

use super::create::{BuildFields, wish};
use super::error::Answer;
use super::openapi::{Endpoints, Items, Text, Words, bodies, described};
use super::source::UploadFields;
use super::view::BuildView;
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::App;
use crate::ops::builds::{self, RpmUpload, UploadedFile};

/// The file part that is read.
const FILES: &str = "pkgs";

/// What [`from_rpms`] reads besides.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct RpmFields {
    /// The name of the source package that they were built from.
    name: Option<Text>,
    /// The checksums of the files, in their order.
    sha256: Option<Words>,
    /// Another name of `chroots`.
    chroot: Option<Items>,
}

bodies! {
    BuildOfRpms = BuildFields, UploadFields, RpmFields;
}

/// Publishes packages that are built already, one or more files named `pkgs`.
#[utoipa::path(
    request_body = BuildOfRpms,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/rpm-upload", data = "<body>")]
async fn from_rpms(app: &State<App>, caller: ApiUser, mut body: Body) -> Answer<BuildView> {
    let mut files = Vec::new();
    while let Some(upload) = body.take_file(FILES) {
        files.push(UploadedFile { name: upload.name().to_owned(), path: upload.into_path() });
    }
    let mut read = body.reader();
    let upload = RpmUpload {
        files,
        sums: read.words("sha256").unwrap_or_default(),
        name: read.line("name"),
    };
    // The first servers that took packages had one chroot, in a field of its own.
    let chroot = read.items("chroot").unwrap_or_default();
    if let Some(other) = body.files().first() {
        let why = "only binary packages are taken, in parts named pkgs; leave this one out";
        let _: Option<()> = read.refuse(other.field(), why);
    }
    let mut wish = wish(read);
    let chroots = wish.chroots.get_or_insert_default();
    chroots.extend(chroot.into_iter().filter(|name| !name.is_empty()));
    Ok(Json(BuildView::new(builds::submit_rpms(app, &caller.user, wish, upload).await?, app)))
}

pub(super) fn endpoints() -> Endpoints {
    described![from_rpms]
}
