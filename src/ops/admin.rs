//! Looking after the server on its pages: accounts, groups and chroots. Each of these asks whether
//! the caller may, and then does what the command line does.

use super::accounts::{self, UserEdit};
use super::authorise::{self, Action};
use super::doctor::{self, Chroots, Finding};
use super::{App, Error, Result, chroots as offered};
use crate::clock::Timestamp;
use crate::model::chroot::Chroot;
use crate::model::user::User;
use crate::model::{ChrootName, GroupName, UserName};
use crate::store::{Connection, chroots, groups, users};

/// The longest comment on a chroot.
const LONGEST_COMMENT: usize = 500;

/// Says whether `caller` may look after the server.
pub fn check(db: &Connection, caller: &User) -> Result<()> {
    authorise::authorise(db, caller, Action::Administer)
}

/// At most `limit` accounts by name, after the one called `after`.
pub fn accounts(
    db: &Connection,
    caller: &User,
    after: Option<&UserName>,
    limit: u32,
) -> Result<Vec<User>> {
    check(db, caller)?;
    Ok(users::list(db, after, limit)?)
}

/// An account.
pub fn account(db: &Connection, caller: &User, name: &UserName) -> Result<User> {
    check(db, caller)?;
    accounts::user(db, name)
}

/// Adds an account without a password.
pub fn add_account(
    db: &Connection,
    caller: &User,
    name: &str,
    email: &str,
    admin: bool,
) -> Result<User> {
    check(db, caller)?;
    let name = name.trim().parse::<UserName>();
    let name = name.map_err(|error| Error::invalid(format!("name: {error}")))?;
    let email = Some(email.trim()).filter(|email| !email.is_empty());
    accounts::add_user(db, &name, email, admin, Timestamp::now())
}

/// Changes an account, and its password where a hash is given. Somebody must be left to look after
/// the server.
pub fn edit_account(
    db: &Connection,
    caller: &User,
    name: &UserName,
    edit: UserEdit,
    password_hash: Option<&str>,
) -> Result<()> {
    check(db, caller)?;
    let before = accounts::user(db, name)?;
    let loses = edit.admin == Some(false) || edit.disabled == Some(true);
    if loses && before.admin && !before.disabled && users::admins(db)? < 2 {
        let sentence = format!("{name} is the only admin of this server; make another one first");
        return Err(Error::Conflict(sentence));
    }
    let user = accounts::edit_user(db, name, edit)?;
    match password_hash {
        Some(hash) => accounts::set_password(db, &user, hash),
        None => Ok(()),
    }
}

/// A group with the names of its members.
pub type Crew = (GroupName, Vec<UserName>);

/// All groups with their members.
pub fn crews(db: &Connection, caller: &User) -> Result<Vec<Crew>> {
    check(db, caller)?;
    let crew = |group: crate::model::user::Group| {
        let members = groups::members(db, group.id)?;
        Ok((group.name, members.into_iter().map(|user| user.name).collect()))
    };
    groups::list(db)?.into_iter().map(crew).collect()
}

/// Names of users, apart by blanks or commas.
fn names(field: &str, text: &str) -> Result<Vec<UserName>> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|name| !name.is_empty())
        .map(|name| name.parse().map_err(|error| Error::invalid(format!("{field}: {error}"))))
        .collect()
}

/// Adds a group with these members.
pub fn add_crew(db: &Connection, caller: &User, name: &str, members: &str) -> Result<()> {
    check(db, caller)?;
    let name = name.trim().trim_start_matches('@').parse::<GroupName>();
    let name = name.map_err(|error| Error::invalid(format!("name: {error}")))?;
    accounts::add_group(db, &name, &names("members", members)?, Timestamp::now())?;
    Ok(())
}

/// Takes a user into a group, or out of it.
pub fn change_crew(
    db: &Connection,
    caller: &User,
    group: &GroupName,
    member: &str,
    is_in: bool,
) -> Result<()> {
    check(db, caller)?;
    let member = names("member", member)?;
    if member.is_empty() {
        return Err(Error::invalid("member: Say who."));
    }
    let (add, remove) = if is_in { (member, Vec::new()) } else { (Vec::new(), member) };
    accounts::change_members(db, group, &add, &remove)?;
    Ok(())
}

/// All chroots of the server.
pub fn chroots_of(db: &Connection, caller: &User) -> Result<Vec<Chroot>> {
    check(db, caller)?;
    Ok(chroots::list(db)?)
}

/// Offers a chroot, or no longer.
pub async fn switch_chroot(
    app: &App,
    caller: &User,
    name: &ChrootName,
    active: bool,
) -> Result<()> {
    let (caller, name) = (caller.clone(), name.clone());
    let stay = app.config.cleanup.retired_chroots();
    app.store
        .write(move |tx| {
            check(tx, &caller)?;
            offered::set_active(tx, &name, active, stay).map(drop)
        })
        .await
}

/// What this machine lacks, as the command line says it.
pub async fn doctor(app: &App, caller: &User) -> Result<Vec<Finding>> {
    let caller = caller.clone();
    let chroots = app.store.read(move |db| chroots_of(db, &caller)).await?;
    let config = std::sync::Arc::clone(&app.config);
    tokio::task::spawn_blocking(move || doctor::look(&config, true, &Chroots::known(chroots)))
        .await
        .map_err(|error| Error::internal("looking at this machine", error))
}

/// Sets what projects are told of a chroot.
pub fn comment_chroot(
    db: &Connection,
    caller: &User,
    name: &ChrootName,
    comment: &str,
) -> Result<()> {
    check(db, caller)?;
    let comment = comment.trim();
    if comment.chars().count() > LONGEST_COMMENT || comment.chars().any(char::is_control) {
        let sentence = format!("comment: at most {LONGEST_COMMENT} characters, on one line");
        return Err(Error::invalid(sentence));
    }
    let found = chroots::find(db, name)?
        .ok_or_else(|| Error::NotFound(format!("There is no chroot {name} here.")))?;
    Ok(chroots::update(db, &Chroot { comment: comment.to_owned(), ..found })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn only_admins_look_after_the_server_and_one_is_always_left() {
        let store = testing::store();
        let outcome = store.write_now(|tx| {
            let add = |name: &str, admin| {
                accounts::add_user(tx, &name.parse().unwrap(), None, admin, Timestamp(1))
            };
            let (alice, bob) = (add("alice", true)?, add("bob", false)?);
            assert!(matches!(accounts(tx, &bob, None, 9), Err(Error::Denied(_))));
            assert!(matches!(add_crew(tx, &bob, "x", ""), Err(Error::Denied(_))));
            let drop_admin = || UserEdit { admin: Some(false), ..UserEdit::default() };
            let refused = edit_account(tx, &alice, &alice.name, drop_admin(), None);
            assert!(matches!(refused, Err(Error::Conflict(_))));
            let make = UserEdit { admin: Some(true), ..UserEdit::default() };
            edit_account(tx, &alice, &bob.name, make, None)?;
            edit_account(tx, &alice, &alice.name, drop_admin(), None)?;
            let bob = accounts::user(tx, &bob.name)?;
            add_crew(tx, &bob, "@crew", "alice, bob")?;
            assert_eq!(crews(tx, &bob)?[0].1.len(), 2);
            change_crew(tx, &bob, &"crew".parse().unwrap(), "alice", false)?;
            assert!(change_crew(tx, &bob, &"crew".parse().unwrap(), " ", true).is_err());
            assert_eq!(crews(tx, &bob)?[0].1, std::slice::from_ref(&bob.name));
            Ok::<_, Error>(())
        });
        outcome.unwrap();
    }
}
