//! A project's builds.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::model::{Owner, ProjectName};
use crate::ops::{App, pages};
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Masthead, Pages, Shape, Shell, Step, Took};
use crate::web::view;

/// Builds on one page.
const SIZE: u32 = 50;

/// `/coprs/<owner>/<project>/builds/`
#[derive(Template)]
#[template(path = "project/builds.html")]
pub struct BuildsPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The builds, newest first.
    pub builds: Vec<BuildRow>,
    /// Some of them are not in the main directory.
    pub has_dirs: bool,
    /// Where in their list this is.
    pub pages: Pages,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// The builds of a project.
#[get("/coprs/<owner>/<name>/builds?<page>")]
pub async fn builds(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
) -> Result<Page<BuildsPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let viewer = shell.viewer.clone();
    let read = move |db: &_| pages::builds_of(db, &owner, &name, viewer.as_ref(), slice);
    let (head, found) = app.store.read(read).await?;
    let now = Timestamp::now();
    let project = &head.project;
    let address = format!("{}builds/", view::project_url(&project.owner, &project.name));
    Ok(Page(BuildsPage {
        head: view::masthead(&head, "builds", now),
        builds: found.iter().map(|build| view::build_row(build, now)).collect(),
        has_dirs: found.iter().any(|build| !build.dir.is_main()),
        pages: Pages::new(&address, number, SIZE.into(), head.builds.into()),
        first_steps: vec![view::build_step(&project.full_name())],
        shell,
    }))
}
