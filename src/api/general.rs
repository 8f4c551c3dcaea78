//! What is asked before anything else: is this an APIv3, who am I, give me another token.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Answer, ErrorBody};
use super::openapi::{Endpoints, described};
use crate::auth::guard::ApiUser;
use crate::auth::token;
use crate::clock::Timestamp;
use crate::ops::App;
use crate::store::{StoreError, tokens};

/// What a token is called that was made here and took no other's place.
const LABEL: &str = "made by a client";

#[derive(Serialize, ToSchema)]
struct Version {
    version: u32,
}

/// Whether this is an APIv3.
#[utoipa::path(responses((status = 200, body = Version)))]
#[get("/")]
fn home() -> Json<Version> {
    Json(Version { version: 3 })
}

#[derive(Serialize, ToSchema)]
struct Account {
    id: i64,
    name: String,
}

/// Who the caller is.
#[utoipa::path(responses((status = 200, body = Account)), security(("token" = [])))]
#[get("/auth-check")]
fn auth_check(caller: ApiUser) -> Json<Account> {
    Json(Account { id: caller.user.id.0, name: caller.user.name.to_string() })
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApiToken)]
struct Pair {
    api_login: String,
    api_token: String,
    expiration: String,
}

/// A new API token instead of the one that was used to ask for it.
#[utoipa::path(responses((status = 200, body = Pair)), security(("token" = [])))]
#[post("/api-token")]
async fn api_token(app: &State<App>, caller: ApiUser) -> Answer<Pair> {
    let days = app.config.tokens.days;
    let made = app
        .store
        .write(move |tx| {
            let now = Timestamp::now();
            let old = caller.token.map(|id| tokens::get(tx, id)).transpose()?.flatten();
            let label = old.as_ref().map_or(LABEL, |old| old.label.as_str());
            let made = token::issue(tx, caller.user.id, label, token::expiry(now, days), now)?;
            if let Some(old) = &old {
                tokens::delete(tx, old.id)?;
            }
            Ok::<_, StoreError>(made)
        })
        .await?;
    let expiration = made.token.last_day();
    Ok(Json(Pair { api_login: made.token.login, api_token: made.secret, expiration }))
}

/// Logging in by Kerberos, which this server does not offer.
#[utoipa::path(responses((status = 403, description = "There is no Kerberos here.")))]
#[get("/gssapi_login")]
fn gssapi_login() -> (Status, Json<ErrorBody>) {
    let text =
        "Can't log-in using GSSAPI: Kerberos authentication failed (no credentials provided)";
    (Status::Forbidden, Json(ErrorBody::new(text)))
}

/// The same for browsers.
#[utoipa::path(responses((status = 403, description = "There is no Kerberos here.")))]
#[get("/gssapi_login/web-ui")]
fn gssapi_login_web() -> (Status, Json<ErrorBody>) {
    gssapi_login()
}

pub(super) fn endpoints() -> Endpoints {
    described![home, auth_check, api_token, gssapi_login, gssapi_login_web]
}
