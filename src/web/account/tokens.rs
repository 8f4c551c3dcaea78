//! API tokens: what `copr-cli` needs, ready to be copied, and the list of one's own.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Confirm, Done, Form, Labels, Refused};
use super::super::parts::{Moment, Shell};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::auth::token;
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::TokenId;
use crate::model::user::{Token, User};
use crate::ops::{App, personal};

/// The longest that a token made here counts.
const MOST_DAYS: u16 = 3650;

/// The fields of the form.
const FIELDS: Labels = &[("name", "Name"), ("days", "Valid for")];

/// `/api/`
#[derive(Template)]
#[template(path = "account/tokens.html")]
pub struct TokensPage {
    /// The frame.
    pub shell: Shell,
    /// The file `~/.config/copr`, with a secret where one was just made.
    pub config: String,
    /// A token was just made: its secret is shown now and never again.
    pub is_new: bool,
    /// One's own tokens.
    pub tokens: Vec<Row>,
    /// What makes another.
    pub form: Form,
}

/// A token in the list.
pub struct Row {
    /// Its number.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub used: Option<Moment>,
    /// The last day on which it counts.
    pub until: String,
    /// That day is over.
    pub is_over: bool,
}

impl Row {
    fn new(token: &Token, now: Timestamp) -> Row {
        Row {
            id: token.id.to_string(),
            label: name(token),
            created: Moment::new(token.created_on, now),
            used: token.last_used_on.map(|used| Moment::new(used, now)),
            until: token.last_day(),
            is_over: token.expires_on <= now,
        }
    }
}

/// What its owner calls a token; those made elsewhere may have no name.
fn name(token: &Token) -> String {
    if token.label.is_empty() { "without a name".to_owned() } else { token.label.clone() }
}

/// What `copr-cli` needs, and one's own tokens; for who is not logged in, what it will look like.
#[get("/api")]
pub async fn show(app: &State<App>, shell: Shell) -> Result<Page<TokensPage>, PageError> {
    let form = Form::new(FIELDS).set("days", app.config.tokens.days);
    Ok(Page(page(app, shell, form).await?))
}

async fn page(app: &App, shell: Shell, form: Form) -> Result<TokensPage, PageError> {
    let now = Timestamp::now();
    let tokens = match shell.viewer.clone() {
        Some(user) => app.store.read(move |db| personal::tokens_of(db, &user)).await?,
        None => Vec::new(),
    };
    Ok(TokensPage {
        config: placeholder(app, shell.viewer.as_ref()),
        is_new: false,
        tokens: tokens.iter().map(|token| Row::new(token, now)).collect(),
        form,
        shell,
    })
}

/// The file with dots where a token's parts belong.
fn placeholder(app: &App, viewer: Option<&User>) -> String {
    let name = viewer.map_or("…", |viewer| viewer.name.as_str());
    let base = &app.config.base_url;
    let plain = if base.is_https() { "" } else { "encrypted = False\n" };
    format!("[copr-cli]\nlogin = …\nusername = {name}\ntoken = …\ncopr_url = {base}\n{plain}")
}

/// Makes a token, and shows its secret this once.
#[post("/api/new", data = "<body>")]
pub async fn create(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    body: Body,
) -> Result<Page<TokensPage>, Refused<TokensPage>> {
    let form = Form::typed(FIELDS, &body);
    let days = if form.all("days").is_empty() {
        app.config.tokens.days.to_string()
    } else {
        form.value("days").to_owned()
    };
    let (label, days) = match personal::token_wish(form.value("name"), &days, MOST_DAYS) {
        Ok(wish) => wish,
        Err(error) => {
            let (status, form) = form.refused(error)?;
            return Err(Refused::new(status, page(app, shell, form).await?));
        }
    };
    let (id, now) = (user.0.id, Timestamp::now());
    let expires_on = token::expiry(now, days);
    let made = app.store.write(move |tx| token::issue(tx, id, &label, expires_on, now)).await?;
    let config = made.client_config(&user.0.name, &app.config.base_url);
    let form = Form::new(FIELDS).set("days", app.config.tokens.days);
    Ok(Page(TokensPage { config, is_new: true, ..page(app, shell, form).await? }))
}

/// Asks before a token is revoked.
#[get("/api/revoke/<id>")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    id: i64,
) -> Result<Page<Confirm>, PageError> {
    let found = app.store.read(move |db| personal::own_token(db, &user.0, TokenId(id))).await?;
    Ok(Page(Confirm {
        shell,
        title: format!("Revoke the token “{}”?", name(&found)),
        will_go: vec![format!(
            "The token made on {}: whatever uses it is refused from then on.",
            found.created_on.date()
        )],
        action: format!("/api/revoke/{id}"),
        hidden: Vec::new(),
        button: "Revoke the token".into(),
        back: "/api/".into(),
        needs_typing: None,
        form: Form::default(),
    }))
}

/// Revokes a token.
#[post("/api/revoke/<id>")]
pub async fn revoke(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    id: i64,
) -> Result<Done, PageError> {
    app.store.write(move |tx| personal::revoke(tx, &user.0, TokenId(id))).await?;
    Ok(Done::at("/api/").saying("The token is refused from now on."))
}
