//! What the pages of a project's settings show, each read in one go.
//!
//! Who may not change the settings is refused here already, not only when a form comes back.

use super::authorise::{Action, authorise};
use super::pages::{self, ProjectHead};
use super::{Error, Result};
use crate::model::chroot::Chroot;
use crate::model::permission::{Grant, Permission};
use crate::model::project::{Project, ProjectChroot};
use crate::model::user::User;
use crate::model::{ChrootName, Owner, ProjectId, ProjectName};
use crate::store::{Connection, chroots, groups, permissions, project_chroots, projects};

/// What every page of the settings shows.
pub struct Settings {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// How many users have asked for a role and wait for an answer.
    pub requests: usize,
}

/// Opens the settings for somebody who may change them.
pub fn open(db: &Connection, user: &User, owner: &Owner, name: &ProjectName) -> Result<Settings> {
    let head = pages::head(db, owner, name, Some(user))?;
    authorise(db, user, Action::ManageProject(&head.project))?;
    let waits = |one: &&Permission| one.builder == Grant::Request || one.admin == Grant::Request;
    let requests = permissions::list(db, head.project.id)?.iter().filter(waits).count();
    Ok(Settings { head, requests })
}

/// The chroots that a new project of this owner can be built in; an error when `user` may not make
/// one.
pub fn for_new(db: &Connection, user: &User, owner: &Owner) -> Result<Vec<Chroot>> {
    pages::check_owner(db, owner)?;
    authorise(db, user, Action::CreateProject(owner))?;
    offered(db)
}

fn offered(db: &Connection) -> Result<Vec<Chroot>> {
    let mut all = chroots::list(db)?;
    all.retain(|chroot| chroot.active);
    Ok(all)
}

/// The chroots of a project and of the server.
pub struct Chroots {
    /// What every page of the settings shows.
    pub settings: Settings,
    /// What the project can be built in.
    pub offered: Vec<Chroot>,
    /// What it is built in, or was until lately.
    pub used: Vec<ProjectChroot>,
}

/// Reads which chroots a project has and could have.
pub fn chroots(db: &Connection, user: &User, owner: &Owner, name: &ProjectName) -> Result<Chroots> {
    let settings = open(db, user, owner, name)?;
    let used = project_chroots::list(db, settings.head.project.id)?;
    Ok(Chroots { settings, offered: offered(db)?, used })
}

/// Reads one chroot of a project.
pub fn chroot(
    db: &Connection,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    chroot: &ChrootName,
) -> Result<(Settings, ProjectChroot)> {
    let settings = open(db, user, owner, name)?;
    let found = project_chroots::find(db, settings.head.project.id, chroot)?;
    let used = found.filter(|used| used.chroot.active).ok_or_else(|| {
        Error::NotFound(format!("{owner}/{name} is not built in a chroot {chroot}."))
    })?;
    Ok((settings, used))
}

/// The project with this number.
pub fn by_number(db: &Connection, id: i64) -> Result<Project> {
    projects::get(db, ProjectId(id))?
        .ok_or_else(|| Error::NotFound(format!("There is no project with the number {id}.")))
}

/// Whom a user can make projects for: first the user, then the groups.
pub fn owners(db: &Connection, user: &User) -> Result<Vec<Owner>> {
    let own = std::iter::once(Owner::User(user.name.clone()));
    let groups = groups::of_user(db, user.id)?.into_iter().map(|group| Owner::Group(group.name));
    Ok(own.chain(groups).collect())
}
