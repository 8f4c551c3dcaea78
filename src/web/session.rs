//! Logging in and out.

use std::net::{IpAddr, Ipv4Addr};

use askama::Template;
use rocket::form::Form;
use rocket::http::CookieJar;
use rocket::response::Redirect;
use rocket::{Either, FromForm, State, get, post};

use super::error::PageError;
use super::filters;
use super::parts::Shell;
use crate::auth::attempts::Attempts;
use crate::auth::guard::SameOrigin;
use crate::auth::login::{self, LoginError};
use crate::auth::session;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::ops::App;

/// `/login`
#[derive(Template)]
#[template(path = "session/login.html")]
pub struct LoginPage {
    /// The frame.
    pub shell: Shell,
    /// Where to go afterwards.
    pub next: String,
    /// The name that was typed.
    pub username: String,
    /// Why the last try was refused.
    pub refusal: Option<String>,
}

/// `/login/once/<secret>`
#[derive(Template)]
#[template(path = "session/once.html")]
pub struct OncePage {
    /// The frame.
    pub shell: Shell,
    /// The secret of the link.
    pub secret: String,
}

/// The form.
#[get("/login?<next>")]
pub fn form(shell: Shell, next: Option<&str>) -> Page<LoginPage> {
    let next = local(next).to_owned();
    Page(LoginPage { shell, next, username: String::new(), refusal: None })
}

/// What the form sends.
#[derive(FromForm)]
pub struct Credentials {
    username: String,
    password: String,
    next: String,
}

/// Logs in by a password.
#[post("/login", data = "<sent>")]
pub async fn log_in(
    app: &State<App>,
    attempts: &State<Attempts>,
    _same_origin: SameOrigin,
    shell: Shell,
    address: Option<IpAddr>,
    cookies: &CookieJar<'_>,
    sent: Form<Credentials>,
) -> Result<Result<Redirect, Page<LoginPage>>, PageError> {
    let Credentials { username, password, next } = sent.into_inner();
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    match login::log_in(&app.store, attempts, &username, password, address).await {
        Ok(session) => {
            cookies.add(session::cookie(session, &app.config.base_url));
            Ok(Ok(Redirect::to(local(Some(&next)).to_owned())))
        }
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(refusal) => {
            let (next, refusal) =
                (local(Some(&next)).to_owned(), Some(filters::sentence(&refusal.to_string())));
            Ok(Err(Page(LoginPage { shell, next, username, refusal })))
        }
    }
}

/// What a one-time link opens. It is used up by the button only: mail programs look at links
/// before people do.
#[get("/login/once/<secret>")]
pub fn once(shell: Shell, secret: String) -> Page<OncePage> {
    Page(OncePage { shell, secret })
}

/// Logs in by a one-time link.
#[post("/login/once/<secret>")]
pub async fn log_in_once(
    app: &State<App>,
    _same_origin: SameOrigin,
    shell: Shell,
    cookies: &CookieJar<'_>,
    secret: String,
) -> Result<Result<Redirect, Page<LoginPage>>, PageError> {
    let now = Timestamp::now();
    let begun = app
        .store
        .write(move |tx| match session::take_link(tx, &secret, now)? {
            Some(user) => session::start(tx, user.id, now).map(Some),
            None => Ok(None),
        })
        .await?;
    if let Some(session) = begun {
        cookies.add(session::cookie(session, &app.config.base_url));
        return Ok(Ok(Redirect::to("/")));
    }
    let refusal = "This link has been used, or is older than half an hour. The command \
                   'coprbox user password NAME' sets a password to log in with.";
    let refusal = Some(refusal.to_owned());
    Ok(Err(Page(LoginPage { shell, next: "/".into(), username: String::new(), refusal })))
}

/// `/logout`
#[derive(Template)]
#[template(path = "session/logout.html")]
pub struct LogoutPage {
    /// The frame.
    pub shell: Shell,
}

/// Copr's address for logging out, which is a link there. Here it takes a button: other sites can
/// have a browser follow links.
#[get("/logout")]
pub fn ask_to_log_out(shell: Shell) -> Either<Page<LogoutPage>, Redirect> {
    match shell.viewer {
        Some(_) => Either::Left(Page(LogoutPage { shell })),
        None => Either::Right(Redirect::to("/")),
    }
}

/// Logs out.
#[post("/logout")]
pub async fn log_out(
    app: &State<App>,
    _same_origin: SameOrigin,
    cookies: &CookieJar<'_>,
) -> Result<Redirect, PageError> {
    if let Some(cookie) = cookies.get(session::COOKIE) {
        let id = cookie.value().to_owned();
        app.store.write(move |tx| session::end(tx, &id)).await?;
        cookies.remove(session::removal());
    }
    Ok(Redirect::to("/"))
}

/// A place on this server, and on no other: browsers take `//host` and `/\host` for addresses of
/// another host.
fn local(next: Option<&str>) -> &str {
    let is_local = |next: &&str| {
        let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        plain && next.starts_with('/') && !next.starts_with("//")
    };
    next.filter(is_local).unwrap_or("/")
}

/// `text` as a value in an address's query.
pub fn encode(text: &str) -> String {
    rocket::http::RawStr::new(text).percent_encode().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_in_leads_to_no_other_host() {
        assert_eq!(local(Some("/coprs/a/b/")), "/coprs/a/b/");
        for bad in ["//evil", "/\\evil", "http://evil", "", "/a b", "/\u{e9}"] {
            assert_eq!(local(Some(bad)), "/", "{bad}");
        }
        assert_eq!(local(None), "/");
    }
}
