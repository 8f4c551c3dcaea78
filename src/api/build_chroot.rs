//! `/build-chroot`, with the paths of older clients.

use rocket::serde::json::Json;
use rocket::{State, get};
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, described};
use super::params::{List, Number, Paging, Params};
use super::view::{BuildChroot, ChrootConfig, Nevras};
use crate::model::list::ChrootKey;
use crate::model::{BuildId, ChrootName};
use crate::ops::{App, builds};

/// What lists of chroots can be ordered by: the words of [`ChrootKey`].
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Order {
    /// What to order by; the name stands for the id.
    #[param(inline)]
    order: Option<OrderWord>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(rename_all = "snake_case")]
enum OrderWord {
    Id,
    Name,
    Status,
    StartedOn,
    EndedOn,
    ResultDir,
}

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

async fn show_list(app: &App, id: &str, params: &Params) -> Answer<List<BuildChroot>> {
    let page = params.page(&ChrootKey::ALL.map(|(word, _)| word))?;
    let order = page.order_of(&ChrootKey::ALL);
    let page = if order.0 == ChrootKey::Id { page.by_id() } else { page };
    let found = match builds::number(id) {
        Ok(id) => builds::chroots(app, id, order).await?,
        Err(_) => None,
    };
    let Some((build, chroots)) = found else { return Ok(Json(page.list(Vec::new()))) };
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
    params(OfBuild, Paging, Order),
    responses((status = 200, body = List<BuildChroot>)),
)]
#[get("/build-chroot/list")]
async fn list(app: &State<App>, params: Params) -> Answer<List<BuildChroot>> {
    show_list(app, params.required("build_id")?, &params).await
}

/// A build in all its chroots, for older clients.
#[utoipa::path(params(Paging, Order), responses((status = 200, body = List<BuildChroot>)))]
#[get("/build-chroot/list/<id>")]
async fn list_of_old(
    app: &State<App>,
    id: Number<'_>,
    params: Params,
) -> Answer<List<BuildChroot>> {
    show_list(app, id.0, &params).await
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
