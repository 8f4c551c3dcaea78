//! `/build-chroot`, with the paths of older clients.

use rocket::serde::json::Json;
use rocket::{Route, State, get, routes};

use super::error::Answer;
use super::params::{List, Number, Page, Params};
use super::view::{BuildChroot, ChrootConfig, Nevras};
use crate::model::list::Slice;
use crate::ops::{App, builds};

/// What lists of chroots can be ordered by; by name means by id, for older clients.
const COLUMNS: [&str; 2] = ["id", "name"];

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

#[get("/build-chroot")]
async fn get_one(app: &State<App>, params: Params) -> Answer<BuildChroot> {
    show(app, params.required("build_id")?, params.required("chrootname")?).await
}

#[get("/build-chroot/<id>/<name>", rank = 2)]
async fn get_one_of_old(app: &State<App>, id: Number<'_>, name: &str) -> Answer<BuildChroot> {
    show(app, id.0, name).await
}

#[get("/build-chroot/list")]
async fn list(app: &State<App>, params: Params) -> Answer<List<BuildChroot>> {
    show_list(app, params.required("build_id")?, params.page(&COLUMNS)?).await
}

#[get("/build-chroot/list/<id>")]
async fn list_of_old(
    app: &State<App>,
    id: Number<'_>,
    params: Params,
) -> Answer<List<BuildChroot>> {
    show_list(app, id.0, params.page(&COLUMNS)?).await
}

#[get("/build-chroot/build-config")]
async fn build_config(app: &State<App>, params: Params) -> Answer<ChrootConfig> {
    show_config(app, params.required("build_id")?, params.required("chrootname")?).await
}

#[get("/build-chroot/build-config/<id>/<name>")]
async fn build_config_of_old(app: &State<App>, id: Number<'_>, name: &str) -> Answer<ChrootConfig> {
    show_config(app, id.0, name).await
}

#[get("/build-chroot/built-packages")]
async fn built_packages(app: &State<App>, params: Params) -> Answer<Nevras> {
    let (id, name) = (params.required("build_id")?, params.required("chrootname")?);
    let made = builds::chroot_packages(app, builds::number(id)?, name).await?;
    Ok(Json(made.into()))
}

pub(super) fn routes() -> Vec<Route> {
    routes![
        get_one,
        get_one_of_old,
        list,
        list_of_old,
        build_config,
        build_config_of_old,
        built_packages
    ]
}
