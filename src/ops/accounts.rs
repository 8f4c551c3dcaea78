//! Users and groups: what the admin does with them on the command line, later on the pages.
//!
//! These are plain functions within a transaction; whoever calls them has the right to.

use super::{Error, Result};
use crate::clock::Timestamp;
use crate::model::user::{Group, User};
use crate::model::{GroupName, UserName};
use crate::store::{Connection, groups, sessions, users};

/// Adds an account without a password.
pub fn add_user(
    db: &Connection,
    name: &UserName,
    email: Option<&str>,
    admin: bool,
    now: Timestamp,
) -> Result<User> {
    let email = email.map(checked_email).transpose()?;
    if users::find(db, name)?.is_some() {
        return Err(Error::Conflict(format!("there is a user '{name}' already")));
    }
    let id = users::insert(db, name, email, admin, now)?;
    let email = email.map(str::to_owned);
    Ok(User { id, name: name.clone(), email, admin, disabled: false, created_on: now })
}

/// The account of this name.
pub fn user(db: &Connection, name: &UserName) -> Result<User> {
    users::find(db, name)?.ok_or_else(|| {
        Error::NotFound(format!("there is no user '{name}'; 'user list' lists them"))
    })
}

/// What [`edit_user`] changes; `None` leaves things as they are.
#[derive(Clone, Debug, Default)]
pub struct UserEdit {
    /// The e-mail address; an empty text takes it away.
    pub email: Option<String>,
    /// The right to everything on this server.
    pub admin: Option<bool>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
}

/// Changes an account. One that is disabled is logged out everywhere.
pub fn edit_user(db: &Connection, name: &UserName, edit: UserEdit) -> Result<User> {
    let mut user = user(db, name)?;
    match edit.email.as_deref() {
        None => {}
        Some("") => user.email = None,
        Some(email) => user.email = Some(checked_email(email)?.to_owned()),
    }
    user.admin = edit.admin.unwrap_or(user.admin);
    user.disabled = edit.disabled.unwrap_or(user.disabled);
    users::update(db, &user)?;
    if user.disabled {
        sessions::delete_of_user(db, user.id)?;
    }
    Ok(user)
}

/// Sets a password by its hash, and logs the user out everywhere.
pub fn set_password(db: &Connection, user: &User, hash: &str) -> Result<()> {
    users::set_password_hash(db, user.id, hash)?;
    sessions::delete_of_user(db, user.id)?;
    Ok(())
}

fn checked_email(email: &str) -> Result<&str> {
    let (name, host) = email.split_once('@').unwrap_or_default();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"'\\,;".contains(c);
    if name.is_empty() || host.is_empty() || email.len() > 254 || !email.chars().all(plain) {
        return Err(Error::invalid(format!("'{email}' is not an e-mail address")));
    }
    Ok(email)
}

/// Adds a group with these members.
pub fn add_group(
    db: &Connection,
    name: &GroupName,
    members: &[UserName],
    now: Timestamp,
) -> Result<Group> {
    if groups::find(db, name)?.is_some() {
        return Err(Error::Conflict(format!("there is a group '{name}' already")));
    }
    let group = Group { id: groups::insert(db, name, now)?, name: name.clone() };
    for member in members {
        groups::add_member(db, group.id, user(db, member)?.id)?;
    }
    Ok(group)
}

/// Takes users into a group and others out of it; the answer is who is in it then.
pub fn change_members(
    db: &Connection,
    name: &GroupName,
    add: &[UserName],
    remove: &[UserName],
) -> Result<Vec<User>> {
    let Some(group) = groups::find(db, name)? else {
        let sentence = format!("there is no group '{name}'; 'group list' lists them");
        return Err(Error::NotFound(sentence));
    };
    for member in add {
        groups::add_member(db, group.id, user(db, member)?.id)?;
    }
    for member in remove {
        groups::remove_member(db, group.id, user(db, member)?.id)?;
    }
    Ok(groups::members(db, group.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    fn name(text: &str) -> UserName {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_taken_once() {
        let store = testing::store();
        let now = Timestamp(1);
        let add = |email| store.write_now(|tx| add_user(tx, &name("bob"), email, false, now));
        assert!(matches!(add(Some("no address")), Err(Error::Invalid(_))));
        assert!(add(Some("bob@example.org")).is_ok());
        assert!(matches!(add(None), Err(Error::Conflict(_))));
        let group = "devs".parse().unwrap();
        let add = |member: &str| store.write_now(|tx| add_group(tx, &group, &[name(member)], now));
        assert!(matches!(add("eve"), Err(Error::NotFound(_))));
        assert!(add("bob").is_ok());
        assert!(matches!(add("bob"), Err(Error::Conflict(_))));
        let rest = store.write_now(|tx| change_members(tx, &group, &[], &[name("bob")]));
        assert!(rest.unwrap().is_empty());
    }

    #[test]
    fn who_is_disabled_is_logged_out() {
        let store = testing::store();
        let now = Timestamp(1);
        let digest = [1; 32];
        let later = store.write_now(|tx| {
            let bob = add_user(tx, &name("bob"), Some("bob@example.org"), true, now)?;
            sessions::insert(tx, digest, bob.id, now, Timestamp(9))?;
            let disable = |disabled| UserEdit { disabled: Some(disabled), ..UserEdit::default() };
            edit_user(tx, &bob.name, disable(true))?;
            let bob = edit_user(tx, &bob.name, disable(false))?;
            assert_eq!((bob.email.as_deref(), bob.admin), (Some("bob@example.org"), true));
            Ok::<_, Error>(sessions::user(tx, digest, Timestamp(2))?)
        });
        assert_eq!(later.unwrap(), None);
    }
}
