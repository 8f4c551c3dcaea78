//! A project's directories, and how long they stay.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::overview::{DirEntry, directories};
use crate::repo::Layout;
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Masthead, Shape, Shell};
use crate::web::session::encode;
use crate::web::view;

/// A directory that goes away in fewer days is marked.
const SOON: i64 = 7;

/// `/coprs/<owner>/<project>/directories/`
#[derive(Template)]
#[template(path = "project/directories.html")]
pub struct DirsPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The directories.
    pub dirs: Vec<DirRow>,
}

/// A directory in the list of them.
pub struct DirRow {
    /// Its name.
    pub name: String,
    /// Its builds.
    pub builds_url: String,
    /// Its monitor.
    pub monitor_url: String,
    /// Its files.
    pub files_url: String,
    /// Its newest build.
    pub newest: Option<BuildRow>,
    /// How long it stays.
    pub left: String,
    /// That is not long.
    pub is_soon: bool,
}

/// The directories of a project.
#[get("/coprs/<owner>/<name>/directories")]
pub async fn dirs(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<DirsPage>, PageError> {
    let viewer = shell.viewer.clone();
    let read = move |db: &_| directories(db, &owner, &name, viewer.as_ref());
    let (head, entries) = app.store.read(read).await?;
    let (now, layout) = (Timestamp::now(), app.layout());
    let owner = &head.project.owner;
    let project_url = view::project_url(owner, &head.project.name);
    let row = |entry: &DirEntry| dir_row(entry, owner, &project_url, &layout, now);
    Ok(Page(DirsPage {
        head: view::masthead(&head, "builds", now),
        dirs: entries.iter().map(row).collect(),
        shell,
    }))
}

fn dir_row(
    entry: &DirEntry,
    owner: &Owner,
    project_url: &str,
    layout: &Layout,
    now: Timestamp,
) -> DirRow {
    let DirEntry { name, days, newest } = entry;
    DirRow {
        builds_url: format!("{project_url}builds/?dirname={}", encode(&name.to_string())),
        monitor_url: format!("{project_url}monitor/?dirname={}", encode(&name.to_string())),
        files_url: view::on_this_server(&layout.dir_url(owner, name), layout) + "/",
        newest: newest.as_ref().map(|build| view::build_row(build, now)),
        left: left(*days),
        is_soon: days.is_some_and(|days| days < SOON),
        name: name.to_string(),
    }
}

fn left(days: Option<i64>) -> String {
    match days {
        None => String::new(),
        Some(1) => "1 day left".to_owned(),
        Some(days) => format!("{days} days left"),
    }
}
