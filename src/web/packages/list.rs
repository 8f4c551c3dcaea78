//! The list of a project's packages.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::{Shown, pages};
use crate::ops::sources::SourceKind;
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Masthead, Pages, Shape, Shell, Step};
use crate::web::session::encode;
use crate::web::view;

/// Packages on one page.
const SIZE: u32 = 50;

/// `/coprs/<owner>/<project>/packages/`
#[derive(Template)]
#[template(path = "packages/list.html")]
pub struct ListPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The packages.
    pub packages: Vec<PackageRow>,
    /// What their names are to hold.
    pub query: String,
    /// How many there are of these.
    pub count: u32,
    /// Where in their list this is.
    pub pages: Pages,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// A package in the list.
pub struct PackageRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Its newest build.
    pub latest: Option<BuildRow>,
    /// Webhooks rebuild it.
    pub is_automatic: bool,
    /// It says itself where its sources come from, so that it can be built again.
    pub has_source: bool,
}

/// The packages of a project.
#[get("/coprs/<owner>/<name>/packages?<page>&<q>")]
pub async fn list(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
    q: Option<&str>,
) -> Result<Page<ListPage>, PageError> {
    let query = q.unwrap_or_default().trim().to_owned();
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let (wanted, viewer) = (query.clone(), shell.viewer.clone());
    let found = app
        .store
        .read(move |db| pages::list(db, (&owner, &name), &wanted, slice, viewer.as_ref()))
        .await?;
    let now = Timestamp::now();
    let project = &found.head.project;
    let url = view::project_url(&project.owner, &project.name);
    let address = if query.is_empty() {
        format!("{url}packages/")
    } else {
        format!("{url}packages/?q={}", encode(&query))
    };
    Ok(Page(ListPage {
        head: view::masthead(&found.head, "packages", now),
        packages: found.packages.iter().map(|package| row(&url, package, now)).collect(),
        pages: Pages::new(&address, number, SIZE.into(), found.count.into()),
        count: found.count,
        first_steps: vec![view::build_step(&project.full_name())],
        query,
        shell,
    }))
}

fn row(project_url: &str, shown: &Shown, now: Timestamp) -> PackageRow {
    let package = &shown.package;
    PackageRow {
        url: view::package_url(project_url, package.name.as_str()),
        name: package.name.to_string(),
        latest: shown.latest.as_deref().map(|build| view::build_row(build, now)),
        is_automatic: package.webhook_rebuild,
        has_source: SourceKind::of(&package.source).is_some(),
    }
}
