//! A project's settings: what it is, where it is built, and how.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Choice, ChrootGroup, Done, Form, Refused};
use super::super::parts::Shell;
use super::super::view;
use super::Frame;
use super::fields::{self, FIELDS};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::settings::Chroots;
use crate::ops::{App, projects, settings};

/// `/coprs/<owner>/<project>/edit/`
#[derive(Template)]
#[template(path = "settings/general.html")]
pub struct GeneralPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The fields.
    pub form: Form,
    /// The chroots to choose from.
    pub chroots: Vec<ChrootGroup>,
    /// How build roots are bootstrapped.
    pub bootstraps: Vec<Choice>,
    /// What separates builds from the host.
    pub isolations: Vec<Choice>,
    /// The viewer is an admin of the server.
    pub is_admin: bool,
    /// Its number.
    pub id: i64,
    /// It is published by hand only.
    pub is_manual: bool,
    /// The viewer may change what is here.
    pub may_edit: bool,
    /// It can never be deleted.
    pub is_persistent: bool,
}

/// The page; with the settings as they are, unless a form was refused.
async fn page(
    app: &App,
    user: &SignedIn,
    shell: Shell,
    (owner, name): (Owner, ProjectName),
    refused: Option<Form>,
) -> Result<GeneralPage, PageError> {
    let viewer = user.0.clone();
    let found = app.store.read(move |db| settings::chroots(db, &viewer, &owner, &name)).await?;
    Ok(GeneralPage {
        form: refused.unwrap_or_else(|| filled(&found)),
        frame: Frame::new(&found.head, "general"),
        chroots: fields::groups(&found.offered),
        bootstraps: fields::bootstraps(),
        isolations: fields::isolations(),
        is_admin: user.0.admin,
        id: found.head.project.id.0,
        is_manual: found.head.project.settings.manual_createrepo,
        may_edit: found.head.rights.edit,
        is_persistent: found.head.project.persistent,
        shell,
    })
}

fn filled(found: &Chroots) -> Form {
    let project = &found.head.project;
    let is_on = |used: &&crate::model::project::ProjectChroot| used.is_enabled();
    fields::filled(&project.settings)
        .set_all("chroots", found.used.iter().filter(is_on).map(|used| &used.chroot.name))
        .set("delete_after_days", fields::days_left(project, Timestamp::now()))
}

/// The settings.
#[get("/coprs/<owner>/<name>/edit")]
pub async fn edit(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<GeneralPage>, PageError> {
    Ok(Page(page(app, &user, shell, (owner, name), None).await?))
}

/// Changes the settings.
#[post("/coprs/<owner>/<name>/update", data = "<body>")]
pub async fn update(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<GeneralPage> {
    let form = Form::typed(FIELDS, &body);
    let mut wish = fields::wish(&form, &body, user.0.admin);
    if wish.chroots.as_ref().is_some_and(Vec::is_empty) {
        // To clients of the API no chroots means those that there are.
        wish.mistakes.add("chroots", "Choose at least one.");
    }
    let (asked, named) = (owner.to_string(), name.to_string());
    match projects::edit(app, &user.0, &asked, &named, wish).await {
        Ok(_) => {
            let to = format!("{}edit/", view::project_url(&owner, &name));
            Ok(Done::at(to).saying("The settings are saved."))
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let page = page(app, &user, shell, (owner, name), Some(form)).await?;
            Err(Refused::new(status, page))
        }
    }
}

/// Has the metadata of all repositories made anew.
#[post("/coprs/id/<id>/createrepo")]
pub async fn regenerate(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    id: i64,
) -> Result<Done, PageError> {
    let project = app.store.read(move |db| settings::by_number(db, id)).await?;
    let (owner, name) = (project.owner.to_string(), project.name.to_string());
    projects::regenerate(app, &user.0, &owner, &name).await?;
    let text = "The repositories are being made anew; that takes a moment.";
    Ok(Done::at(view::project_url(&project.owner, &project.name)).saying(text))
}
