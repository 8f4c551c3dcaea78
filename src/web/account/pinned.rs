//! Putting projects in front of one's others, or of a group's.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Choice, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use super::super::view;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::http::params::GroupOwner;
use crate::model::Owner;
use crate::model::project::Project;
use crate::model::user::User;
use crate::ops::{App, pins};

/// The fields of the form, one for each place.
const FIELDS: &[(&str, &str); pins::MOST] =
    &[("pin1", "First"), ("pin2", "Second"), ("pin3", "Third"), ("pin4", "Fourth")];
const LABELS: Labels = FIELDS;

/// `/user/customize-pinned/`
#[derive(Template)]
#[template(path = "account/pinned.html")]
pub struct PinnedPage {
    /// The frame.
    pub shell: Shell,
    /// Whose page it is about: `alice`, `@devs`.
    pub owner: String,
    /// Where the form goes.
    pub action: String,
    /// The page that shows them.
    pub back: String,
    /// The names of the fields.
    pub fields: [&'static str; pins::MOST],
    /// The projects that can be chosen; the first choice is none.
    pub choices: Vec<Choice>,
    /// What is chosen.
    pub form: Form,
}

/// What is in front on one's own page.
#[get("/user/customize-pinned")]
pub async fn form(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<PinnedPage>, PageError> {
    let owner = Owner::User(user.0.name.clone());
    show(app, shell, user.0, owner).await
}

/// What is in front on a group's.
#[get("/user/customize-pinned/<group>")]
pub async fn of_group(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    group: GroupOwner,
) -> Result<Page<PinnedPage>, PageError> {
    show(app, shell, user.0, group.0).await
}

/// Changes what is in front on one's own page.
#[post("/user/customize-pinned", data = "<body>")]
pub async fn save(
    app: &State<App>,
    here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    body: Body,
) -> Answer<PinnedPage> {
    let owner = Owner::User(user.0.name.clone());
    set(app, here, user.0, shell, owner, body).await
}

/// Changes what is in front on a group's.
#[post("/user/customize-pinned/<group>", data = "<body>")]
pub async fn save_of_group(
    app: &State<App>,
    here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    group: GroupOwner,
    body: Body,
) -> Answer<PinnedPage> {
    set(app, here, user.0, shell, group.0, body).await
}

async fn show(
    app: &App,
    shell: Shell,
    user: User,
    owner: Owner,
) -> Result<Page<PinnedPage>, PageError> {
    let (pinned, offered) = read(app, user, owner.clone()).await?;
    let chosen = FIELDS.iter().zip(&pinned);
    let form = chosen.fold(Form::new(LABELS), |form, ((field, _), project)| {
        form.set(field, project.full_name())
    });
    Ok(Page(page(shell, &owner, &offered, form)))
}

async fn read(
    app: &App,
    user: User,
    owner: Owner,
) -> Result<(Vec<Project>, Vec<Project>), PageError> {
    Ok(app.store.read(move |db| pins::choices(db, &user, &owner)).await?)
}

fn page(shell: Shell, owner: &Owner, offered: &[Project], form: Form) -> PinnedPage {
    let group = match owner {
        Owner::User(_) => String::new(),
        Owner::Group(name) => name.to_string(),
    };
    let none = Choice::new("", "–");
    let offered = offered.iter().map(|project| {
        let name = project.full_name();
        Choice::new(&name, &name)
    });
    PinnedPage {
        shell,
        owner: owner.to_string(),
        action: format!("/user/customize-pinned/{group}"),
        back: view::owner_url(owner),
        fields: FIELDS.map(|(name, _)| name),
        choices: std::iter::once(none).chain(offered).collect(),
        form,
    }
}

async fn set(
    app: &App,
    _here: SameOrigin,
    user: User,
    shell: Shell,
    owner: Owner,
    body: Body,
) -> Answer<PinnedPage> {
    let form = Form::typed(LABELS, &body);
    let names = FIELDS.map(|(field, _)| (field, form.value(field).trim().to_owned()));
    let (by, of) = (user.clone(), owner.clone());
    match app.store.write(move |tx| pins::set(tx, &by, &of, &names)).await {
        Ok(()) => Ok(Done::at(view::owner_url(&owner)).saying("What is pinned is changed.")),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let (_, offered) = read(app, user, owner.clone()).await?;
            Err(Refused::new(status, page(shell, &owner, &offered, form)))
        }
    }
}
