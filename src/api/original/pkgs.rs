//! `/coprs/<owner>/<name>/pkgs`: the packages of a copr.

use rocket::serde::json::Json;
use rocket::{State, delete, get, post};
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::Answer;
use super::view;
use crate::api::openapi::{Endpoints, File, described};
use crate::api::params::{ByIdOrName, Paging, Params};
use crate::http::body::Body;
use crate::model::copr::{Pkg, Pkgs};
use crate::model::list::{Direction, SortKey};
use crate::ops::App;
use crate::ops::builds::{self, UploadedFile, Wish};
use crate::ops::packages::{self, With};

/// A package is shown with the builds that its version and state come from.
const WITH: With = With { latest: true, latest_succeeded: true };

/// The packages of a copr, by name.
#[utoipa::path(params(Paging, ByIdOrName), responses((status = 200, body = Pkgs)))]
#[get("/coprs/<owner>/<name>/pkgs")]
async fn get_all(app: &State<App>, owner: &str, name: &str, params: Params) -> Answer<Pkgs> {
    let slice = params.page(&["id", "name"])?.slice();
    let order = (SortKey::Name, Direction::Ascending);
    let (project, found) = packages::list(app, (owner, name), WITH, order, slice).await?;
    let pkgs = found.into_iter().map(|shown| view::pkg(&project, shown, app)).collect();
    Ok(Json(Pkgs { pkgs }))
}

/// A package of a copr.
#[utoipa::path(responses((status = 200, body = Pkg)))]
#[get("/coprs/<owner>/<name>/pkgs/<pkg>")]
async fn get_one(app: &State<App>, owner: &str, name: &str, pkg: &str) -> Answer<Pkg> {
    let (project, shown) = packages::get(app, (owner, name), pkg, WITH).await?;
    Ok(Json(view::pkg(&project, shown, app)))
}

/// What [`create`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(as = original::NewPkg)]
struct NewPkg {
    /// A source package.
    srpm: File,
}

/// Builds a source package that is sent along.
#[utoipa::path(
    request_body(content = NewPkg, content_type = "multipart/form-data"),
    responses((status = 200, body = Pkg)),
    security(("token" = [])),
)]
#[post("/coprs/<owner>/<name>/pkgs", data = "<body>")]
async fn create(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    mut body: Body,
) -> Answer<Pkg> {
    let file = body.take_file("srpm").map(|upload| {
        let name = upload.name().to_owned();
        UploadedFile { name, path: upload.into_path() }
    });
    let wish =
        Wish { owner: Some(owner.to_owned()), project: Some(name.to_owned()), ..Wish::default() };
    let build = builds::submit_srpm(app, &caller.0, wish, file).await?;
    let pkg = build.package.map(|pkg| pkg.to_string()).unwrap_or_default();
    let (project, shown) = packages::get(app, (owner, name), &pkg, WITH).await?;
    Ok(Json(view::pkg(&project, shown, app)))
}

/// Deletes a package and its builds; the answer shows it as it was.
#[utoipa::path(
    responses(
        (status = 200, body = Pkg),
        (status = 409, description = "There are builds that are not finished."),
    ),
    security(("token" = [])),
)]
#[delete("/coprs/<owner>/<name>/pkgs/<pkg>")]
async fn remove(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    pkg: &str,
) -> Answer<Pkg> {
    let (project, was) = packages::get(app, (owner, name), pkg, WITH).await?;
    packages::delete(app, &caller.0, (owner, name), pkg).await?;
    Ok(Json(view::pkg(&project, was, app)))
}

pub(in crate::api) fn endpoints() -> Endpoints {
    described![get_all, get_one, create, remove]
}
