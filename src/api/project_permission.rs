//! `/project/permissions`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, get, post, put};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, described};
use super::view::Pairs;
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::permissions::{self, Roles};
use crate::ops::{App, Error, Result};

/// Whether somebody may build in a project.
#[utoipa::path(responses((status = 200, body = Right)))]
#[get("/project/permissions/can_build_in/<who>/<owner>/<name>")]
async fn can_build_in(app: &State<App>, who: &str, owner: &str, name: &str) -> Answer<Right> {
    let can_build_in = permissions::can_build_in(app, who, owner, name).await?;
    Ok(Json(Right {
        who: who.to_owned(),
        ownername: owner.to_owned(),
        projectname: name.to_owned(),
        can_build_in,
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = RightToBuild)]
struct Right {
    who: String,
    ownername: String,
    projectname: String,
    can_build_in: bool,
}

#[derive(Serialize, ToSchema)]
struct Permissions {
    #[schema(value_type = BTreeMap<String, Grants>)]
    permissions: Pairs<Grants>,
}

#[derive(Serialize, ToSchema)]
struct Grants {
    admin: &'static str,
    builder: &'static str,
}

/// Who may do what in a project, and who asks to. Nothing to show is 404.
#[utoipa::path(responses((status = 200, body = Permissions)), security(("token" = [])))]
#[get("/project/permissions/get/<owner>/<name>")]
async fn list(app: &State<App>, caller: ApiUser, owner: &str, name: &str) -> Answer<Permissions> {
    let found = permissions::list(app, &caller.user, owner, name).await?;
    let pairs = found.into_iter().map(|one| {
        let grants = Grants { admin: one.admin.as_str(), builder: one.builder.as_str() };
        (one.user_name.to_string(), grants)
    });
    Ok(Json(Permissions { permissions: Pairs(pairs.collect()) }))
}

/// Gives and takes permissions: for each user the roles and their states, as in
/// `{"bob": {"builder": "approved"}}`.
#[utoipa::path(
    request_body = BTreeMap<String, BTreeMap<String, String>>,
    responses((status = 200, body = Updated)),
    security(("token" = [])),
)]
#[put("/project/permissions/set/<owner>/<name>", data = "<body>")]
async fn set(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Updated> {
    let updated = permissions::set(app, &caller.user, (owner, name), wanted(&body)?).await?;
    Ok(Json(Updated { updated }))
}

/// The same; neither of the two methods is the older one.
#[utoipa::path(
    request_body = BTreeMap<String, BTreeMap<String, String>>,
    responses((status = 200, body = Updated)),
    security(("token" = [])),
)]
#[post("/project/permissions/set/<owner>/<name>", data = "<body>")]
async fn set_by_post(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Updated> {
    set(app, caller, owner, name, body).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = UpdatedPermissions)]
struct Updated {
    /// Who has got or lost something.
    updated: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RequestedPermissions)]
struct Requested {
    /// Whether anything has changed.
    updated: bool,
}

/// `{"user": {"role": "state"}}`
fn wanted(body: &Body) -> Result<Vec<(String, Roles)>> {
    let wrong = |who: &str| Error::invalid(format!("{who}: must be an object of roles and states"));
    let mut wanted = Vec::new();
    for (who, values) in body.entries() {
        let [Value::Object(roles)] = values else { return Err(wrong(who)) };
        let mut pairs = Roles::new();
        for (role, state) in roles {
            let state = state.as_str().ok_or_else(|| wrong(who))?;
            pairs.push((role.clone(), state.to_owned()));
        }
        wanted.push((who.to_owned(), pairs));
    }
    Ok(wanted)
}

/// Asks for roles, or gives them up: `{"builder": true}`.
#[utoipa::path(
    request_body = BTreeMap<String, bool>,
    responses((status = 200, body = Requested)),
    security(("token" = [])),
)]
#[put("/project/permissions/request/<owner>/<name>", data = "<body>")]
async fn request(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Requested> {
    let mut wanted = Vec::new();
    for (role, values) in body.entries() {
        let [Value::Bool(is_wanted)] = values else {
            return Err(Error::invalid(format!("{role}: must be true or false")).into());
        };
        wanted.push((role.to_owned(), *is_wanted));
    }
    let updated = permissions::request(app, &caller.user, (owner, name), wanted).await?;
    Ok(Json(Requested { updated }))
}

pub(super) fn endpoints() -> Endpoints {
    described![can_build_in, list, set, set_by_post].and(described![request].also(Method::Post))
}
