//! `/project/permissions`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, State, get, post, put, routes};
use serde::Serialize;
use serde_json::{Value, json};

use super::error::Answer;
use super::methods::also;
use super::view::Pairs;
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::permissions::{self, Roles};
use crate::ops::{App, Error, Result};

#[get("/project/permissions/can_build_in/<who>/<owner>/<name>")]
async fn can_build_in(app: &State<App>, who: &str, owner: &str, name: &str) -> Answer<Value> {
    let can = permissions::can_build_in(app, who, owner, name).await?;
    Ok(Json(json!({
        "who": who, "ownername": owner, "projectname": name, "can_build_in": can,
    })))
}

#[derive(Serialize)]
struct Permissions {
    permissions: Pairs<Grants>,
}

#[derive(Serialize)]
struct Grants {
    admin: &'static str,
    builder: &'static str,
}

#[get("/project/permissions/get/<owner>/<name>")]
async fn list(app: &State<App>, caller: ApiUser, owner: &str, name: &str) -> Answer<Permissions> {
    let found = permissions::list(app, &caller.user, owner, name).await?;
    let pairs = found.into_iter().map(|one| {
        let grants = Grants { admin: one.admin.as_str(), builder: one.builder.as_str() };
        (one.user_name.to_string(), grants)
    });
    Ok(Json(Permissions { permissions: Pairs(pairs.collect()) }))
}

#[put("/project/permissions/set/<owner>/<name>", data = "<body>")]
async fn set(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Value> {
    let updated = permissions::set(app, &caller.user, (owner, name), wanted(&body)?).await?;
    Ok(Json(json!({ "updated": updated })))
}

/// The same; neither of the two methods is the older one.
#[post("/project/permissions/set/<owner>/<name>", data = "<body>")]
async fn set_by_post(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Value> {
    set(app, caller, owner, name, body).await
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

#[put("/project/permissions/request/<owner>/<name>", data = "<body>")]
async fn request(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<Value> {
    let mut wanted = Vec::new();
    for (role, values) in body.entries() {
        let [Value::Bool(is_wanted)] = values else {
            return Err(Error::invalid(format!("{role}: must be true or false")).into());
        };
        wanted.push((role.to_owned(), *is_wanted));
    }
    let updated = permissions::request(app, &caller.user, (owner, name), wanted).await?;
    Ok(Json(json!({ "updated": updated })))
}

pub(super) fn routes() -> Vec<Route> {
    let mut all = routes![can_build_in, list, set, set_by_post];
    all.extend(also(Method::Post, routes![request]));
    all
}
