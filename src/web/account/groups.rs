//! The groups that one belongs to.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::Done;
use super::super::parts::Shell;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::page::Page;
use crate::model::GroupName;
use crate::ops::{App, personal};

/// `/groups/list/my`
#[derive(Template)]
#[template(path = "account/groups.html")]
pub struct GroupsPage {
    /// The frame.
    pub shell: Shell,
    /// The groups.
    pub groups: Vec<Row>,
}

/// A group in the list.
pub struct Row {
    /// Its name, without the `@`.
    pub name: String,
    /// How many belong to it.
    pub members: usize,
    /// How many projects it has.
    pub projects: u32,
}

/// The groups that one belongs to.
#[get("/groups/list/my")]
pub async fn my(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<GroupsPage>, PageError> {
    let groups = app.store.read(move |db| personal::groups_of(db, &user.0)).await?;
    let row = |(name, members, projects): (GroupName, usize, u32)| Row {
        name: name.to_string(),
        members,
        projects,
    };
    Ok(Page(GroupsPage { shell, groups: groups.into_iter().map(row).collect() }))
}

/// Copr's address for making a group usable; here they all are.
#[get("/groups/activate/<group>")]
pub async fn activate(
    app: &State<App>,
    user: SignedIn,
    group: GroupName,
) -> Result<Done, PageError> {
    let said = app.store.read(move |db| personal::activate(db, &user.0, &group)).await?;
    Ok(Done::at("/groups/list/my").saying(said))
}

/// The same for the form that Copr has there.
#[post("/groups/activate/<group>")]
pub async fn activated(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    group: GroupName,
) -> Result<Done, PageError> {
    activate(app, user, group).await
}
