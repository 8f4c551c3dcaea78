//! Another password, for who knows the one before.

use std::net::{IpAddr, Ipv4Addr};

use rocket::http::CookieJar;
use rocket::{State, post};

use super::super::form::{Answer, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use super::info::{self, InfoPage};
use crate::auth::attempts::Attempts;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::auth::login::{self, LoginError};
use crate::auth::{password, session};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::model::user::User;
use crate::ops::{self, App, accounts, personal};

/// The fields of the form.
pub(super) const FIELDS: Labels =
    &[("old", "Password until now"), ("new", "New password"), ("again", "The same again")];

/// Changes one's own password; all other sessions end.
#[post("/user/password", data = "<body>")]
#[expect(clippy::too_many_arguments, reason = "each is a guard of its own")]
pub async fn change(
    app: &State<App>,
    attempts: &State<Attempts>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    address: Option<IpAddr>,
    cookies: &CookieJar<'_>,
    body: Body,
) -> Answer<InfoPage> {
    let typed = Form::typed(FIELDS, &body);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    match set(app, attempts, &user.0, &typed, address).await {
        Ok(session) => {
            cookies.add(session::cookie(session, &app.config.base_url));
            let said = "Your password is changed, and you are logged out everywhere else.";
            Ok(Done::at("/user/info").saying(said))
        }
        Err(error) => {
            // What was typed is not sent back: it would stay in the browser's memory.
            let (status, form) = Form::new(FIELDS).refused(error)?;
            Err(Refused::new(status, info::page(app, shell, user.0, form).await?))
        }
    }
}

async fn set(
    app: &App,
    attempts: &Attempts,
    user: &User,
    typed: &Form,
    address: IpAddr,
) -> ops::Result<String> {
    let (old, new) = (typed.value("old").to_owned(), typed.value("new").to_owned());
    if typed.value("again") != new {
        return Err(ops::Error::invalid("again: these are two different passwords"));
    }
    let known = user.clone();
    let account = app.store.read(move |db| personal::account(db, &known)).await?;
    // Who came by a link may have none yet.
    if account.has_password {
        match login::check(&app.store, attempts, user.name.as_str(), old, address).await {
            Ok(_) => {}
            Err(LoginError::Store(error)) => return Err(error.into()),
            Err(LoginError::Wrong) => {
                return Err(ops::Error::Denied("old: this is not your password".into()));
            }
            Err(wait) => return Err(ops::Error::Denied(format!("old: {wait}"))),
        }
    }
    let hash = tokio::task::spawn_blocking(move || password::hash(&new))
        .await
        .map_err(|error| ops::Error::internal("hashing a password", error))?
        .map_err(|error| ops::Error::invalid(format!("new: {error}")))?;
    let user = user.clone();
    app.store
        .write(move |tx| {
            accounts::set_password(tx, &user, &hash)?;
            Ok::<_, ops::Error>(session::start(tx, user.id, Timestamp::now())?)
        })
        .await
}
