//! Projects: looking them up. How they are made, changed and deleted is in the modules below.

mod create;
mod delete;
mod edit;
mod parts;
mod wish;

pub use create::{NewProject, create};
pub(super) use create::{check_files_are_gone, project_name, settled};
pub use delete::delete;
pub(super) use delete::expire;
pub use edit::edit;
pub use parts::{Change, change_chroots, change_dependencies, dependency};
pub use wish::Wish;
pub(super) use wish::{choice, repos};

use super::authorise::{Action, authorise};
use super::listing::Listing;
use super::{App, Error, Result};
use crate::model::job::{RepoKey, Tidy};
use crate::model::list::{Direction, ProjectKey, Slice};
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{ChrootId, ChrootName, DirName, Owner, ProjectId, ProjectName};
use crate::store::projects::Search;
use crate::store::{Connection, build_chroots, groups, jobs, project_chroots, projects};

/// A project with the chroots that its builds go to.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The project.
    pub project: Project,
    /// The chroots that are enabled, and active on this server.
    pub chroots: Vec<ChrootName>,
}

impl Shown {
    pub(super) fn new(db: &Connection, project: Project) -> Result<Shown> {
        let chroots = project_chroots::enabled_names(db, project.id)?;
        Ok(Shown { project, chroots })
    }
}

fn missing(owner: &str, name: &str) -> Error {
    Error::NotFound(format!("Project {owner}/{name} does not exist."))
}

/// There is no such group.
fn missing_group(name: &str) -> Error {
    Error::NotFound(format!("Group {name} does not exist."))
}

/// The project that these texts name. What cannot be a name is the name of nothing.
pub fn find(db: &Connection, owner: &str, name: &str) -> Result<Project> {
    let found = match (owner.parse::<Owner>(), name.parse::<ProjectName>()) {
        (Ok(owner), Ok(name)) => projects::find(db, &owner, &name)?,
        _ => None,
    };
    if let Some(project) = found {
        return Ok(project);
    }
    let Some(group) = owner.strip_prefix('@') else { return Err(missing(owner, name)) };
    let is_there = match group.parse() {
        Ok(group) => groups::find(db, &group)?.is_some(),
        Err(_) => false,
    };
    Err(if is_there { missing(owner, name) } else { missing_group(group) })
}

/// One project.
pub async fn get(app: &App, owner: &str, name: &str) -> Result<Shown> {
    let (owner, name) = (owner.to_owned(), name.to_owned());
    app.store
        .look_up(move |db| {
            let project = find(db, &owner, &name)?;
            Shown::new(db, project)
        })
        .await
}

/// Projects, of one owner or of all; nobody's are none. One look-up by index for each row, and what
/// [`ProjectKey`] says.
pub async fn list(
    app: &App,
    owner: Option<&str>,
    order: (ProjectKey, Direction),
    slice: Slice,
) -> Result<Listing<Shown, ProjectId>> {
    let owner = match owner.map(str::parse::<Owner>) {
        Some(Err(_)) => return Ok(Listing::empty()),
        Some(Ok(owner)) => Some(owner),
        None => None,
    };
    app.store
        .read(move |db| {
            let ids = projects::ids(db, owner.as_ref(), order, slice)?;
            Listing::read(ids, |ids| show(db, ids))
        })
        .await
}

/// The projects with these numbers, as a [`Listing`] has them.
pub async fn these(app: &App, ids: Vec<ProjectId>) -> Result<Vec<Shown>> {
    app.store.read(move |db| show(db, &ids)).await
}

fn show(db: &Connection, ids: &[ProjectId]) -> Result<Vec<Shown>> {
    let found = projects::these(db, ids)?;
    found.into_iter().map(|project| Shown::new(db, project)).collect()
}

/// Projects that fit `query`: `owner/name` or a text anywhere, newest first.
pub async fn search(app: &App, query: &str, slice: Slice) -> Result<Listing<Shown, ProjectId>> {
    let query = query.trim().to_owned();
    if query.is_empty() {
        return Err(Error::invalid("query: say what to search for"));
    }
    app.store
        .read(move |db| {
            let wanted = match query.split_once('/') {
                Some((owner, name)) => Search::Named { owner, name },
                None => Search::Anywhere(&query),
            };
            let ids = projects::search(db, wanted, slice)?;
            Listing::read(ids, |ids| show(db, ids))
        })
        .await
}

/// Has the metadata of all of a project's repositories made anew. What the project has held back
/// so far becomes public.
pub async fn regenerate(app: &App, user: &User, owner: &str, name: &str) -> Result<Shown> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    app.store
        .write(move |tx| {
            let project = find(tx, &owner, &name)?;
            authorise(tx, &user, Action::ManageProject(&project))?;
            let chroots: Vec<ChrootId> = project_chroots::list(tx, project.id)?
                .into_iter()
                .filter(|used| used.is_enabled() && used.chroot.active)
                .map(|used| used.chroot.id)
                .collect();
            build_chroots::release(tx, project.id)?;
            let repos = repositories(tx, &project, &chroots)?;
            jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?;
            Shown::new(tx, project)
        })
        .await
}

/// These chroots in every directory of a project.
pub(super) fn repositories(
    db: &Connection,
    project: &Project,
    chroots: &[ChrootId],
) -> Result<Vec<RepoKey>> {
    let dirs = projects::dirs(db, project.id)?;
    let of_dir = |dir| chroots.iter().map(move |&chroot| RepoKey { dir, chroot });
    Ok(dirs.iter().flat_map(|dir| of_dir(dir.id)).collect())
}

/// The path of a directory of a project below the data directory, as [`Tidy`] has it.
pub(super) fn results_path(owner: &Owner, dir: &DirName) -> String {
    format!("results/{owner}/{dir}")
}
