//! What the pages about builds show, each read in one go.

use super::repeat::unbuilt;
use super::{find, project_of};
use crate::config::Config;
use crate::model::build::Build;
use crate::model::chroot::Chroot;
use crate::model::list::Slice;
use crate::model::project::Dir;
use crate::model::user::User;
use crate::model::{BuildId, BuildState, DirName, Owner, PackageName, ProjectName};
use crate::ops::authorise::{Action, authorise, may};
use crate::ops::pages::{BuildDetail, ProjectHead, build_detail, head};
use crate::ops::sources::{Offered, offered};
use crate::ops::{Error, Result};
use crate::store::builds::Filter;
use crate::store::{Connection, builds, packages, project_chroots, projects};

/// How many chosen builds are looked at; more do not fit a page either.
const MOST_CHOSEN: usize = 1000;
/// What the form of a new build needs.
pub struct Submitting {
    /// The project.
    pub head: ProjectHead,
    /// The chroots to choose from.
    pub chroots: Vec<Chroot>,
    /// What sources can be chosen from.
    pub offered: Offered,
}

/// Reads what the form of a new build needs, for somebody who may build.
pub fn submitting(
    db: &Connection,
    config: &Config,
    (owner, name): (&Owner, &ProjectName),
    user: &User,
) -> Result<Submitting> {
    let head = head(db, owner, name, Some(user))?;
    authorise(db, user, Action::Build(&head.project))?;
    let own = project_chroots::list(db, head.project.id)?;
    let enabled = own.into_iter().filter(|own| own.is_enabled() && own.chroot.active);
    Ok(Submitting {
        chroots: enabled.map(|own| own.chroot).collect(),
        offered: offered(db, config, head.project.id)?,
        head,
    })
}

/// The form for a build that is handed in again.
pub struct Repeating {
    /// As for a new one.
    pub form: Submitting,
    /// The build.
    pub detail: BuildDetail,
    /// The chroots in which it has not been built.
    pub unbuilt: Vec<String>,
}

/// Reads what that form needs.
pub fn repeating(
    db: &Connection,
    config: &Config,
    (owner, name): (&Owner, &ProjectName),
    id: BuildId,
    user: &User,
) -> Result<Repeating> {
    let form = submitting(db, config, (owner, name), user)?;
    let detail = build_detail(db, id, Some(user))?;
    if detail.build.project_id != form.head.project.id {
        return Err(Error::NotFound(format!("Build {id} is not one of {owner}/{name}.")));
    }
    let enabled: Vec<String> = form.chroots.iter().map(|chroot| chroot.name.to_string()).collect();
    Ok(Repeating { unbuilt: unbuilt(&detail, &enabled), form, detail })
}

/// A part of the list of a project's builds.
pub struct Listed {
    /// The project.
    pub head: ProjectHead,
    /// The builds, newest first.
    pub builds: Vec<Build>,
    /// There are older ones.
    pub more: bool,
    /// The project's directories.
    pub dirs: Vec<Dir>,
}

/// Reads part of the list of a project's builds: those of one directory, or in one state, or both.
pub fn listed(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    (dir, state): (Option<&DirName>, Option<BuildState>),
    viewer: Option<&User>,
    slice: Slice,
) -> Result<Listed> {
    let head = head(db, owner, name, viewer)?;
    let dirs = projects::dirs(db, head.project.id)?;
    let dir = match dir {
        None => None,
        Some(wanted) => Some(dirs.iter().find(|dir| dir.name == *wanted).ok_or_else(|| {
            Error::NotFound(format!("{owner}/{name} has no directory {wanted}."))
        })?),
    };
    let filter = Filter { package: None, state, dir: dir.map(|dir| dir.id) };
    let one_more = Slice { limit: slice.limit.map(|limit| limit + 1), ..slice };
    let mut found = builds::list(db, head.project.id, filter, one_more)?;
    let most = slice.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = found.len() > most;
    found.truncate(most);
    Ok(Listed { head, builds: found, more, dirs })
}

/// Reads builds that were chosen from a project's list to be deleted; what the viewer may not
/// delete is an error.
pub fn to_delete(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    ids: &[BuildId],
    user: &User,
) -> Result<Vec<Build>> {
    if ids.is_empty() {
        return Err(Error::invalid("Choose at least one build."));
    }
    if ids.len() > MOST_CHOSEN {
        return Err(Error::invalid(format!("Choose at most {MOST_CHOSEN} builds.")));
    }
    let mut found = Vec::with_capacity(ids.len());
    for &id in ids {
        let build = find(db, id)?;
        if (&build.owner, &build.project) != (owner, name) {
            return Err(Error::NotFound(format!("Build {id} is not one of {owner}/{name}.")));
        }
        let project = project_of(db, &build)?;
        if !may(db, user, Action::DeleteBuild(&project, id))? {
            authorise(db, user, Action::DeleteBuild(&project, id))?;
        }
        found.push(build);
    }
    Ok(found)
}

/// The state of a package's newest build, for its badge; `None` where there is no such package, or
/// it was never built.
pub fn newest_state(
    db: &Connection,
    owner: &Owner,
    name: &ProjectName,
    package: &PackageName,
) -> Result<Option<BuildState>> {
    let Some(project) = projects::find(db, owner, name)? else { return Ok(None) };
    let Some(package) = packages::find(db, project.id, package)? else { return Ok(None) };
    let Some(id) = packages::latest_build(db, package.id)? else { return Ok(None) };
    Ok(builds::get(db, id)?.map(|build| build.state))
}
