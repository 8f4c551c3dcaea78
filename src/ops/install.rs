//! What somebody needs to know who installs packages of a project: repositories, architectures,
//! dependencies.

use std::time::Duration;

use super::{App, Error, Result, projects};
use crate::clock::Timestamp;
use crate::model::project::{Project, ProjectChroot};
use crate::model::repo_url::{RepoTarget, RepoUrl};
use crate::model::{ChrootName, DirName, Owner};
use crate::repo::dotrepo::{CoprRepo, Dependency as Section, RepoFile, select};
use crate::store::{Connection, expiry, project_chroots, projects as project_rows};

/// How long the directory of a pull request outlives its newest build.
pub const PULL_REQUESTS_STAY: Duration = Duration::from_hours(40 * 24);
const DAY: i64 = 24 * 60 * 60;
/// More dependencies than this are a mistake; the rest is left out.
const MOST_DEPENDENCIES: usize = 200;

/// A further repository that a project's packages need.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// As it was written.
    pub url: RepoUrl,
    /// The project, where it is one of this server; `None` also when that has gone.
    pub project: Option<Project>,
}

/// What can be installed from a project, and how.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The project.
    pub project: Project,
    /// Its directories, each with the days left where it goes away by itself.
    pub dirs: Vec<(DirName, Option<i64>)>,
    /// Its chroots, those included that are switched off and kept for some days.
    pub chroots: Vec<ProjectChroot>,
    /// Everything its packages need, also by way of others.
    pub dependencies: Vec<Dependency>,
}

impl Offer {
    /// Whether the i386 repository goes along with the x86_64 one of this release.
    pub fn has_multilib(&self, chroot: &ChrootName) -> bool {
        let there = |arch: &str| {
            self.chroots.iter().any(|used| {
                used.chroot.name.name_release() == chroot.name_release()
                    && used.chroot.name.arch() == arch
            })
        };
        self.project.settings.multilib && chroot.arch() == "x86_64" && there("i386")
    }
}

/// Whole days from now until `end`; a span that begins just now has lost its last day.
pub fn days_until(end: Timestamp) -> i64 {
    (end.0 - Timestamp::now().0 - 1).div_euclid(DAY).max(0)
}

/// What can be installed from a project.
pub async fn offer(app: &App, owner: &str, dir: &str) -> Result<Offer> {
    let (owner, dir) = (owner.to_owned(), dir.to_owned());
    app.store.look_up(move |db| load(db, &owner, &dir)).await
}

fn load(db: &Connection, owner: &str, dir: &str) -> Result<Offer> {
    let name = dir.split(':').next().unwrap_or_default();
    let project = projects::find(db, owner, name).map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound(format!("{owner}/{name} copr doesn't exist")),
        other => other,
    })?;
    let mut dirs = Vec::new();
    for dir in project_rows::dirs(db, project.id)? {
        let used = if dir.name.is_pull_request() { expiry::last_used(db, dir.id)? } else { None };
        let days = used.map(|last| days_until(last.after(PULL_REQUESTS_STAY)));
        dirs.push((dir.name, days));
    }
    let chroots = project_chroots::list(db, project.id)?;
    let dependencies = dependencies(db, &project)?;
    Ok(Offer { project, dirs, chroots, dependencies })
}

/// What a project needs, and what that needs in turn, each once.
fn dependencies(db: &Connection, project: &Project) -> Result<Vec<Dependency>> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut waiting: Vec<RepoUrl> = project.settings.runtime_dependencies.clone();
    waiting.reverse();
    while let Some(url) = waiting.pop() {
        let is_known = found.iter().any(|known| known.url.target() == url.target());
        if is_known || found.len() >= MOST_DEPENDENCIES {
            continue;
        }
        let target = match url.target() {
            RepoTarget::Copr(owner, dir) => project_rows::find(db, owner, dir.project())?,
            RepoTarget::External(_) => None,
        };
        if target.as_ref().is_some_and(|target| target.id == project.id) {
            continue;
        }
        if let Some(target) = &target {
            waiting.extend(target.settings.runtime_dependencies.iter().rev().cloned());
        }
        found.push(Dependency { url, project: target });
    }
    // Those on this server first, as in Copr's repository files.
    found.sort_by_key(|needed| matches!(needed.url.target(), RepoTarget::External(_)));
    Ok(found)
}

/// A `.repo` file, or why there is none although project and directory are there.
pub enum Found {
    /// The file.
    File {
        /// The name to save it under.
        name: String,
        /// Its text.
        text: String,
    },
    /// The project has no such chroot, but these.
    NoChroot(Vec<ChrootName>),
}

/// The `.repo` file for one release, perhaps of one architecture.
pub async fn repo_file(
    app: &App,
    (owner, dir): (&str, &str),
    name_release: &str,
    arch: Option<&str>,
) -> Result<Found> {
    let offer = offer(app, owner, dir).await?;
    let known: Option<&DirName> =
        offer.dirs.iter().map(|(name, _)| name).find(|name| name.to_string() == dir);
    let dir = known
        .ok_or_else(|| Error::NotFound(format!("{}/{dir} does not exist", offer.project.owner)))?;
    let names: Vec<ChrootName> =
        offer.chroots.iter().map(|used| used.chroot.name.clone()).collect();
    let Some(chroot) = select(&names, name_release, arch) else {
        return Ok(Found::NoChroot(names));
    };
    let layout = app.layout();
    let targets: Vec<Option<(&Owner, &DirName)>> = offer
        .dependencies
        .iter()
        .map(|needed| match needed.url.target() {
            RepoTarget::Copr(owner, dir) => Some((owner, dir)),
            RepoTarget::External(_) => None,
        })
        .collect();
    let sections = offer.dependencies.iter().zip(targets);
    let file = RepoFile {
        layout: &layout,
        repo: copr_repo(&offer.project, &offer.project.owner, dir, None),
        chroot,
        multilib: arch.is_some() && offer.has_multilib(chroot),
        dependencies: sections
            .map(|(needed, target)| match (&needed.project, target) {
                (Some(project), Some((owner, dir))) => {
                    Section::Copr(copr_repo(project, owner, dir, needed.url.priority()))
                }
                _ => Section::Other(&needed.url),
            })
            .collect(),
    };
    Ok(Found::File { name: file.file_name(), text: file.text() })
}

fn copr_repo<'a>(
    project: &Project,
    owner: &'a Owner,
    dir: &'a DirName,
    priority: Option<u32>,
) -> CoprRepo<'a> {
    let settings = &project.settings;
    CoprRepo {
        owner,
        dir,
        module_hotfixes: settings.module_hotfixes,
        priority: priority.or(settings.repo_priority),
    }
}
