//! Groups: who belongs to them.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::GroupName;
use crate::model::user::User;
use crate::ops::{App, admin};

/// The fields of the forms.
const FIELDS: Labels = &[("name", "Name"), ("members", "Members"), ("member", "Member")];

/// `/admin/groups/`
#[derive(Template)]
#[template(path = "admin/groups.html")]
pub struct GroupsPage {
    /// The frame.
    pub shell: Shell,
    /// The groups with their members.
    pub groups: Vec<(String, Vec<String>)>,
    /// What adds another.
    pub form: Form,
}

/// All groups.
#[get("/admin/groups")]
pub async fn list(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<GroupsPage>, PageError> {
    Ok(Page(page(app, user.0, shell, Form::new(FIELDS)).await?))
}

async fn page(app: &App, user: User, shell: Shell, form: Form) -> Result<GroupsPage, PageError> {
    let found = app.store.read(move |db| admin::crews(db, &user)).await?;
    let group = |(name, members): admin::Crew| {
        (name.to_string(), members.iter().map(ToString::to_string).collect())
    };
    Ok(GroupsPage { shell, groups: found.into_iter().map(group).collect(), form })
}

/// Adds a group.
#[post("/admin/groups", data = "<body>")]
pub async fn add(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    body: Body,
) -> Answer<GroupsPage> {
    let form = Form::typed(FIELDS, &body);
    let (name, members) = (form.value("name").to_owned(), form.value("members").to_owned());
    let caller = user.0.clone();
    match app.store.write(move |tx| admin::add_crew(tx, &caller, &name, &members)).await {
        Ok(()) => Ok(Done::at("/admin/groups/").saying("The group is there.")),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, user.0, shell, form).await?))
        }
    }
}

/// Takes a user into a group.
#[post("/admin/groups/<group>/add", data = "<body>")]
pub async fn take_in(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    group: GroupName,
    body: Body,
) -> Answer<GroupsPage> {
    change(app, user, shell, group, &body, true).await
}

/// Takes a user out of a group.
#[post("/admin/groups/<group>/remove", data = "<body>")]
pub async fn take_out(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    group: GroupName,
    body: Body,
) -> Answer<GroupsPage> {
    change(app, user, shell, group, &body, false).await
}

async fn change(
    app: &App,
    user: SignedIn,
    shell: Shell,
    group: GroupName,
    body: &Body,
    is_in: bool,
) -> Answer<GroupsPage> {
    let form = Form::typed(FIELDS, body);
    let member = form.value("member").to_owned();
    let caller = user.0.clone();
    let said = format!("The members of @{group} are changed.");
    match app.store.write(move |tx| admin::change_crew(tx, &caller, &group, &member, is_in)).await {
        Ok(()) => Ok(Done::at("/admin/groups/").saying(said)),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, user.0, shell, form).await?))
        }
    }
}
