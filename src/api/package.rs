//! `/package`: reading, and building from what is on record.

use rocket::serde::json::Json;
use rocket::{Route, State, get, post, routes};

use super::create::wish;
use super::error::Answer;
use super::params::{List, Params};
use super::view::{BuildView, PackageView};
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::packages::{self, With};
use crate::ops::{App, builds};

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

pub(super) fn routes() -> Vec<Route> {
    routes![get_one, list, build]
}
