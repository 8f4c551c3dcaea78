//! An account at a glance, all that is kept about it, and its end.

use askama::Template;
use rocket::http::{ContentType, CookieJar, Header};
use rocket::{Responder, State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Confirm, Done, Form, Refused};
use super::super::parts::{Moment, Shell};
use super::password;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::auth::session;
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::user::User;
use crate::ops::{App, personal};

/// `/user/info`
#[derive(Template)]
#[template(path = "account/info.html")]
pub struct InfoPage {
    /// The frame.
    pub shell: Shell,
    /// Whose account it is.
    pub user: User,
    /// When it was made.
    pub created: Moment,
    /// The groups that the user belongs to.
    pub groups: Vec<String>,
    /// How many API tokens there are.
    pub tokens: usize,
    /// How many projects are the user's own.
    pub projects: u32,
    /// When each session began, the newest first.
    pub sessions: Vec<Moment>,
    /// A password is set.
    pub has_password: bool,
    /// What changes it.
    pub form: Form,
}

/// An account at a glance.
#[get("/user/info")]
pub async fn info(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<InfoPage>, PageError> {
    Ok(Page(page(app, shell, user.0, Form::new(password::FIELDS)).await?))
}

pub(super) async fn page(
    app: &App,
    shell: Shell,
    user: User,
    form: Form,
) -> Result<InfoPage, PageError> {
    let asked = user.clone();
    let account = app.store.read(move |db| personal::account(db, &asked)).await?;
    let now = Timestamp::now();
    Ok(InfoPage {
        shell,
        created: Moment::new(user.created_on, now),
        groups: account.groups.iter().map(ToString::to_string).collect(),
        tokens: account.tokens,
        projects: account.projects,
        sessions: account.sessions.iter().map(|(began, _)| Moment::new(*began, now)).collect(),
        has_password: account.has_password,
        user,
        form,
    })
}

/// A file to keep.
#[derive(Responder)]
pub struct Download {
    json: String,
    kind: ContentType,
    name: Header<'static>,
}

/// All that is kept about a user.
#[get("/user/info/download")]
pub async fn download(app: &State<App>, user: SignedIn) -> Result<Download, PageError> {
    let name = user.0.name.to_string();
    let all = app.store.read(move |db| personal::everything(db, &user.0)).await?;
    let json = serde_json::to_string_pretty(&all)
        .map_err(|error| PageError::internal("what is kept about a user", &error))?;
    let name = format!("attachment; filename=\"{name}.json\"");
    Ok(Download { json, kind: ContentType::JSON, name: Header::new("Content-Disposition", name) })
}

/// Asks before an account is blanked.
#[get("/user/delete")]
pub fn ask(user: SignedIn, shell: Shell) -> Page<Confirm> {
    Page(question(&user.0, shell, Form::new(Confirm::FIELDS)))
}

fn question(user: &User, shell: Shell, form: Form) -> Confirm {
    let will_go = [
        "your e-mail address, your password, the text on your page and what you have pinned",
        "your API tokens and all your sessions: you will be logged out everywhere",
        "your membership of groups, and your rights as an admin of this server",
    ];
    Confirm {
        shell,
        title: "Delete what is kept about you?".into(),
        will_go: will_go.iter().map(ToString::to_string).collect(),
        action: "/user/delete".into(),
        hidden: Vec::new(),
        button: "Delete my data".into(),
        back: "/user/info".into(),
        needs_typing: Some(user.name.to_string()),
        form,
    }
}

/// Blanks an account, and logs out.
#[post("/user/delete", data = "<body>")]
pub async fn delete(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    cookies: &CookieJar<'_>,
    body: Body,
) -> Answer<Confirm> {
    let form = Form::typed(Confirm::FIELDS, &body);
    let outcome = match Confirm::check(user.0.name.as_str(), &form) {
        Ok(()) => {
            let user = user.0.clone();
            app.store.write(move |tx| personal::forget(tx, &user)).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        let (status, form) = form.refused(error)?;
        return Err(Refused::new(status, question(&user.0, shell, form)));
    }
    cookies.remove(session::removal());
    Ok(Done::at("/")
        .saying("What was kept about you is gone. Your projects and builds are still there."))
}
