//! Accounts: the list, and each of them.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Done, Form, Labels, Refused};
use super::super::parts::{Moment, Shell};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::auth::{password, session};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::UserName;
use crate::model::user::User;
use crate::ops::accounts::UserEdit;
use crate::ops::{self, App, admin};

/// Accounts on one page.
const SIZE: u32 = 100;
/// The fields of the form for a new account.
const NEW: Labels = &[("name", "Name"), ("email", "E-mail"), ("admin", "Admin of this server")];
/// The fields of the form of an account.
const FIELDS: Labels = &[
    ("email", "E-mail"),
    ("password", "New password"),
    ("admin", "Admin of this server"),
    ("disabled", "Disabled: no log-in, and tokens are refused"),
];

/// `/admin/`
#[derive(Template)]
#[template(path = "admin/users.html")]
pub struct UsersPage {
    /// The frame.
    pub shell: Shell,
    /// The accounts.
    pub users: Vec<Row>,
    /// The next ones.
    pub more: Option<String>,
    /// What adds another.
    pub form: Form,
}

/// An account in the list.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// May do everything on this server.
    pub admin: bool,
    /// Cannot log in.
    pub disabled: bool,
    /// When it was made.
    pub created: Moment,
}

/// All accounts.
#[get("/admin?<after>")]
pub async fn list(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    after: Option<&str>,
) -> Result<Page<UsersPage>, PageError> {
    let after = after.and_then(|name| name.parse().ok());
    Ok(Page(page(app, user.0, shell, after, Form::new(NEW)).await?))
}

async fn page(
    app: &App,
    user: User,
    shell: Shell,
    after: Option<UserName>,
    form: Form,
) -> Result<UsersPage, PageError> {
    let read = move |db: &_| admin::accounts(db, &user, after.as_ref(), SIZE + 1);
    let mut found = app.store.read(read).await?;
    let more = found.len() > SIZE as usize;
    found.truncate(SIZE as usize);
    let more = found.last().filter(|_| more).map(|last| format!("/admin/?after={}", last.name));
    let now = Timestamp::now();
    let row = |user: User| Row {
        name: user.name.to_string(),
        email: user.email.unwrap_or_default(),
        admin: user.admin,
        disabled: user.disabled,
        created: Moment::new(user.created_on, now),
    };
    Ok(UsersPage { shell, users: found.into_iter().map(row).collect(), more, form })
}

/// Adds an account, and shows the link with which its owner logs in and sets a password.
#[post("/admin/users", data = "<body>")]
pub async fn add(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    body: Body,
) -> Result<Page<UserPage>, Refused<UsersPage>> {
    let form = Form::typed(NEW, &body);
    let (name, email) = (form.value("name").to_owned(), form.value("email").to_owned());
    let (is_admin, caller) = (form.is_on("admin"), user.0.clone());
    let made = app
        .store
        .write(move |tx| {
            let made = admin::add_account(tx, &caller, &name, &email, is_admin)?;
            let link = session::issue_link(tx, made.id, Timestamp::now())?;
            Ok::<_, ops::Error>((made, link))
        })
        .await;
    match made {
        Ok((made, secret)) => {
            let link = Some(session::link_url(&app.config.base_url, &secret));
            Ok(Page(UserPage::new(shell, &made, link, filled(&made))))
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, user.0, shell, None, form).await?))
        }
    }
}

/// `/admin/users/<name>/`
#[derive(Template)]
#[template(path = "admin/user.html")]
pub struct UserPage {
    /// The frame.
    pub shell: Shell,
    /// Whose account it is.
    pub name: String,
    /// When it was made.
    pub created: Moment,
    /// A one-time link to log in with, where one was just made.
    pub link: Option<String>,
    /// What changes it.
    pub form: Form,
}

impl UserPage {
    fn new(shell: Shell, user: &User, link: Option<String>, form: Form) -> UserPage {
        let created = Moment::new(user.created_on, Timestamp::now());
        UserPage { shell, name: user.name.to_string(), created, link, form }
    }
}

fn filled(user: &User) -> Form {
    Form::new(FIELDS)
        .set("email", user.email.as_deref().unwrap_or_default())
        .tick("admin", user.admin)
        .tick("disabled", user.disabled)
}

/// An account.
#[get("/admin/users/<name>")]
pub async fn edit(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    name: &str,
) -> Result<Page<UserPage>, PageError> {
    let found = account(app, user.0, name).await?;
    let form = filled(&found);
    Ok(Page(UserPage::new(shell, &found, None, form)))
}

async fn account(app: &App, caller: User, name: &str) -> ops::Result<User> {
    let name: UserName = name.parse()?;
    app.store.read(move |db| admin::account(db, &caller, &name)).await
}

/// Changes an account.
#[post("/admin/users/<name>", data = "<body>")]
pub async fn save(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    name: &str,
    body: Body,
) -> Answer<UserPage> {
    let found = account(app, user.0.clone(), name).await?;
    let form = Form::typed(FIELDS, &body);
    match change(app, user.0, &found, &form).await {
        Ok(()) => Ok(Done::at("/admin/").saying(format!("{} is changed.", found.name))),
        Err(error) => {
            let (status, form) = form.set("password", "").refused(error)?;
            Err(Refused::new(status, UserPage::new(shell, &found, None, form)))
        }
    }
}

async fn change(app: &App, caller: User, of: &User, form: &Form) -> ops::Result<()> {
    let typed = form.value("password").to_owned();
    let hash = if typed.is_empty() {
        None
    } else {
        let hashed = tokio::task::spawn_blocking(move || password::hash(&typed))
            .await
            .map_err(|error| ops::Error::internal("hashing a password", error))?;
        Some(hashed.map_err(|error| ops::Error::invalid(format!("password: {error}")))?)
    };
    let edit = UserEdit {
        email: Some(form.value("email").trim().to_owned()),
        admin: Some(form.is_on("admin")),
        disabled: Some(form.is_on("disabled")),
    };
    let name = of.name.clone();
    app.store.write(move |tx| admin::edit_account(tx, &caller, &name, edit, hash.as_deref())).await
}

/// Makes a link that logs the user in once.
#[post("/admin/users/<name>/link")]
pub async fn link(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    name: &str,
) -> Result<Page<UserPage>, PageError> {
    let found = account(app, user.0, name).await?;
    let id = found.id;
    let secret = app.store.write(move |tx| session::issue_link(tx, id, Timestamp::now())).await?;
    let link = session::link_url(&app.config.base_url, &secret);
    let form = filled(&found);
    Ok(Page(UserPage::new(shell, &found, Some(link), form)))
}
