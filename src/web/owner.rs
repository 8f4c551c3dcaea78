//! The projects of a user or a group.

use askama::Template;
use rocket::response::Redirect;
use rocket::{State, get};

use super::error::PageError;
use super::parts::{Pages, ProjectRow, Shape, Shell, Step};
use super::view;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::http::params::GroupOwner;
use crate::model::Owner;
use crate::model::list::Slice;
use crate::ops::{App, pages};

/// Projects on one page.
const SIZE: u32 = 50;

/// `/coprs/<owner>/`
#[derive(Template)]
#[template(path = "owner/index.html")]
pub struct OwnerPage {
    /// The frame.
    pub shell: Shell,
    /// The owner: `alice`, `@devs`.
    pub owner: String,
    /// "user" or "group".
    pub kind: &'static str,
    /// How many projects there are.
    pub count: u64,
    /// The owner is who is looking.
    pub is_viewer: bool,
    /// The projects.
    pub projects: Vec<ProjectRow>,
    /// Where in their list this is.
    pub pages: Pages,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// The page of an owner.
// After the numbers of the home page's pages, which no user is called by.
#[get("/coprs/<owner>?<page>", rank = 1)]
pub async fn index(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    page: Option<&str>,
) -> Result<Page<OwnerPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let asked = owner.clone();
    let found = app.store.read(move |db| pages::owner(db, &asked, slice)).await?;
    let now = Timestamp::now();
    Ok(Page(OwnerPage {
        kind: if matches!(owner, Owner::Group(_)) { "group" } else { "user" },
        count: found.count.into(),
        is_viewer: matches!((&owner, &shell.viewer), (Owner::User(name), Some(viewer)) if *name == viewer.name),
        projects: found.projects.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::new(&view::owner_url(&owner), number, SIZE.into(), found.count.into()),
        first_steps: view::first_steps(shell.viewer.as_ref(), found.any_chroot.as_ref()),
        owner: owner.to_string(),
        shell,
    }))
}

/// Copr's address of a group's projects.
#[get("/groups/g/<group>/coprs")]
pub fn group(group: GroupOwner) -> Redirect {
    Redirect::permanent(view::owner_url(&group.0))
}
