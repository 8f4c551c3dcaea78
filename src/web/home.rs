//! The home page: the newest projects, and what is going on.

use askama::Template;
use rocket::{State, get};

use super::error::PageError;
use super::filters;
use super::parts::{BuildRow, Pages, ProjectRow, Shape, Shell, Step};
use super::view;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::ops::{App, pages};

/// Projects on one page.
const SIZE: u32 = 20;

/// `/`
#[derive(Template)]
#[template(path = "home/index.html")]
pub struct HomePage {
    /// The frame.
    pub shell: Shell,
    /// The newest projects.
    pub projects: Vec<ProjectRow>,
    /// Where in the list of projects this is.
    pub pages: Pages,
    /// The newest builds.
    pub latest: Vec<BuildRow>,
    /// How many there are of what.
    pub counts: Counts,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// How many there are of what.
pub struct Counts {
    /// Projects.
    pub projects: String,
    /// Builds.
    pub builds: String,
    /// Jobs at work.
    pub running: String,
    /// Jobs in the queue.
    pub waiting: String,
}

/// The home page.
#[get("/?<page>")]
pub async fn index(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<HomePage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let home = app.store.read(move |db| pages::home(db, slice)).await?;
    let now = Timestamp::now();
    Ok(Page(HomePage {
        projects: home.projects.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::open("/", number, home.more),
        latest: home.latest.iter().map(|build| view::build_row(build, now)).collect(),
        counts: Counts {
            projects: filters::in_thousands(home.project_count.into()),
            builds: filters::in_thousands(home.build_count),
            running: filters::in_thousands(home.running.into()),
            waiting: filters::in_thousands(home.queued.into()),
        },
        first_steps: view::first_steps(shell.viewer.as_ref(), home.any_chroot.as_ref()),
        shell,
    }))
}

/// The same under Copr's other address for it.
#[get("/coprs?<page>")]
pub async fn coprs(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<HomePage>, PageError> {
    index(app, shell, page).await
}
