//! `/package`: reading, building from what is on record, resetting, deleting.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, State, delete, get, post, put, routes};

use super::create::wish;
use super::error::Answer;
use super::methods::also;
use super::params::{List, Params};
use super::view::{BuildView, PackageView};
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::packages::{self, With};
use crate::ops::{App, Error, Result, builds};

fn with(params: &Params) -> With {
    With {
        latest: params.switch("with_latest_build"),
        latest_succeeded: params.switch("with_latest_succeeded_build"),
    }
}

#[get("/package")]
async fn get_one(app: &State<App>, params: Params) -> Answer<PackageView> {
    let project = params.project()?;
    let name = params.required("packagename")?;
    let (project, shown) = packages::get(app, project, name, with(&params)).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

#[get("/package/list")]
async fn list(app: &State<App>, params: Params) -> Answer<List<PackageView>> {
    let page = params.page(&["id", "name"])?;
    let (order, slice) = (page.order(), page.slice());
    let (project, found) =
        packages::list(app, params.project()?, with(&params), order, slice).await?;
    let views = found.into_iter().map(|shown| PackageView::new(&project, shown, app)).collect();
    Ok(Json(page.list(views)))
}

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

#[put("/package/reset", data = "<body>")]
async fn reset(app: &State<App>, caller: ApiUser, body: Body) -> Answer<PackageView> {
    let (owner, project, name) = named(&body)?;
    let (project, shown) = packages::reset(app, &caller.user, (&owner, &project), &name).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

#[delete("/package/delete", data = "<body>")]
async fn remove(app: &State<App>, caller: ApiUser, body: Body) -> Answer<PackageView> {
    let (owner, project, name) = named(&body)?;
    let (project, shown) = packages::delete(app, &caller.user, (&owner, &project), &name).await?;
    Ok(Json(PackageView::new(&project, shown, app)))
}

pub(super) fn routes() -> Vec<Route> {
    let mut all = routes![get_one, list, build];
    all.extend(also(Method::Post, routes![reset, remove]));
    all
}
