//! Who may build in a project and who may manage it, besides its owner.

use super::authorise::{Action, authorise, may};
use super::{App, Error, Result, projects};
use crate::model::Owner;
use crate::model::permission::{Grant, Permission, Role};
use crate::model::project::Project;
use crate::model::user::User;
use crate::store::{Connection, permissions, users};

/// The roles in a project, by user name; an error while nobody has any.
pub async fn list(app: &App, user: &User, owner: &str, name: &str) -> Result<Vec<Permission>> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    app.store
        .look_up(move |db| {
            let project = projects::find(db, &owner, &name)?;
            authorise(db, &user, Action::SetPermissions(&project))?;
            let found = permissions::list(db, project.id)?;
            if found.is_empty() {
                let full_name = project.full_name();
                return Err(Error::NotFound(format!("No permissions set on {full_name} project")));
            }
            Ok(found)
        })
        .await
}

/// Whether the user of this name may build in a project.
pub async fn can_build_in(app: &App, who: &str, owner: &str, name: &str) -> Result<bool> {
    let (who, owner, name) = (who.to_owned(), owner.to_owned(), name.to_owned());
    app.store
        .look_up(move |db| {
            let project = projects::find(db, &owner, &name)?;
            let user = find_user(db, &who)?;
            let user = user.ok_or_else(|| Error::NotFound(format!("No such user `{who}'")))?;
            may(db, &user, Action::Build(&project))
        })
        .await
}

fn find_user(db: &Connection, name: &str) -> Result<Option<User>> {
    match name.parse() {
        Ok(name) => Ok(users::find(db, &name)?),
        Err(_) => Ok(None),
    }
}

/// One user's roles as a request has them: `(role, state)`.
pub type Roles = Vec<(String, String)>;

/// Sets roles, all or none; the answer is the users for whom something has changed. A role that is
/// not mentioned stays as it is.
pub async fn set(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    wanted: Vec<(String, Roles)>,
) -> Result<Vec<String>> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &name)?;
            authorise(tx, &user, Action::SetPermissions(&project))?;
            if wanted.is_empty() {
                return Err(Error::invalid("no permission change requested"));
            }
            let mut updated = Vec::new();
            for (who, roles) in wanted {
                let target = other_user(tx, &project, &who)?;
                let mut permission = current(tx, &project, &target)?;
                let mut is_new = false;
                for (role, state) in roles {
                    let role: Role = word(&role)?;
                    is_new |= permission.set(role, word(&state)?);
                }
                if is_new {
                    let Permission { builder, admin, .. } = permission;
                    permissions::set(tx, project.id, target.id, builder, admin)?;
                    updated.push(who);
                }
            }
            Ok(updated)
        })
        .await
}

/// Gives one user roles, or takes them away with [`Grant::Nothing`]; the answer is what the user has
/// afterwards. Other roles stay as they are.
pub async fn give(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    who: &str,
    roles: &'static [Role],
    grant: Grant,
) -> Result<Permission> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    let who = who.to_owned();
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &name)?;
            authorise(tx, &user, Action::SetPermissions(&project))?;
            let target = other_user(tx, &project, &who)?;
            let mut permission = current(tx, &project, &target)?;
            let mut is_new = false;
            for &role in roles {
                is_new |= permission.set(role, grant);
            }
            if is_new {
                let Permission { builder, admin, .. } = permission;
                permissions::set(tx, project.id, target.id, builder, admin)?;
            }
            Ok(permission)
        })
        .await
}

/// Asks for roles, or gives them back: `(role, whether it is wanted)`. Says whether something has
/// changed.
pub async fn request(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    wanted: Vec<(String, bool)>,
) -> Result<bool> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &name)?;
            if wanted.is_empty() {
                return Err(Error::invalid("no permission requested"));
            }
            refuse_owner(&project, &user)?;
            let mut permission = current(tx, &project, &user)?;
            let mut is_new = false;
            for (role, is_wanted) in wanted {
                let role: Role = word(&role)?;
                if is_wanted && permission.grant(role) == Grant::Approved {
                    return Err(Error::invalid(format!(
                        "You already are '{}' in '{}'",
                        role.as_str(),
                        project.full_name()
                    )));
                }
                let grant = if is_wanted { Grant::Request } else { Grant::Nothing };
                is_new |= permission.set(role, grant);
            }
            if is_new {
                let Permission { builder, admin, .. } = permission;
                permissions::set(tx, project.id, user.id, builder, admin)?;
            }
            Ok(is_new)
        })
        .await
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: T::Err| Error::invalid(error.to_string()))
}

/// The user of this name, who can be given roles in a project.
fn other_user(db: &Connection, project: &Project, who: &str) -> Result<User> {
    let found = find_user(db, who)?;
    let user =
        found.ok_or_else(|| Error::invalid(format!("user '{who}' doesn't exist in database")))?;
    refuse_owner(project, &user)?;
    Ok(user)
}

/// The owner has every role by nature; so has, for this purpose, who made a group's project.
fn refuse_owner(project: &Project, user: &User) -> Result<()> {
    let owns = project.owner == Owner::User(user.name.clone()) || project.creator == user.id;
    if owns {
        let full_name = project.full_name();
        return Err(Error::invalid(format!("user '{}' is owner of '{full_name}'", user.name)));
    }
    Ok(())
}

fn current(db: &Connection, project: &Project, user: &User) -> Result<Permission> {
    let found = permissions::find(db, project.id, user.id)?;
    Ok(found.unwrap_or_else(|| Permission {
        user: user.id,
        user_name: user.name.clone(),
        builder: Grant::Nothing,
        admin: Grant::Nothing,
    }))
}
