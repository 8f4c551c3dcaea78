//! `/build-chroot`, with the paths of older clients.

use rocket::serde::json::Json;
use rocket::{State, get};

use super::error::Answer;
use super::openapi::{Endpoints, described};
use super::params::{ByIdOrName, List, Number, Page, Paging, Params};
use super::view::{BuildChroot, ChrootConfig, Nevras};
use crate::model::list::Slice;
use crate::model::{BuildId, ChrootName};
use crate::ops::{App, builds};

/// What lists of chroots can be ordered by; by name means by id, for older clients.
const COLUMNS: [&str; 2] = ["id", "name"];

/// Which build is meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfBuild {
    /// The build's number.
    build_id: BuildId,
}

/// Which chroot of a build is meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfBuildChroot {
    /// The build's number.
    build_id: BuildId,
    /// The chroot's name.
    chrootname: ChrootName,
}

async fn show(app: &App, id: &str, name: &str) -> Answer<BuildChroot> {
    let (build, chroot) = builds::chroot(app, builds::number(id)?, name).await?;
    Ok(Json(BuildChroot::new(&build, chroot, &app.layout())))
}

async fn show_list(app: &App, id: &str, page: Page) -> Answer<List<BuildChroot>> {
    let page = page.by_id();
    let found = match builds::number(id) {
        Ok(id) => builds::chroots(app, id, Slice::default()).await?,
        Err(_) => None,
    };
    let Some((build, mut chroots)) = found else { return Ok(Json(page.list(Vec::new()))) };
    if page.is_descending() {
        chroots.reverse();
    }
    let layout = app.layout();
    let part = page.cut(chroots);
    let views = part.into_iter().map(|chroot| BuildChroot::new(&build, chroot, &layout)).collect();
    Ok(Json(page.list(views)))
}

async fn show_config(app: &App, id: &str, name: &str) -> Answer<ChrootConfig> {
    let (build, config) = builds::config(app, builds::number(id)?, name).await?;
    Ok(Json(ChrootConfig::new(&build, config)))
}

/// A build in one chroot.
#[utoipa::path(params(OfBuildChroot), responses((status = 200, body = BuildChroot)))]
#[get("/build-chroot")]
async fn get_one(app: &State<App>, params: Params) -> Answer<BuildChroot> {
    show(app, params.required("build_id")?, params.required("chrootname")?).await
}

/// A build in one chroot, for older clients.
#[utoipa::path(responses((status = 200, body = BuildChroot)))]
#[get("/build-chroot/<id>/<chroot>", rank = 2)]
async fn get_one_of_old(app: &State<App>, id: Number<'_>, chroot: &str) -> Answer<BuildChroot> {
    show(app, id.0, chroot).await
}

/// A build in all its chroots; an empty list for a build that is not there.
#[utoipa::path(
    params(OfBuild, Paging, ByIdOrName),
    responses((status = 200, body = List<BuildChroot>)),
)]
#[get("/build-chroot/list")]
async fn list(app: &State<App>, params: Params) -> Answer<List<BuildChroot>> {
    show_list(app, params.required("build_id")?, params.page(&COLUMNS)?).await
}

/// A build in all its chroots, for older clients.
#[utoipa::path(params(Paging, ByIdOrName), responses((status = 200, body = List<BuildChroot>)))]
#[get("/build-chroot/list/<id>")]
async fn list_of_old(
    app: &State<App>,
    id: Number<'_>,
    params: Params,
) -> Answer<List<BuildChroot>> {
    show_list(app, id.0, params.page(&COLUMNS)?).await
}

/// What a build is configured with in one chroot.
#[utoipa::path(params(OfBuildChroot), responses((status = 200, body = ChrootConfig)))]
#[get("/build-chroot/build-config")]
async fn build_config(app: &State<App>, params: Params) -> Answer<ChrootConfig> {
    show_config(app, params.required("build_id")?, params.required("chrootname")?).await
}

/// What a build is configured with in one chroot, for older clients.
#[utoipa::path(responses((status = 200, body = ChrootConfig)))]
#[get("/build-chroot/build-config/<id>/<chroot>")]
async fn build_config_of_old(
    app: &State<App>,
    id: Number<'_>,
    chroot: &str,
) -> Answer<ChrootConfig> {
    show_config(app, id.0, chroot).await
}

/// What a build has built in one chroot.
#[utoipa::path(params(OfBuildChroot), responses((status = 200, body = Nevras)))]
#[get("/build-chroot/built-packages")]
async fn built_packages(app: &State<App>, params: Params) -> Answer<Nevras> {
    let (id, name) = (params.required("build_id")?, params.required("chrootname")?);
    let made = builds::chroot_packages(app, builds::number(id)?, name).await?;
    Ok(Json(made.into()))
}

pub(super) fn endpoints() -> Endpoints {
    described![
        get_one,
        get_one_of_old,
        list,
        list_of_old,
        build_config,
        build_config_of_old,
        built_packages
    ]
}
