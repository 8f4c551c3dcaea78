//! `/build/create` and `/build/check-before-build`: handing in builds.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Responder, Route, State, post, routes};
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::params::List;
use super::project::mistakes;
use super::view::BuildView;
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, FieldReader};
use crate::ops::builds::{self, UploadedFile, Wish};
use crate::ops::{App, Error, Mistakes};

/// What the fields say about how to build.
pub(super) fn wish(mut read: FieldReader<'_>) -> Wish {
    let mut wish = Wish {
        owner: read.line("ownername"),
        project: read.line("projectname"),
        dir: read.line("project_dirname"),
        chroots: read.items("chroots"),
        exclude_chroots: read.items("exclude_chroots"),
        timeout: read.integer("timeout"),
        background: read.switch("background").or_else(|| read.switch("is_background")),
        enable_net: read.switch("enable_net"),
        bootstrap: read.line("bootstrap"),
        isolation: read.line("isolation"),
        after_build: read.integer("after_build_id"),
        with_build: read.integer("with_build_id"),
        packit_forge_project: read.line("packit_forge_project"),
        mistakes: Mistakes::default(),
    };
    wish.mistakes = mistakes(read);
    wish
}

#[post("/build/check-before-build", data = "<body>")]
async fn check(app: &State<App>, caller: ApiUser, body: Body) -> Answer<Value> {
    builds::check(app, &caller.user, wish(body.reader())).await?;
    Ok(Json(json!({ "message": "It should be safe to submit a build like this" })))
}

#[post("/build/create/url", data = "<body>")]
async fn from_urls(app: &State<App>, caller: ApiUser, body: Body) -> Answer<List<BuildView>> {
    let mut read = body.reader();
    let urls = read.words("pkgs");
    let made = builds::submit_urls(app, &caller.user, wish(read), urls).await?;
    let views = made.into_iter().map(|build| BuildView::new(build, app)).collect();
    Ok(Json(List::whole(views)))
}

#[post("/build/create/upload", data = "<body>")]
async fn from_upload(app: &State<App>, caller: ApiUser, mut body: Body) -> Answer<BuildView> {
    let file = body.take_file("pkgs").map(|upload| {
        let name = upload.name().to_owned();
        UploadedFile { name, path: upload.into_path() }
    });
    let build = builds::submit_upload(app, &caller.user, wish(body.reader()), file).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// The other kinds of sources that clients know. They are refused in so many words, after all that
/// any build is checked for.
const NOT_YET: [&str; 6] = ["scm", "distgit", "pypi", "rubygems", "custom", "rpm-upload"];

#[post("/build/create/<kind>", data = "<body>", rank = 2)]
async fn not_yet(
    app: &State<App>,
    caller: ApiUser,
    kind: &str,
    body: Body,
) -> Result<Json<BuildView>, NotYet> {
    if !NOT_YET.contains(&kind) {
        return Err(NotYet::Unknown(Status::NotFound));
    }
    let checked = builds::check(app, &caller.user, wish(body.reader())).await;
    let refusal = checked.err().unwrap_or_else(|| {
        Error::invalid(format!(
            "This server does not build from {kind} yet. Hand in a source package or a spec file."
        ))
    });
    Err(NotYet::Refused(ApiError(refusal)))
}

/// Why there is no build.
#[derive(Responder)]
enum NotYet {
    Unknown(Status),
    Refused(ApiError),
}

pub(super) fn routes() -> Vec<Route> {
    routes![check, from_urls, from_upload, not_yet]
}
