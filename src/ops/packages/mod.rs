//! Packages of projects, and the monitor: how the newest build of each is doing.

mod change;
pub mod dependencies;
pub mod pages;

use std::collections::HashMap;

pub use change::{Place, Wish, add, edit, source_kind};

use super::authorise::{Action, authorise};
use super::{App, Error, Result, builds as build_ops, projects};
use crate::model::build::Build;
use crate::model::list::{Direction, Slice, SortKey};
use crate::model::package::Package;
use crate::model::project::{Dir, Project};
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{BuildId, DirName};
use crate::repo::Layout;
use crate::store::builds::Filter;
use crate::store::monitor::{self, MonitorRow};
use crate::store::{Connection, builds, packages, projects as project_rows};

/// More packages than this are listed in parts only.
const MOST: u32 = 10_000;

/// Which builds are wanted along with a package.
#[derive(Clone, Copy, Debug, Default)]
pub struct With {
    /// The newest.
    pub latest: bool,
    /// The newest that succeeded.
    pub latest_succeeded: bool,
}

/// A package, with the builds that were asked for.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The package.
    pub package: Package,
    /// The newest build, if that was asked for and there is one.
    pub latest: Option<Box<Build>>,
    /// The newest that succeeded, likewise.
    pub latest_succeeded: Option<Box<Build>>,
}

/// The package of this name.
pub(super) fn find(db: &Connection, project: &Project, name: &str) -> Result<Package> {
    let found = match name.parse() {
        Ok(name) => packages::find(db, project.id, &name)?,
        Err(_) => None,
    };
    found.ok_or_else(|| missing(project, name))
}

fn missing(project: &Project, name: &str) -> Error {
    Error::NotFound(format!("No package with name {name} in copr {}", project.name))
}

/// Packages with the builds that were asked for, which are read together: most have one that is
/// the newest and has succeeded, too.
fn show(db: &Connection, found: Vec<Package>, with: With, dir: Option<&Dir>) -> Result<Vec<Shown>> {
    let mut wanted: Vec<(Option<BuildId>, Option<BuildId>)> = Vec::with_capacity(found.len());
    for package in &found {
        let latest = if with.latest { latest_build(db, package, dir)? } else { None };
        let succeeded = if with.latest_succeeded {
            packages::latest_succeeded_build(db, package.id)?
        } else {
            None
        };
        wanted.push((latest, succeeded));
    }
    let both = |&(latest, succeeded): &(Option<BuildId>, Option<BuildId>)| {
        [latest, succeeded.filter(|_| succeeded != latest)]
    };
    let ids: Vec<BuildId> = wanted.iter().flat_map(both).flatten().collect();
    let builds = builds::these(db, &ids)?;
    let builds: HashMap<BuildId, Build> =
        builds.into_iter().map(|build| (build.id, build)).collect();
    let build = |id: Option<BuildId>| id.and_then(|id| builds.get(&id)).cloned().map(Box::new);
    let shown = found.into_iter().zip(wanted).map(|(package, (latest, succeeded))| Shown {
        package,
        latest: build(latest),
        latest_succeeded: build(succeeded),
    });
    Ok(shown.collect())
}

/// The newest build of a package. In a list, Copr prefers what is in the main directory.
fn latest_build(
    db: &Connection,
    package: &Package,
    preferred: Option<&Dir>,
) -> Result<Option<BuildId>> {
    if let Some(dir) = preferred
        && let Some(id) = packages::latest_build_in(db, package.id, dir.id)?
    {
        return Ok(Some(id));
    }
    Ok(packages::latest_build(db, package.id)?)
}

/// One package of a project.
pub async fn get(
    app: &App,
    (owner, project): (&str, &str),
    name: &str,
    with: With,
) -> Result<(Project, Shown)> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    app.store
        .look_up(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let package = find(db, &project, &name)?;
            let mut shown = show(db, vec![package], with, None)?;
            let shown = shown.pop().ok_or_else(|| missing(&project, &name))?;
            Ok((project, shown))
        })
        .await
}

/// A project's packages; [`Error::TooMany`] when they do not fit into one answer. With builds, up to
/// four look-ups by index for each package.
pub async fn list(
    app: &App,
    (owner, project): (&str, &str),
    with: With,
    order: (SortKey, Direction),
    slice: Slice,
) -> Result<(Project, Vec<Shown>)> {
    let (owner, project) = (owner.to_owned(), project.to_owned());
    app.store
        .read(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let capped =
                Slice { limit: Some(slice.limit.unwrap_or(u32::MAX).min(MOST + 1)), ..slice };
            let ids = packages::ids(db, project.id, order, capped)?;
            if ids.len() > MOST as usize {
                return Err(Error::TooMany(format!(
                    "There are more than {MOST} packages; use pagination."
                )));
            }
            let dir = project_rows::main_dir(db, &project)?;
            let found = packages::these(db, &ids)?;
            let shown = show(db, found, with, Some(&dir))?;
            Ok((project, shown))
        })
        .await
}

/// Forgets where a package's sources come from. Its builds stay.
pub async fn reset(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
    name: &str,
) -> Result<(Project, Shown)> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    let user = user.clone();
    let (project, package, gone) = app
        .store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &project)?;
            authorise(tx, &user, Action::EditPackages(&project))?;
            let old = find(tx, &project, &name)?;
            let package = Package { source: SourceSpec::Unset, poll: false, ..old.clone() };
            packages::update(tx, &package)?;
            let gone = unused(tx, &old.source)?;
            Ok::<_, Error>((project, package, gone))
        })
        .await?;
    remove_upload(&app.layout(), gone);
    Ok((project, Shown { package, latest: None, latest_succeeded: None }))
}

/// The directory of the file that a package has kept, when no build and no other package needs it
/// any more.
fn unused(tx: &Connection, source: &SourceSpec) -> Result<Option<String>> {
    let SourceSpec::Upload { dir, .. } = source else { return Ok(None) };
    let is_used = builds::uploads(tx)?.contains(dir) || packages::keeps(tx, dir)?;
    Ok((!is_used).then(|| dir.clone()))
}

fn remove_upload(layout: &Layout, dir: Option<String>) {
    if let Some(dir) = dir {
        // Gone already when it was a build's; else the next start clears it away.
        let _ = std::fs::remove_dir_all(layout.uploads().join(dir));
    }
}

/// Deletes a package with all its builds; the answer is what it was.
pub async fn delete(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
    name: &str,
) -> Result<(Project, Shown)> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    let (user, layout) = (user.clone(), app.layout());
    let (project, package, gone, kept) = app
        .store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &project)?;
            authorise(tx, &user, Action::EditPackages(&project))?;
            let package = find(tx, &project, &name)?;
            let filter = Filter { package: Some(&package.name), ..Filter::default() };
            let gone = builds::list(tx, project.id, filter, Slice::default())?;
            check_builds(tx, &project, &gone)?;
            build_ops::remove(tx, &layout, &gone)?;
            packages::delete(tx, package.id)?;
            let kept = unused(tx, &package.source)?;
            Ok::<_, Error>((project, package, gone, kept))
        })
        .await?;
    for build in &gone {
        build_ops::forget_upload(&app.layout(), &build.source);
    }
    remove_upload(&app.layout(), kept);
    Ok((project, Shown { package, latest: None, latest_succeeded: None }))
}

fn check_builds(tx: &Connection, project: &Project, gone: &[Build]) -> Result<()> {
    if project.persistent && !gone.is_empty() {
        return Err(Error::invalid("The builds of a persistent project cannot be deleted."));
    }
    let mut unfinished = Vec::new();
    for build in gone {
        if !build.state.is_finished() || !build_ops::running(tx, build.id)?.is_empty() {
            unfinished.push(build.id);
        }
    }
    if unfinished.is_empty() {
        return Ok(());
    }
    Err(Error::unfinished(&unfinished))
}

/// How the newest build of each package is doing in each chroot of a directory, by package name.
pub async fn monitor(
    app: &App,
    (owner, project): (&str, &str),
    dir: Option<&str>,
) -> Result<(Project, DirName, Vec<MonitorRow>)> {
    let (owner, project) = (owner.to_owned(), project.to_owned());
    let dir = dir.filter(|dir| !dir.is_empty()).map(str::to_owned);
    app.store
        .read(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let dir = find_dir(db, &project, dir.as_deref())?;
            let rows = monitor::of_dir(db, &dir)?;
            Ok((project, dir.name, rows))
        })
        .await
}

/// The directory that a text names; the main one, if there is none.
fn find_dir(db: &Connection, project: &Project, dir: Option<&str>) -> Result<Dir> {
    let Some(text) = dir else { return Ok(project_rows::main_dir(db, project)?) };
    let found = match text.parse() {
        Ok(name) => project_rows::find_dir(db, project.id, &name)?,
        Err(_) => None,
    };
    found.ok_or_else(|| {
        Error::NotFound(format!("Dirname '{text}' doesn't exist in '{}' copr", project.full_name()))
    })
}
