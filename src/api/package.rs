//! `/package`: reading, adding, changing, building from what is on record, resetting, deleting.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, delete, get, post, put};
use utoipa::ToSchema;

use super::create::{BuildFields, wish};
use super::error::Answer;
use super::openapi::{Commas, Endpoints, Integer, Switch, Text, bodies, described};
use super::params::{ByIdOrName, List, OfProject, Paging, Params};
use super::source::{
    CustomFields, DistGitFields, LinkFields, PyPiFields, RubyGemsFields, ScmFields,
};
use super::view::{BuildView, PackageView};
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::http::sources::{self, uploaded};
use crate::ops::packages::{self, Place, With};
use crate::ops::sources::{SourceKind, SourceWish};
use crate::ops::{App, Error, Result, builds, projects};

/// Which package of a project is meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfPackage {
    /// The package's name.
    packagename: String,
}

/// What [`with`] reads.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct WithBuilds {
    /// Show the newest build.
    with_latest_build: Option<bool>,
    /// Show the newest build that succeeded.
    with_latest_succeeded_build: Option<bool>,
}

fn with(params: &Params) -> With {
    With {
        latest: params.switch("with_latest_build"),
        latest_succeeded: params.switch("with_latest_succeeded_build"),
    }
}

/// A package.
#[utoipa::path(
    params(OfProject, OfPackage, WithBuilds),
    responses((status = 200, body = PackageView)),
)]
#[get("/package")]
async fn get_one(app: &State<App>, params: Params) -> Answer<PackageView> {
    let project = params.project()?;
    let name = params.required("packagename")?;
    let (project, shown) = packages::get(app, project, name, with(&params)).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

/// The packages of a project.
#[utoipa::path(
    params(OfProject, WithBuilds, Paging, ByIdOrName),
    responses(
        (status = 200, body = List<PackageView>),
        (status = 413, description = "There are too many for one answer; ask for fewer."),
    ),
)]
#[get("/package/list")]
async fn list(app: &State<App>, params: Params) -> Answer<List<PackageView>> {
    let page = params.page(&["id", "name"])?;
    let (order, slice) = (page.order(), page.slice());
    let (project, found) =
        packages::list(app, params.project()?, with(&params), order, slice).await?;
    let views = found.into_iter().map(|shown| PackageView::new(&project, shown, app)).collect();
    Ok(Json(page.list(views)))
}

/// What [`package_wish`] and [`add`] read besides the sources.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct PackageFields {
    /// The package's name; the one in the address counts.
    package_name: Option<Text>,
    /// Build when a webhook says that the sources have changed.
    webhook_rebuild: Option<Switch>,
    /// Have the server look for new commits or releases by itself.
    poll: Option<Switch>,
    /// How many of its builds to keep.
    max_builds: Option<Integer>,
    /// A private key to clone with over ssh; an empty text takes it away.
    deploy_key: Option<Text>,
    /// How many seconds a build may take.
    timeout: Option<Integer>,
    /// Patterns of chroots never to build in.
    chroot_denylist: Option<Commas>,
    /// For addresses another name of `url`; for uploads the file, in a multipart form.
    pkgs: Option<Text>,
}

/// What [`build`] reads besides.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct PackageOfBuild {
    /// The package's name.
    package_name: Text,
}

/// What [`named`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct PackageOfProject {
    /// The project's owner: a user, or a group as `@name`.
    ownername: Text,
    /// The project's name.
    projectname: Text,
    /// The package's name.
    package_name: Text,
}

bodies! {
    PackageSource = ScmFields, DistGitFields, PyPiFields, RubyGemsFields, CustomFields, LinkFields,
        PackageFields;
    BuildOfPackage = BuildFields, PackageOfBuild;
}

/// What the fields say about a package whose sources are of this kind.
fn package_wish(kind: SourceKind, body: &Body, name: &str) -> packages::Wish {
    let mut read = body.reader();
    let (mut source, mut wrong) = sources::read(kind, body);
    if let SourceWish::DistGit(distgit) = &mut source {
        // The package's name in the dist-git is its name here.
        distgit.package = Some(name.to_owned());
    }
    let (webhook_rebuild, poll, max_builds, timeout, chroot_denylist, deploy_key) = (
        read.switch("webhook_rebuild"),
        // Ours, as the key below: written, never shown.
        read.switch("poll"),
        read.integer("max_builds"),
        read.integer("timeout"),
        read.comma_separated("chroot_denylist"),
        read.text("deploy_key"),
    );
    wrong.append(read.mistakes());
    packages::Wish {
        source,
        webhook_rebuild,
        poll,
        max_builds,
        timeout,
        chroot_denylist,
        deploy_key,
        mistakes: wrong,
    }
}

/// The kind of sources that the address names. A project that is not there matters more than a
/// kind that is none.
async fn kind_of(app: &App, place: &Place, text: &str) -> Result<SourceKind> {
    match text.parse() {
        Ok(kind) => Ok(kind),
        Err(error) => {
            projects::get(app, &place.owner, &place.project).await?;
            Err(error)
        }
    }
}

/// Makes a package.
#[utoipa::path(
    request_body = PackageSource,
    responses(
        (status = 200, body = PackageView),
        (status = 409, description = "There is such a package already."),
    ),
    security(("token" = [])),
)]
#[post("/package/add/<owner>/<project>/<name>/<kind>", data = "<body>")]
async fn add(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    project: &str,
    name: &str,
    kind: &str,
    mut body: Body,
) -> Answer<PackageView> {
    let place = Place::new(owner, project, name);
    let kind = kind_of(app, &place, kind).await?;
    let file = uploaded(&mut body);
    let wish = package_wish(kind, &body, name);
    let named = body.reader().line("package_name").filter(|name| !name.is_empty());
    let (project, shown) = packages::add(app, &caller.user, place, named, wish, file).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

/// Changes a package; the kind of its sources stays.
#[utoipa::path(
    request_body = PackageSource,
    responses((status = 200, body = PackageView)),
    security(("token" = [])),
)]
#[post("/package/edit/<owner>/<project>/<name>", data = "<body>")]
async fn edit(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    project: &str,
    name: &str,
    body: Body,
) -> Answer<PackageView> {
    change(app, &caller, Place::new(owner, project, name), None, body).await
}

/// Changes a package. The kind may be the text `None`: clients put what they have into the
/// address.
#[utoipa::path(
    request_body = PackageSource,
    responses((status = 200, body = PackageView)),
    security(("token" = [])),
)]
#[post("/package/edit/<owner>/<project>/<name>/<kind>", data = "<body>")]
async fn edit_kind(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    project: &str,
    name: &str,
    kind: &str,
    body: Body,
) -> Answer<PackageView> {
    let kind = Some(kind).filter(|kind| *kind != "None");
    change(app, &caller, Place::new(owner, project, name), kind, body).await
}

async fn change(
    app: &App,
    caller: &ApiUser,
    place: Place,
    kind: Option<&str>,
    mut body: Body,
) -> Answer<PackageView> {
    let kind = match kind {
        Some(kind) => kind_of(app, &place, kind).await?,
        None => packages::source_kind(app, &place).await?,
    };
    let file = uploaded(&mut body);
    let wish = package_wish(kind, &body, &place.name);
    let (project, shown) = packages::edit(app, &caller.user, place, wish, file).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

/// Builds a package from the sources on record.
#[utoipa::path(
    request_body = BuildOfPackage,
    responses((status = 200, body = BuildView)),
    security(("token" = [])),
)]
#[post("/package/build", data = "<body>")]
async fn build(app: &State<App>, caller: ApiUser, body: Body) -> Answer<BuildView> {
    let package = body.reader().line("package_name");
    let wish = wish(body.reader());
    let build = builds::submit_package(app, &caller.user, wish, package).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// The package that the fields name: owner, project, package.
fn named(body: &Body) -> Result<(String, String, String)> {
    let mut read = body.reader();
    let mut field = |name: &str| {
        let value = read.line(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::invalid(format!("{name}: This field is required.")))
    };
    Ok((field("ownername")?, field("projectname")?, field("package_name")?))
}

/// Makes a package forget where its sources come from.
#[utoipa::path(
    request_body = PackageOfProject,
    responses((status = 200, body = PackageView)),
    security(("token" = [])),
)]
#[put("/package/reset", data = "<body>")]
async fn reset(app: &State<App>, caller: ApiUser, body: Body) -> Answer<PackageView> {
    let (owner, project, name) = named(&body)?;
    let (project, shown) = packages::reset(app, &caller.user, (&owner, &project), &name).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

/// Deletes a package and its builds.
#[utoipa::path(
    request_body = PackageOfProject,
    responses(
        (status = 200, body = PackageView),
        (status = 409, description = "It has builds that are not finished."),
    ),
    security(("token" = [])),
)]
#[delete("/package/delete", data = "<body>")]
async fn remove(app: &State<App>, caller: ApiUser, body: Body) -> Answer<PackageView> {
    let (owner, project, name) = named(&body)?;
    let (project, shown) = packages::delete(app, &caller.user, (&owner, &project), &name).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

pub(super) fn endpoints() -> Endpoints {
    described![get_one, list, add, build]
        .and(described![edit, edit_kind].also(Method::Put))
        .and(described![reset, remove].also(Method::Post))
}
