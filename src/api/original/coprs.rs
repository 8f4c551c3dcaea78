//! `/coprs`: coprs, their dependencies, releases and permissions.

use rocket::serde::json::Json;
use rocket::{Route, State, delete, get, post, put, routes};

use super::caller::Caller;
use super::error::Answer;
use super::view;
use crate::api::params::Params;
use crate::http::body::JsonBody;
use crate::model::copr::{
    Copr, CoprEdit, Coprs, Dependencies, Granting, NewCopr, Permissions, Releases, Revoking,
};
use crate::model::permission::{Grant, Role};
use crate::ops::projects::{self, Change, NewProject, Shown, Wish};
use crate::ops::{App, Mistakes, permissions};

fn view(app: &App, shown: Shown) -> Json<Copr> {
    Json(view::copr(shown, app))
}

#[get("/coprs")]
async fn get_all(app: &State<App>, params: Params) -> Answer<Coprs> {
    let page = params.page(&["id", "name"])?;
    let owner = params.get("owner").filter(|owner| !owner.is_empty());
    let found = projects::list(app, owner, page.order(), page.slice()).await?;
    let rest = projects::these(app, found.rest).await?;
    let coprs = found.first.into_iter().chain(rest).map(|shown| view::copr(shown, app)).collect();
    Ok(Json(Coprs { coprs }))
}

#[get("/coprs/<owner>/<name>")]
async fn get_one(app: &State<App>, owner: &str, name: &str) -> Answer<Copr> {
    Ok(view(app, projects::get(app, owner, name).await?))
}

#[post("/coprs/<owner>", data = "<body>")]
async fn create(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    body: JsonBody<NewCopr>,
) -> Answer<Copr> {
    let NewCopr { name, description, releases, dependencies } = body.0;
    let mut mistakes = Mistakes::default();
    let mut repos = Vec::with_capacity(dependencies.len());
    for text in &dependencies {
        match projects::dependency(text) {
            Ok(repo) => repos.push(repo.as_str().to_owned()),
            Err(why) => mistakes.add("repos", why),
        }
    }
    let wish = Wish {
        chroots: Some(releases),
        description: Some(description),
        additional_repos: Some(repos),
        mistakes,
        ..Wish::default()
    };
    let new = NewProject { name: Some(name), wish, ..NewProject::default() };
    Ok(view(app, projects::create(app, &caller.0, owner, new).await?))
}

#[put("/coprs/<owner>/<name>", data = "<body>")]
async fn edit(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<CoprEdit>,
) -> Answer<Copr> {
    let CoprEdit { description, instructions, homepage, contact } = body.0;
    let wish = Wish { description, instructions, homepage, contact, ..Wish::default() };
    Ok(view(app, projects::edit(app, &caller.0, owner, name, wish).await?))
}

#[delete("/coprs/<owner>/<name>")]
async fn remove(app: &State<App>, caller: Caller, owner: &str, name: &str) -> Answer<Copr> {
    Ok(view(app, projects::delete(app, &caller.0, owner, name).await?))
}

#[post("/coprs/<owner>/<name>/add_dependencies", data = "<body>")]
async fn add_dependencies(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Dependencies>,
) -> Answer<Copr> {
    let (copr, named) = ((owner, name), body.0.dependencies);
    let shown = projects::change_dependencies(app, &caller.0, copr, Change::Add, named).await?;
    Ok(view(app, shown))
}

#[post("/coprs/<owner>/<name>/remove_dependencies", data = "<body>")]
async fn remove_dependencies(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Dependencies>,
) -> Answer<Copr> {
    let (copr, named) = ((owner, name), body.0.dependencies);
    let shown = projects::change_dependencies(app, &caller.0, copr, Change::Remove, named).await?;
    Ok(view(app, shown))
}

#[post("/coprs/<owner>/<name>/add_releases", data = "<body>")]
async fn add_releases(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Releases>,
) -> Answer<Copr> {
    let (copr, named) = ((owner, name), body.0.releases);
    Ok(view(app, projects::change_chroots(app, &caller.0, copr, Change::Add, named).await?))
}

#[post("/coprs/<owner>/<name>/remove_releases", data = "<body>")]
async fn remove_releases(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Releases>,
) -> Answer<Copr> {
    let (copr, named) = ((owner, name), body.0.releases);
    Ok(view(app, projects::change_chroots(app, &caller.0, copr, Change::Remove, named).await?))
}

/// One role as a list of its own; what is revoked may be all of them.
fn roles(role: Option<Role>) -> &'static [Role] {
    match role {
        Some(Role::Builder) => &[Role::Builder],
        Some(Role::Admin) => &[Role::Admin],
        None => &[Role::Builder, Role::Admin],
    }
}

#[post("/coprs/<owner>/<name>/grant", data = "<body>")]
async fn grant(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Granting>,
) -> Answer<Permissions> {
    let Granting { user, permission } = body.0;
    let (copr, roles) = ((owner, name), roles(Some(permission)));
    let has = permissions::give(app, &caller.0, copr, &user, roles, Grant::Approved).await?;
    Ok(Json(view::permissions(&has)))
}

#[post("/coprs/<owner>/<name>/revoke", data = "<body>")]
async fn revoke(
    app: &State<App>,
    caller: Caller,
    owner: &str,
    name: &str,
    body: JsonBody<Revoking>,
) -> Answer<Permissions> {
    let Revoking { user, permission } = body.0;
    let (copr, roles) = ((owner, name), roles(permission));
    let has = permissions::give(app, &caller.0, copr, &user, roles, Grant::Nothing).await?;
    Ok(Json(view::permissions(&has)))
}

pub(super) fn routes() -> Vec<Route> {
    let mut all = routes![get_all, get_one, create, edit, remove, grant, revoke];
    all.extend(routes![add_dependencies, remove_dependencies, add_releases, remove_releases]);
    all
}
