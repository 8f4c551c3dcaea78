//! The chroots that the server offers.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Confirm, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::ChrootName;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::model::user::User;
use crate::ops::{App, admin};

/// The fields of the forms.
const FIELDS: Labels = &[("comment", "Comment")];

/// `/admin/chroots/`
#[derive(Template)]
#[template(path = "admin/chroots.html")]
pub struct ChrootsPage {
    /// The frame.
    pub shell: Shell,
    /// The chroots.
    pub chroots: Vec<Row>,
    /// What was wrong with the last comment.
    pub form: Form,
}

/// A chroot in the list.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Projects can use it.
    pub active: bool,
    /// `mock` or `sandbox`.
    pub builder: &'static str,
    /// What it is made of.
    pub origin: String,
    /// What projects are told of it.
    pub comment: String,
}

impl From<Chroot> for Row {
    fn from(chroot: Chroot) -> Row {
        let origin = match &chroot.recipe {
            ChrootRecipe::Mock { config } => config.display().to_string(),
            ChrootRecipe::Sandbox { repos, .. } => repos.join(" "),
        };
        Row {
            name: chroot.name.to_string(),
            active: chroot.active,
            builder: chroot.recipe.builder(),
            origin,
            comment: chroot.comment,
        }
    }
}

/// All chroots.
#[get("/admin/chroots")]
pub async fn list(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<ChrootsPage>, PageError> {
    Ok(Page(page(app, user.0, shell, Form::new(FIELDS)).await?))
}

async fn page(app: &App, user: User, shell: Shell, form: Form) -> Result<ChrootsPage, PageError> {
    let found = app.store.read(move |db| admin::chroots_of(db, &user)).await?;
    Ok(ChrootsPage { shell, chroots: found.into_iter().map(Row::from).collect(), form })
}

/// Offers a chroot.
#[post("/admin/chroots/<name>/enable")]
pub async fn enable(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    name: ChrootName,
) -> Result<Done, PageError> {
    admin::switch_chroot(app, &user.0, &name, true).await?;
    Ok(Done::at("/admin/chroots/").saying(format!("{name} is enabled.")))
}

/// Asks before a chroot is no longer offered.
#[get("/admin/chroots/<name>/disable")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    name: ChrootName,
) -> Result<Page<Confirm>, PageError> {
    app.store.read(move |db| admin::check(db, &user.0)).await?;
    let days = app.config.cleanup.eol_days;
    let fate = if days == 0 {
        "What projects have built in it stays.".to_owned()
    } else {
        format!(
            "What projects have built in it, in {days} days, unless it is enabled again before."
        )
    };
    Ok(Page(Confirm {
        shell,
        title: format!("Disable {name}?"),
        will_go: vec!["New builds in it, in all projects.".to_owned(), fate],
        action: format!("/admin/chroots/{name}/disable"),
        hidden: Vec::new(),
        button: "Disable the chroot".into(),
        back: "/admin/chroots/".into(),
        needs_typing: None,
        form: Form::default(),
    }))
}

/// No longer offers a chroot.
#[post("/admin/chroots/<name>/disable")]
pub async fn disable(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    name: ChrootName,
) -> Result<Done, PageError> {
    admin::switch_chroot(app, &user.0, &name, false).await?;
    Ok(Done::at("/admin/chroots/").saying(format!("{name} is disabled.")))
}

/// Sets what projects are told of a chroot.
#[post("/admin/chroots/<name>/comment", data = "<body>")]
pub async fn comment(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    name: ChrootName,
    body: Body,
) -> Answer<ChrootsPage> {
    let form = Form::typed(FIELDS, &body);
    let (text, caller) = (form.value("comment").to_owned(), user.0.clone());
    let said = format!("The comment on {name} is changed.");
    match app.store.write(move |tx| admin::comment_chroot(tx, &caller, &name, &text)).await {
        Ok(()) => Ok(Done::at("/admin/chroots/").saying(said)),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, user.0, shell, form).await?))
        }
    }
}
