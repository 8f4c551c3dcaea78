//! The projects of a user or a group.

use askama::Template;
use rocket::{State, get};

use super::error::PageError;
use super::filters;
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
    /// What the owner says of itself, as Markdown.
    pub profile: String,
    /// Where mail for a user goes, for those who are logged in.
    pub email: Option<String>,
    /// The groups of a user or the members of a group, each with a page.
    pub belongs: Vec<(String, String)>,
    /// Where the viewer can make a project.
    pub new_url: Option<String>,
    /// Where the viewer can change what the owner says of itself.
    pub profile_url: Option<String>,
    /// Where the viewer can put projects in front.
    pub pins_url: Option<String>,
    /// The projects that the owner has put in front.
    pub pinned: Vec<ProjectRow>,
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
    show(app, shell, owner, view::page_number(page)).await
}

/// Copr's addresses of its further pages; no project is called by a number alone.
#[get("/coprs/<owner>/<number>", rank = 2)]
pub async fn numbered(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    number: u32,
) -> Result<Page<OwnerPage>, PageError> {
    show(app, shell, owner, u64::from(number).clamp(1, 1_000_000)).await
}

async fn show(
    app: &App,
    shell: Shell,
    owner: Owner,
    number: u64,
) -> Result<Page<OwnerPage>, PageError> {
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let (asked, viewer) = (owner.clone(), shell.viewer.clone());
    let found = app.store.read(move |db| pages::owner(db, &asked, slice, viewer.as_ref())).await?;
    let now = Timestamp::now();
    let url = view::owner_url(&owner);
    let link = |name: String| {
        let path =
            name.strip_prefix('@').map_or_else(|| name.clone(), |group| format!("g/{group}"));
        (name, format!("/coprs/{path}/"))
    };
    let group = match &owner {
        Owner::Group(name) => name.to_string(),
        Owner::User(_) => String::new(),
    };
    Ok(Page(OwnerPage {
        kind: if group.is_empty() { "user" } else { "group" },
        count: found.count.into(),
        profile: found.profile,
        email: found.email,
        belongs: found.belongs.into_iter().map(link).collect(),
        new_url: found.may_create.then(|| format!("{url}add/")),
        profile_url: found.may_speak.then(|| format!("/user/customize-profile/{group}")),
        pins_url: found.may_speak.then(|| format!("/user/customize-pinned/{group}")),
        pinned: found.pinned.iter().map(|card| view::project_row(card, now)).collect(),
        projects: found.projects.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::new(&url, number, SIZE.into(), found.count.into()),
        first_steps: view::first_steps(shell.viewer.as_ref(), found.any_chroot.as_ref()),
        owner: owner.to_string(),
        shell,
    }))
}

/// Copr's address of a group's projects.
#[get("/groups/g/<group>/coprs?<page>")]
pub async fn group(
    app: &State<App>,
    shell: Shell,
    group: GroupOwner,
    page: Option<&str>,
) -> Result<Page<OwnerPage>, PageError> {
    index(app, shell, group.0, page).await
}

/// And of its further pages.
#[get("/groups/g/<group>/coprs/<number>")]
pub async fn group_numbered(
    app: &State<App>,
    shell: Shell,
    group: GroupOwner,
    number: u32,
) -> Result<Page<OwnerPage>, PageError> {
    numbered(app, shell, group.0, number).await
}
