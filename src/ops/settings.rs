//! What the pages of a project's settings show, each read in one go.
//!
//! Who may not change the settings is refused here already, not only when a form comes back.

use std::fs::Metadata;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::authorise::{Action, authorise};
use super::pages::{self, ProjectHead};
use super::projects::results_path;
use super::{Error, Result};
use crate::model::chroot::Chroot;
use crate::model::permission::{Grant, Permission};
use crate::model::project::{Project, ProjectChroot};
use crate::model::user::User;
use crate::model::{BuildId, ChrootName, Owner, ProjectId, ProjectName};
use crate::store::{Connection, builds, chroots, groups, permissions, project_chroots, projects};

/// Opens the settings for somebody who may change them.
pub fn open(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<ProjectHead> {
    let head = pages::head(db, owner, name, Some(user))?;
    authorise(db, user, Action::ManageProject(&head.project))?;
    Ok(head)
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
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// What the project can be built in.
    pub offered: Vec<Chroot>,
    /// What it is built in, or was until lately.
    pub used: Vec<ProjectChroot>,
}

/// Reads which chroots a project has and could have.
pub fn chroots(db: &Connection, user: &User, owner: &Owner, name: &ProjectName) -> Result<Chroots> {
    let head = open(db, user, owner, name)?;
    let all = project_chroots::list(db, head.project.id)?;
    Ok(Chroots { head, offered: offered(db)?, used: all })
}

/// Reads one chroot of a project.
pub fn chroot(
    db: &Connection,
    user: &User,
    (owner, name): (&Owner, &ProjectName),
    chroot: &ChrootName,
) -> Result<(ProjectHead, ProjectChroot)> {
    let head = open(db, user, owner, name)?;
    let found = project_chroots::find(db, head.project.id, chroot)?;
    match found.filter(|used| used.chroot.active) {
        Some(found) => Ok((head, found)),
        None => Err(Error::NotFound(format!("{owner}/{name} is not built in {chroot}."))),
    }
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

/// Who has which role in a project.
pub struct Roles {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// Everybody with a role or a request for one: requests first, then by name.
    pub users: Vec<Permission>,
}

/// Reads who has which role.
pub fn roles(db: &Connection, user: &User, owner: &Owner, name: &ProjectName) -> Result<Roles> {
    let head = open(db, user, owner, name)?;
    let mut users = permissions::list(db, head.project.id)?;
    users.retain(|one| one.builder != Grant::Nothing || one.admin != Grant::Nothing);
    users.sort_by_key(|one| one.builder != Grant::Request && one.admin != Grant::Request);
    Ok(Roles { head, users })
}

/// What somebody is in a project, or has asked to be.
pub struct OwnRoles {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// May build.
    pub builder: Grant,
    /// May change the settings.
    pub admin: Grant,
}

/// Reads what `user` is in a project.
pub fn own_roles(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<OwnRoles> {
    let head = pages::head(db, owner, name, Some(user))?;
    let found = permissions::find(db, head.project.id, user.id)?;
    let (builder, admin) = found.map(|one| (one.builder, one.admin)).unwrap_or_default();
    Ok(OwnRoles { head, builder, admin })
}

/// Reads the secret in the addresses of a project's webhooks, where one was made.
pub fn webhook_secret(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<(ProjectHead, Option<String>)> {
    let head = open(db, user, owner, name)?;
    let secret = projects::webhook_secret(db, head.project.id)?;
    Ok((head, secret))
}

/// What goes when a project is deleted.
pub struct Deletion {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// Builds that must end before.
    pub unfinished: Vec<BuildId>,
    /// The project's directories in the results tree, from the data directory.
    pub dirs: Vec<String>,
}

/// Reads what deleting a project would take away.
pub fn deletion(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<Deletion> {
    let head = open(db, user, owner, name)?;
    let project = &head.project;
    let dirs = projects::dirs(db, project.id)?;
    Ok(Deletion {
        unfinished: builds::unfinished(db, project.id)?,
        dirs: dirs.iter().map(|dir| results_path(&project.owner, &dir.name)).collect(),
        head,
    })
}

/// How many bytes the files below some directories take, and whether that is all of them: a large
/// tree is not counted for longer than `patience`.
pub fn bytes_below(dirs: &[PathBuf], patience: Duration) -> (u64, bool) {
    let start = Instant::now();
    let mut sum = 0;
    let files = dirs.iter().flat_map(walkdir::WalkDir::new).filter_map(Result::ok);
    for entry in files {
        sum += entry.metadata().ok().filter(Metadata::is_file).map_or(0, |data| data.len());
        if start.elapsed() > patience {
            return (sum, false);
        }
    }
    (sum, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_for_as_long_as_there_is_patience() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/x"), [0; 700]).unwrap();
        std::fs::write(dir.path().join("y"), [0; 34]).unwrap();
        let dirs = [dir.path().to_owned(), dir.path().join("missing")];
        assert_eq!(bytes_below(&dirs, Duration::from_mins(1)), (734, true));
        assert!(!bytes_below(&dirs, Duration::ZERO).1);
    }
}
