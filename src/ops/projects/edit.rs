//! Changing a project's settings and the set of its chroots.

use std::time::Duration;

use super::wish::{active_chroots, delete_after};
use super::{Shown, Wish, find, repositories};
use crate::clock::Timestamp;
use crate::model::chroot::Chroot;
use crate::model::job::{RepoKey, Tidy};
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{ChrootId, JobId};
use crate::ops::authorise::{Action, authorise};
use crate::ops::{App, Error, Result};
use crate::store::{Connection, build_chroots, builds, jobs, project_chroots, projects};

/// How long the packages of a chroot are kept after it was switched off.
const GRACE: Duration = Duration::from_hours(7 * 24);

/// Changes what `wish` says, and waits until the repositories of new chroots are there.
pub async fn edit(app: &App, user: &User, owner: &str, name: &str, wish: Wish) -> Result<Shown> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    let (shown, job) = app.store.write(move |tx| change(tx, &user, &owner, &name, wish)).await?;
    if let Some(job) = job {
        app.wait_for(job).await;
    }
    Ok(shown)
}

fn change(
    tx: &Connection,
    user: &User,
    owner: &str,
    name: &str,
    mut wish: Wish,
) -> Result<(Shown, Option<JobId>)> {
    let project = find(tx, owner, name)?;
    let mut mistakes = std::mem::take(&mut wish.mistakes);
    let wanted = wish.chroots.take().filter(|names| !names.is_empty());
    let chroots = match &wanted {
        Some(names) => Some(active_chroots(tx, names, &mut mistakes)?),
        None => None,
    };
    let is_said = wish.delete_after_days.is_some();
    let said = delete_after(wish.delete_after_days, &mut mistakes);
    let end = if is_said { said } else { project.delete_after };
    if project.persistent && end.is_some() {
        mistakes.add("delete_after_days", "'delete after' can not be combined with persistent");
    }
    let mut settings = project.settings.clone();
    wish.apply(tx, &mut settings, &mut mistakes)?;
    mistakes.none()?;
    authorise(tx, user, Action::EditProject(&project))?;
    if !settings.auto_prune {
        authorise(tx, user, Action::DisablePruning)?;
    }
    projects::update(tx, project.id, end, &settings)?;
    let mut repos = match chroots {
        Some(chroots) => replace_chroots(tx, &project, &chroots)?,
        None => Vec::new(),
    };
    if settings.manual_createrepo != project.settings.manual_createrepo {
        // On: the devel repositories are made. Off: what they alone have becomes public.
        if !settings.manual_createrepo {
            build_chroots::release(tx, project.id)?;
        }
        let known = project_chroots::list(tx, project.id)?;
        let enabled: Vec<ChrootId> =
            known.iter().filter(|one| one.is_enabled()).map(|one| one.chroot.id).collect();
        repos = repositories(tx, &project, &enabled)?;
    }
    let job = if repos.is_empty() {
        None
    } else {
        Some(jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?)
    };
    let shown = Shown::new(tx, Project { settings, delete_after: end, ..project })?;
    Ok((shown, job))
}

/// Switches chroots on and off so that `wanted` are on; the answer is what has to be made. Those
/// that the server has retired are left as they are.
pub(super) fn replace_chroots(
    tx: &Connection,
    project: &Project,
    wanted: &[Chroot],
) -> Result<Vec<RepoKey>> {
    let used = project_chroots::list(tx, project.id)?;
    let end = Timestamp::now().after(GRACE);
    for old in used.iter().filter(|old| old.is_enabled() && old.chroot.active) {
        if wanted.iter().any(|chroot| chroot.id == old.chroot.id) {
            continue;
        }
        if let Some(build) = builds::unfinished_in(tx, project.id, old.chroot.id)? {
            return Err(Error::Conflict(format!(
                "The chroot {} cannot be removed while build {build} is running in it. \
                 Wait for the build, or cancel it.",
                old.chroot.name
            )));
        }
        project_chroots::disable(tx, project.id, old.chroot.id, end)?;
    }
    let is_on =
        |chroot: &&Chroot| used.iter().any(|old| old.chroot.id == chroot.id && old.is_enabled());
    let new: Vec<ChrootId> =
        wanted.iter().filter(|chroot| !is_on(chroot)).map(|chroot| chroot.id).collect();
    for &chroot in &new {
        project_chroots::enable(tx, project.id, chroot)?;
    }
    repositories(tx, project, &new)
}
