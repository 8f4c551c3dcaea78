//! `/coprs`: coprs, their dependencies, releases and permissions.

use rocket::serde::json::Json;
use rocket::{State, delete, get, post, put};

use super::caller::Caller;
use super::error::Answer;
use super::view;
use crate::api::openapi::{Endpoints, described};
use crate::api::params::{ByIdOrName, Paging, Params};
use crate::http::body::JsonBody;
use crate::model::Owner;
use crate::model::copr::{
    Copr, CoprEdit, Coprs, Dependencies, Granting, NewCopr, Permissions, Releases, Revoking,
};
use crate::model::list::ProjectKey;
use crate::model::permission::{Grant, Role};
use crate::ops::projects::{self, Change, NewProject, Shown, Wish};
use crate::ops::{App, Mistakes, permissions};

const COLUMNS: [&str; 2] = ["id", "name"];

fn view(app: &App, shown: Shown) -> Json<Copr> {
    Json(view::copr(shown, app))
}

/// Whose coprs are meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfOwner {
    /// A user, or a group as `@name`; nothing means everybody's.
    owner: Option<Owner>,
}

/// Coprs of an owner, or all.
#[utoipa::path(params(OfOwner, Paging, ByIdOrName), responses((status = 200, body = Coprs)))]
#[get("/coprs")]
async fn get_all(app: &State<App>, params: Params) -> Answer<Coprs> {
    let page = params.page(&COLUMNS)?;
    let owner = params.get("owner").filter(|owner| !owner.is_empty());
    let found = projects::list(app, owner, page.order_of(&ProjectKey::ALL), page.slice()).await?;
    let rest = projects::these(app, found.rest).await?;
    let coprs = found.first.into_iter().chain(rest).map(|shown| view::copr(shown, app)).collect();
    Ok(Json(Coprs { coprs }))
}

/// A copr.
#[utoipa::path(responses((status = 200, body = Copr)))]
#[get("/coprs/<owner>/<name>")]
async fn get_one(app: &State<App>, owner: &str, name: &str) -> Answer<Copr> {
    Ok(view(app, projects::get(app, owner, name).await?))
}

/// Makes a copr.
#[utoipa::path(
    request_body = NewCopr,
    responses((status = 200, body = Copr)),
    security(("token" = [])),
)]
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

/// Changes a copr. What is not sent stays.
#[utoipa::path(
    request_body = CoprEdit,
    responses((status = 200, body = Copr)),
    security(("token" = [])),
)]
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

/// Deletes a copr; the answer shows it as it was.
#[utoipa::path(
    responses(
        (status = 200, body = Copr),
        (status = 409, description = "There are builds that are not finished."),
    ),
    security(("token" = [])),
)]
#[delete("/coprs/<owner>/<name>")]
async fn remove(app: &State<App>, caller: Caller, owner: &str, name: &str) -> Answer<Copr> {
    Ok(view(app, projects::delete(app, &caller.0, owner, name).await?))
}

/// Adds coprs to those that a copr's builds take packages from.
#[utoipa::path(
    request_body = Dependencies,
    responses((status = 200, body = Copr)),
    security(("token" = [])),
)]
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

/// Removes coprs from those that a copr's builds take packages from.
#[utoipa::path(
    request_body = Dependencies,
    responses((status = 200, body = Copr)),
    security(("token" = [])),
)]
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

/// Adds chroots to those that a copr builds for.
#[utoipa::path(
    request_body = Releases,
    responses((status = 200, body = Copr)),
    security(("token" = [])),
)]
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

/// Removes chroots from those that a copr builds for.
#[utoipa::path(
    request_body = Releases,
    responses(
        (status = 200, body = Copr),
        (status = 409, description = "There are builds that are not finished."),
    ),
    security(("token" = [])),
)]
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

/// Gives a permission to a user.
#[utoipa::path(
    request_body = Granting,
    responses((status = 200, body = Permissions)),
    security(("token" = [])),
)]
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

/// Takes a permission from a user.
#[utoipa::path(
    request_body = Revoking,
    responses((status = 200, body = Permissions)),
    security(("token" = [])),
)]
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

pub(in crate::api) fn endpoints() -> Endpoints {
    described![
        get_all,
        get_one,
        create,
        edit,
        remove,
        grant,
        revoke,
        add_dependencies,
        remove_dependencies,
        add_releases,
        remove_releases,
    ]
}
