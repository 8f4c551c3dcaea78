//! What the pages of a project show: what can be installed from it and what state that is in, its
//! builds, its directories.

use super::Result;
use super::install::{PULL_REQUESTS_STAY, days_until};
use super::pages::{ProjectHead, head};
use crate::model::build::{Build, BuildChroot};
use crate::model::job::RepoKey;
use crate::model::list::Slice;
use crate::model::project::{Dir, Project, ProjectChroot};
use crate::model::user::User;
use crate::model::{DirName, Owner, ProjectName};
use crate::store::builds::Filter;
use crate::store::{Connection, build_chroots, builds, expiry, forks, project_chroots, projects};

/// The overview of a project.
pub struct Overview {
    /// What all its pages show.
    pub head: ProjectHead,
    /// The chroots it has packages for: also those that are switched off, or no longer offered,
    /// until their packages go away.
    pub chroots: Vec<OfferedChroot>,
    /// A package that can be installed, for the commands.
    pub installable: Option<String>,
    /// The project it was forked from.
    pub original: Option<Project>,
    /// How many forks it has.
    pub forks: u32,
    /// Builds of the project it was forked from are still being copied.
    pub is_filling: bool,
}

/// A chroot that a project has packages for.
pub struct OfferedChroot {
    /// The chroot as the project uses it.
    pub used: ProjectChroot,
    /// Its newest build.
    pub newest: Option<(Build, BuildChroot)>,
}

/// Reads the overview of a project: some look-ups by index for each of its chroots.
pub fn overview(
    db: &Connection,
    owner: &Owner,
    name: &ProjectName,
    viewer: Option<&User>,
) -> Result<Overview> {
    let head = head(db, owner, name, viewer)?;
    let project = &head.project;
    let dir = projects::main_dir(db, project)?.id;
    let mut chroots = Vec::new();
    let mut installable = None;
    for used in project_chroots::list(db, project.id)? {
        let repo = RepoKey { dir, chroot: used.chroot.id };
        let newest = match build_chroots::newest_in(db, repo)? {
            Some(part) => builds::get(db, part.build)?.map(|build| (build, part)),
            None => None,
        };
        if installable.is_none() && used.is_enabled() && used.chroot.active {
            installable = installable_from(db, repo)?;
        }
        chroots.push(OfferedChroot { used, newest });
    }
    let original = match project.forked_from {
        Some(id) => projects::get(db, id)?,
        None => None,
    };
    Ok(Overview {
        forks: forks::count(db, project.id)?,
        is_filling: forks::is_filling(db, project.id)?,
        chroots,
        installable,
        original,
        head,
    })
}

/// A directory of a project in a list.
pub struct DirEntry {
    /// Its name.
    pub name: DirName,
    /// How many days are left where it goes away by itself.
    pub days: Option<i64>,
    /// Its newest build.
    pub newest: Option<Build>,
}

/// The directories of a project, the main one first: some look-ups by index for each.
pub fn directories(
    db: &Connection,
    owner: &Owner,
    name: &ProjectName,
    viewer: Option<&User>,
) -> Result<(ProjectHead, Vec<DirEntry>)> {
    let head = head(db, owner, name, viewer)?;
    let mut entries = Vec::new();
    for dir in projects::dirs(db, head.project.id)? {
        let filter = Filter { dir: Some(dir.id), ..Filter::default() };
        let newest = builds::list(db, head.project.id, filter, Slice::first(1))?.pop();
        entries.push(DirEntry { days: days_left(db, &dir)?, name: dir.name, newest });
    }
    Ok((head, entries))
}

/// How many days are left to a directory; none for one that stays.
fn days_left(db: &Connection, dir: &Dir) -> Result<Option<i64>> {
    if !dir.name.is_pull_request() {
        return Ok(None);
    }
    let used = expiry::last_used(db, dir.id)?;
    Ok(used.map(|last| days_until(last.after(PULL_REQUESTS_STAY))))
}

/// The name of a package that the newest published build of a repository made: that of its source
/// package where there is one of that name, else the first that somebody would install.
fn installable_from(db: &Connection, repo: RepoKey) -> Result<Option<String>> {
    let Some(part) = build_chroots::last_published(db, repo)? else { return Ok(None) };
    let made = build_chroots::packages(db, part.id)?;
    let source = made.iter().find(|package| package.arch == "src").map(|package| &package.name);
    let is_wanted = |name: &str| {
        ["-debuginfo", "-debugsource", "-devel", "-doc"]
            .iter()
            .all(|ending| name.strip_suffix(ending).is_none())
    };
    let mut names = made.iter().filter(|p| p.arch != "src").map(|package| &package.name);
    let same = names.clone().find(|name| Some(*name) == source);
    Ok(same.or_else(|| names.find(|name| is_wanted(name))).cloned())
}
