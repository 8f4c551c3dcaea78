//! `/build/create` and `/build/check-before-build`: handing in builds.

use rocket::serde::json::Json;
use rocket::{State, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, Integer, Items, Switch, Text, Words, bodies, described};
use super::params::List;
use super::source::{
    CustomFields, DistGitFields, PyPiFields, RubyGemsFields, ScmFields, TreeFields, UploadFields,
};
use super::view::BuildView;
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, FieldReader};
use crate::http::sources::{self, uploaded};
use crate::ops::builds::{self, TreeWish, Wish};
use crate::ops::sources::SourceKind;
use crate::ops::{App, Mistakes};

/// What [`wish`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct BuildFields {
    /// The project's owner: a user, or a group as `@name`.
    ownername: Text,
    /// The project's name.
    projectname: Text,
    /// The directory of the project to build in: `project:custom:…` or `project:pr:…`.
    project_dirname: Option<Text>,
    /// The chroots to build in, out of the project's; patterns like `fedora-*` are understood.
    chroots: Option<Items>,
    /// The chroots to leave out.
    exclude_chroots: Option<Items>,
    /// How many seconds it may take.
    timeout: Option<Integer>,
    /// Let other builds go first.
    background: Option<Switch>,
    /// An older name of `background`.
    is_background: Option<Switch>,
    /// Access to the network.
    enable_net: Option<Switch>,
    /// How build roots are bootstrapped.
    bootstrap: Option<Text>,
    /// What separates the build from the host.
    isolation: Option<Text>,
    /// Wait until this build's batch is done.
    after_build_id: Option<Integer>,
    /// Build together with this one.
    with_build_id: Option<Integer>,
    /// The forge project that packit builds for.
    packit_forge_project: Option<Text>,
}

/// What [`from_urls`] reads besides.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct UrlFields {
    /// The addresses of source packages and spec files; each becomes a build.
    pkgs: Words,
}

bodies! {
    BuildOfUrls = BuildFields, UrlFields;
    BuildOfUpload = BuildFields, UploadFields;
    BuildOfTree = BuildFields, TreeFields;
    BuildOfScm = BuildFields, ScmFields;
    BuildOfDistGit = BuildFields, DistGitFields;
    BuildOfPyPi = BuildFields, PyPiFields;
    BuildOfRubyGems = BuildFields, RubyGemsFields;
    BuildOfScript = BuildFields, CustomFields;
}

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
    wish.mistakes = read.mistakes();
    wish
}

#[derive(Serialize, ToSchema)]
#[schema(as = CheckedBuild)]
struct Checked {
    message: &'static str,
}

/// Whether a build like this would be taken in; makes none.
#[utoipa::path(
    request_body = BuildFields,
    responses((status = 200, body = Checked)),
    security(("token" = [])),
)]
#[post("/build/check-before-build", data = "<body>")]
async fn check(app: &State<App>, caller: ApiUser, body: Body) -> Answer<Checked> {
    builds::check(app, &caller.user, wish(body.reader())).await?;
    Ok(Json(Checked { message: "It should be safe to submit a build like this" }))
}

/// Builds source packages that lie somewhere in the web.
#[utoipa::path(
    request_body = BuildOfUrls,
    responses((status = 200, body = List<BuildView>)),
    security(("token" = [])),
)]
#[post("/build/create/url", data = "<body>")]
async fn from_urls(app: &State<App>, caller: ApiUser, body: Body) -> Answer<List<BuildView>> {
    let mut read = body.reader();
    let urls = read.words("pkgs");
    let made = builds::submit_urls(app, &caller.user, wish(read), urls).await?;
    let views = made.into_iter().map(|build| BuildView::new(build, app)).collect();
    Ok(Json(List::whole(views)))
}

/// Builds a source package that is sent along.
#[utoipa::path(
    request_body = BuildOfUpload,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/upload", data = "<body>")]
async fn from_upload(app: &State<App>, caller: ApiUser, mut body: Body) -> Answer<BuildView> {
    let file = uploaded(&mut body);
    let build = builds::submit_upload(app, &caller.user, wish(body.reader()), file).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// Builds a directory that is sent along; `coprbox build` does this, Copr has nothing like it.
///
/// The source package is made on the server, in a chroot of the build's. An archive that the spec
/// file names as a source and that is not in the directory is made from the directory; sources
/// with an address are downloaded.
#[utoipa::path(
    request_body = BuildOfTree,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/tree", data = "<body>")]
async fn from_tree(app: &State<App>, caller: ApiUser, mut body: Body) -> Answer<BuildView> {
    let file = uploaded(&mut body);
    let mut read = body.reader();
    let tree = TreeWish { spec: read.line("spec"), pack_source: read.switch("pack_source") };
    let build = builds::submit_tree(app, &caller.user, wish(read), tree, file).await?;
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
    let (source, wrong) = sources::read(kind, body);
    wish.mistakes.append(wrong);
    let build = builds::submit_source(app, &caller.user, wish, source).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// Builds what lies in a repository of git or Subversion.
#[utoipa::path(
    request_body = BuildOfScm,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/scm", data = "<body>")]
async fn from_scm(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::Scm).await
}

/// Builds a package of a distribution's sources.
#[utoipa::path(
    request_body = BuildOfDistGit,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/distgit", data = "<body>")]
async fn from_distgit(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::DistGit).await
}

/// Builds a package of PyPI.
#[utoipa::path(
    request_body = BuildOfPyPi,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/pypi", data = "<body>")]
async fn from_pypi(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::PyPi).await
}

/// Builds a gem of RubyGems.
#[utoipa::path(
    request_body = BuildOfRubyGems,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/rubygems", data = "<body>")]
async fn from_rubygems(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::RubyGems).await
}

/// Builds what a script makes.
#[utoipa::path(
    request_body = BuildOfScript,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/build/create/custom", data = "<body>")]
async fn from_script(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    from_source(app, &caller, &body, SourceKind::Custom).await
}

pub(super) fn endpoints() -> Endpoints {
    described![
        check,
        from_urls,
        from_upload,
        from_tree,
        from_scm,
        from_distgit,
        from_pypi,
        from_rubygems,
        from_script
    ]
}
