//! A project's builds.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::model::{BuildState, DirName, Owner, ProjectName};
use crate::ops::App;
use crate::ops::builds::pages::{Listed, listed};
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Masthead, Pages, Shape, Shell, Step, Took};
use crate::web::session::encode;
use crate::web::view;

/// Builds on one page.
const SIZE: u32 = 50;
/// States that can be chosen.
const STATES: [BuildState; 6] = [
    BuildState::Succeeded,
    BuildState::Failed,
    BuildState::Running,
    BuildState::Pending,
    BuildState::Canceled,
    BuildState::Waiting,
];

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
    /// Directories to choose from; empty where there is but one.
    pub dirs: Vec<Pick>,
    /// States to choose from.
    pub states: Vec<Pick>,
    /// Only some of the builds are listed.
    pub is_filtered: bool,
    /// The page of all builds.
    pub url: String,
    /// The viewer may stop builds, or more.
    pub may_choose: bool,
    /// The viewer may delete builds.
    pub may_delete: bool,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// A way to narrow the list down.
pub struct Pick {
    /// What it is called.
    pub title: String,
    /// Where it leads.
    pub url: String,
    /// It is what is shown.
    pub chosen: bool,
}

/// The builds of a project.
#[get("/coprs/<owner>/<name>/builds?<page>&<dirname>&<status>")]
pub async fn builds(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
    dirname: Option<&str>,
    status: Option<&str>,
) -> Result<Page<BuildsPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let wrong = |what: &str| PageError::not_found(format!("There is no {what} of this name."));
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let dir: Option<DirName> =
        given(dirname).map(|text| text.parse()).transpose().map_err(|_| wrong("directory"))?;
    let state: Option<BuildState> =
        given(status).map(|text| text.parse()).transpose().map_err(|_| wrong("state"))?;
    let (viewer, wanted) = (shell.viewer.clone(), dir.clone());
    let read =
        move |db: &_| listed(db, (&owner, &name), (wanted.as_ref(), state), viewer.as_ref(), slice);
    let found = app.store.read(read).await?;
    Ok(Page(page_of(shell, &found, number, (dir.as_ref(), state))))
}

fn page_of(
    shell: Shell,
    found: &Listed,
    number: u64,
    (dir, state): (Option<&DirName>, Option<BuildState>),
) -> BuildsPage {
    let now = Timestamp::now();
    let project = &found.head.project;
    let url = format!("{}builds/", view::project_url(&project.owner, &project.name));
    let address = |dir: Option<&DirName>, state: Option<BuildState>, page: u64| {
        let dir = dir.map(|dir| format!("dirname={}", encode(&dir.to_string())));
        let state = state.map(|state| format!("status={}", state.as_str()));
        let page = (page > 1).then(|| format!("page={page}"));
        let query: Vec<String> = [dir, state, page].into_iter().flatten().collect();
        if query.is_empty() { url.clone() } else { format!("{url}?{}", query.join("&")) }
    };
    let is_filtered = dir.is_some() || state.is_some();
    let pages = if is_filtered {
        Pages {
            newer: (number > 1).then(|| address(dir, state, number - 1)),
            older: found.more.then(|| address(dir, state, number + 1)),
            position: format!("page {number}"),
        }
    } else {
        Pages::new(&url, number, SIZE.into(), found.head.builds.into())
    };
    let all = |title: &str, url, chosen| Pick { title: title.to_owned(), url, chosen };
    let mut dirs = Vec::new();
    if found.dirs.len() > 1 {
        dirs.push(all("all directories", address(None, state, 1), dir.is_none()));
        dirs.extend(found.dirs.iter().map(|known| Pick {
            title: known.name.to_string(),
            url: address(Some(&known.name), state, 1),
            chosen: dir == Some(&known.name),
        }));
    }
    let mut states = vec![all("all states", address(dir, None, 1), state.is_none())];
    states.extend(STATES.iter().map(|known| Pick {
        title: known.as_str().to_owned(),
        url: address(dir, Some(*known), 1),
        chosen: state == Some(*known),
    }));
    let rights = found.head.rights;
    BuildsPage {
        head: view::masthead(&found.head, "builds", now),
        builds: found.builds.iter().map(|build| view::build_row(build, now)).collect(),
        has_dirs: found.builds.iter().any(|build| !build.dir.is_main()),
        may_choose: rights.build && !found.builds.is_empty(),
        may_delete: rights.edit,
        first_steps: vec![view::build_step(&project.full_name())],
        pages,
        dirs,
        states,
        is_filtered,
        url,
        shell,
    }
}
