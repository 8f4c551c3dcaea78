//! Chroots of a project whose packages go away: the server no longer offers them, or the project
//! has switched them off.

use super::authorise::{Action, authorise};
use super::pages::ProjectHead;
use super::{App, Error, Result, projects, settings};
use crate::clock::Timestamp;
use crate::model::project::{Project, ProjectChroot};
use crate::model::user::User;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::store::{Connection, project_chroots};

/// Reads the chroots of a project whose packages go away, the next to go first.
pub fn list(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<(ProjectHead, Vec<ProjectChroot>)> {
    let head = settings::open(db, user, owner, name)?;
    let mut found = project_chroots::list(db, head.project.id)?;
    found.retain(|used| !used.is_enabled() || !used.chroot.active);
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

/// Has the packages of a chroot that the server no longer offers stay as long as if that had
/// happened now.
pub async fn extend(
    app: &App,
    user: &User,
    project: (&str, &str),
    chroot: &ChrootName,
) -> Result<()> {
    let stay = app.config.cleanup.retired_chroots();
    change(app, user, project, chroot, move |db, project, used| {
        if !used.is_enabled() {
            return Err(Error::Conflict(format!(
                "{} is switched off in this project. Switch it on again to keep its packages.",
                used.chroot.name
            )));
        }
        let end = stay.map(|stay| Timestamp::now().after(stay));
        Ok(project_chroots::set_retirement(db, project.id, used.chroot.id, end)?)
    })
    .await
}

/// Has the packages of such a chroot go away with the next tidying.
pub async fn expire(
    app: &App,
    user: &User,
    project: (&str, &str),
    chroot: &ChrootName,
) -> Result<()> {
    change(app, user, project, chroot, |db, project, used| {
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
    })
    .await
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
