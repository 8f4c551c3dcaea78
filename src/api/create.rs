//! `/build/create` and `/build/check-before-build`: handing in builds.

use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};
use serde_json::{Value, json};

use super::error::Answer;
use super::params::List;
use super::project::mistakes;
use super::source::{source, uploaded};
use super::view::BuildView;
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, FieldReader};
use crate::ops::builds::{self, Wish};
use crate::ops::sources::SourceKind;
use crate::ops::{App, Mistakes};

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
    let file = uploaded(&mut body);
    let build = builds::submit_upload(app, &caller.user, wish(body.reader()), file).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// A build of anything but a file or an address of one.
async fn from_source(
    app: &App,
    caller: &ApiUser,
    body: &Body,
    kind: SourceKind,
) -> Answer<BuildView> {
    let mut wish = wish(body.reader());
    let (source, wrong) = source(kind, body.reader());
    wish.mistakes.append(wrong);
    let build = builds::submit_source(app, &caller.user, wish, source).await?;
    Ok(Json(BuildView::new(build, app)))
}

#[post("/build/create/scm", data = "<body>")]
async fn from_scm(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::Scm).await
}

#[post("/build/create/distgit", data = "<body>")]
async fn from_distgit(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::DistGit).await
}

#[post("/build/create/pypi", data = "<body>")]
async fn from_pypi(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::PyPi).await
}

#[post("/build/create/rubygems", data = "<body>")]
async fn from_rubygems(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::RubyGems).await
}

#[post("/build/create/custom", data = "<body>")]
async fn from_script(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::Custom).await
}

pub(super) fn routes() -> Vec<Route> {
    routes![
        check,
        from_urls,
        from_upload,
        from_scm,
        from_distgit,
        from_pypi,
        from_rubygems,
        from_script
    ]
}
