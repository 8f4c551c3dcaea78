//! Chroots of a project whose packages go away: the server no longer offers them, or the project
//! has switched them off.

use std::time::Duration;

use super::authorise::{Action, authorise};
use super::pages::ProjectHead;
use super::{App, Error, Result, projects, settings};
use crate::clock::Timestamp;
use crate::model::project::{Project, ProjectChroot};
use crate::model::user::User;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::store::{Connection, permissions, project_chroots, projects as project_rows};

/// Reads the chroots of a project whose packages go away, the next to go first.
pub fn list(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<(ProjectHead, Vec<ProjectChroot>)> {
    let head = settings::open(db, user, owner, name)?;
    let mut found = project_chroots::ending(db, head.project.id)?;
    found.sort_by_key(|used| used.ends_on().unwrap_or(Timestamp(i64::MAX)));
    Ok((head, found))
}

/// Reads one of them.
pub fn get(
    db: &Connection,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    chroot: &ChrootName,
) -> Result<ProjectChroot> {
    let (_, found) = list(db, user, owner, name)?;
    let mut found = found.into_iter();
    found.find(|used| used.chroot.name == *chroot).ok_or_else(|| missing(chroot))
}

fn missing(chroot: &ChrootName) -> Error {
    Error::NotFound(format!("{chroot} is not among the chroots whose packages go away."))
}

/// A chroot of a project whose packages go away.
pub struct Ending {
    /// The project.
    pub project: Project,
    /// The chroot.
    pub used: ProjectChroot,
}

/// More projects of one owner than this are not looked at.
const MOST_PROJECTS: u32 = 10_000;

/// Reads these of all projects that a user looks after, the next to go first.
pub fn mine(db: &Connection, user: &User) -> Result<Vec<Ending>> {
    let mut ids = permissions::with_role(db, user.id, true, MOST_PROJECTS)?;
    for owner in settings::owners(db, user)? {
        ids.extend(project_rows::newest_ids(db, &owner, MOST_PROJECTS)?);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        let ending = project_chroots::ending(db, id)?;
        if !ending.is_empty()
            && let Some(project) = project_rows::get(db, id)?
        {
            found.extend(ending.into_iter().map(|used| Ending { project: project.clone(), used }));
        }
    }
    found.sort_by_cached_key(|one| {
        let end = one.used.ends_on().unwrap_or(Timestamp(i64::MAX));
        (end, one.project.full_name())
    });
    Ok(found)
}

/// Has the packages of all of them stay longer that can; the answer is how many.
pub async fn extend_all(app: &App, user: &User) -> Result<usize> {
    let stay = app.config.cleanup.retired_chroots();
    change_all(app, user, move |db, project, used| put_off(db, project, used, stay)).await
}

/// Has the packages of all of them go away with the next tidying, but for those of projects that
/// keep everything; the answer is how many.
pub async fn expire_all(app: &App, user: &User) -> Result<usize> {
    change_all(app, user, let_go).await
}

/// Changes all that can be changed; the answer is how many those are.
async fn change_all(
    app: &App,
    user: &User,
    act: impl Fn(&Connection, &Project, &ProjectChroot) -> Result<()> + Send + 'static,
) -> Result<usize> {
    let user = user.clone();
    app.store
        .write(move |tx| {
            let mut count = 0;
            for one in mine(tx, &user)? {
                authorise(tx, &user, Action::ManageProject(&one.project))?;
                match act(tx, &one.project, &one.used) {
                    Ok(()) => count += 1,
                    Err(Error::Conflict(_) | Error::Denied(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(count)
        })
        .await
}

/// Has the packages of a chroot that the server no longer offers stay as long as if that had
/// happened now.
pub async fn extend(
    app: &App,
    user: &User,
    project: (&str, &str),
    chroot: &ChrootName,
) -> Result<()> {
    let stay = app.config.cleanup.retired_chroots();
    change(app, user, project, chroot, move |db, project, used| put_off(db, project, used, stay))
        .await
}

fn put_off(
    db: &Connection,
    project: &Project,
    used: &ProjectChroot,
    stay: Option<Duration>,
) -> Result<()> {
    if !used.is_enabled() {
        return Err(Error::Conflict(format!(
            "{} is switched off in this project. Switch it on again to keep its packages.",
            used.chroot.name
        )));
    }
    let end = stay.map(|stay| Timestamp::now().after(stay));
    Ok(project_chroots::set_retirement(db, project.id, used.chroot.id, end)?)
}

/// Has the packages of such a chroot go away with the next tidying.
pub async fn expire(
    app: &App,
    user: &User,
    project: (&str, &str),
    chroot: &ChrootName,
) -> Result<()> {
    change(app, user, project, chroot, let_go).await
}

fn let_go(db: &Connection, project: &Project, used: &ProjectChroot) -> Result<()> {
    if project.persistent {
        let sentence = "This project is protected against deletion.";
        return Err(Error::Denied(sentence.to_owned()));
    }
    let (id, now) = (used.chroot.id, Timestamp::now());
    if used.is_enabled() {
        project_chroots::set_retirement(db, project.id, id, Some(now))?;
    } else {
        project_chroots::disable(db, project.id, id, now)?;
    }
    Ok(())
}

async fn change(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    chroot: &ChrootName,
    act: impl FnOnce(&Connection, &Project, &ProjectChroot) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    let chroot = chroot.clone();
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &name)?;
            authorise(tx, &user, Action::ManageProject(&project))?;
            let found = project_chroots::find(tx, project.id, &chroot)?;
            let ending = found.filter(|used| !used.is_enabled() || !used.chroot.active);
            act(tx, &project, &ending.ok_or_else(|| missing(&chroot))?)
        })
        .await
}
