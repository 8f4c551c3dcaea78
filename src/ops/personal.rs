//! What people do with their own accounts: what they say of themselves, their tokens, all that is
//! kept about them, and that it be forgotten.

use serde::Serialize;

use super::authorise::{self, Action};
use super::{Error, Result, accounts, pins};
use crate::clock::Timestamp;
use crate::model::list::{Direction, ProjectKey, Slice};
use crate::model::project::Project;
use crate::model::user::{Token, User};
use crate::model::{BuildId, GroupName, Owner, TokenId};
use crate::store::{Connection, builds, groups, permissions, projects, sessions, tokens, users};

/// The longest text that people can say of themselves.
const LONGEST: usize = 20_000;
/// The longest name of a token.
const LONGEST_LABEL: usize = 100;

/// The tokens of a user, oldest first.
pub fn tokens_of(db: &Connection, user: &User) -> Result<Vec<Token>> {
    Ok(tokens::of_user(db, user.id)?)
}

/// A user's own token; others' are as if they were not there.
pub fn own_token(db: &Connection, user: &User, id: TokenId) -> Result<Token> {
    tokens::get(db, id)?
        .filter(|token| token.user == user.id)
        .ok_or_else(|| Error::NotFound(format!("You have no token {id}; it may be revoked.")))
}

/// Has a user's own token refused from now on.
pub fn revoke(db: &Connection, user: &User, id: TokenId) -> Result<()> {
    Ok(tokens::delete(db, own_token(db, user, id)?.id)?)
}

/// The name of a new token and for how many days it counts, as somebody typed them.
pub fn token_wish(label: &str, days: &str, most: u16) -> Result<(String, u16)> {
    let mut mistakes = Vec::new();
    let label = label.trim();
    let label = if label.is_empty() { "web" } else { label };
    if label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        mistakes.push(format!("name: at most {LONGEST_LABEL} characters, on one line"));
    }
    let known = days.trim().parse::<u16>().ok().filter(|days| (1..=most).contains(days));
    if known.is_none() {
        mistakes.push(format!("days: a number of days from 1 to {most}"));
    }
    match known {
        Some(days) if mistakes.is_empty() => Ok((label.to_owned(), days)),
        _ => Err(Error::Invalid(mistakes)),
    }
}

/// The text that an owner says of itself; nothing for one that is not there.
pub fn profile(db: &Connection, owner: &Owner) -> Result<String> {
    Ok(match owner {
        Owner::User(name) => match users::find(db, name)? {
            Some(user) => users::profile(db, user.id)?,
            None => String::new(),
        },
        Owner::Group(name) => match groups::find(db, name)? {
            Some(group) => groups::profile(db, group.id)?,
            None => String::new(),
        },
    })
}

/// Sets what an owner says of itself: a user's own text, or that of a group the user belongs to.
pub fn set_profile(db: &Connection, user: &User, owner: &Owner, text: &str) -> Result<()> {
    authorise::authorise(db, user, Action::EditProfile(owner))?;
    if text.len() > LONGEST {
        return Err(Error::invalid(format!("profile: at most {LONGEST} bytes")));
    }
    match owner {
        Owner::User(name) => users::set_profile(db, accounts::user(db, name)?.id, text)?,
        Owner::Group(name) => {
            let group = groups::find(db, name)?
                .ok_or_else(|| Error::NotFound(format!("There is no group {owner} here.")))?;
            groups::set_profile(db, group.id, text)?;
        }
    }
    Ok(())
}

/// The groups of a user, each with how many belong to it and how many projects it has.
pub fn groups_of(db: &Connection, user: &User) -> Result<Vec<(GroupName, usize, u32)>> {
    let of = |name: GroupName, id| {
        let members = groups::members(db, id)?.len();
        let projects = projects::count(db, Some(&Owner::Group(name.clone())))?;
        Ok((name, members, projects))
    };
    groups::of_user(db, user.id)?.into_iter().map(|group| of(group.name, group.id)).collect()
}

/// What to say to who wants to make a group usable, as has to be done in Copr: here all of them are.
pub fn activate(db: &Connection, user: &User, name: &GroupName) -> Result<String> {
    let group = Owner::Group(name.clone());
    super::pages::check_owner(db, &group)?;
    if groups::is_member(db, name, user.id)? {
        return Ok(format!("{group} needs no activation: its members can make projects."));
    }
    Err(Error::Denied(format!("You do not belong to {group}.")))
}

/// An account at a glance.
pub struct Account {
    /// The groups that the user belongs to.
    pub groups: Vec<GroupName>,
    /// How many API tokens there are.
    pub tokens: usize,
    /// When the sessions began, and when they end.
    pub sessions: Vec<(Timestamp, Timestamp)>,
    /// How many projects are the user's own.
    pub projects: u32,
    /// A password is set.
    pub has_password: bool,
}

/// Reads an account at a glance.
pub fn account(db: &Connection, user: &User) -> Result<Account> {
    let groups = groups::of_user(db, user.id)?;
    Ok(Account {
        groups: groups.into_iter().map(|group| group.name).collect(),
        tokens: tokens::of_user(db, user.id)?.len(),
        sessions: sessions::of_user(db, user.id)?,
        projects: projects::count(db, Some(&Owner::User(user.name.clone())))?,
        has_password: users::password_hash(db, user.id)?.is_some(),
    })
}

/// Everything that is kept about a user, for the user to read. Secrets are not kept, and not here.
#[derive(Serialize)]
pub struct Everything {
    name: String,
    email: Option<String>,
    admin: bool,
    created_on: Timestamp,
    profile: String,
    pinned: Vec<String>,
    groups: Vec<GroupName>,
    tokens: Vec<TokenView>,
    sessions: Vec<SessionView>,
    projects: Vec<String>,
    permissions: Vec<PermissionView>,
    builds: Vec<BuildView>,
}

#[derive(Serialize)]
struct TokenView {
    name: String,
    login: String,
    created_on: Timestamp,
    expires_on: Timestamp,
    last_used_on: Option<Timestamp>,
}

#[derive(Serialize)]
struct SessionView {
    created_on: Timestamp,
    expires_on: Timestamp,
}

#[derive(Serialize)]
struct PermissionView {
    project: String,
    builder: i64,
    admin: i64,
}

#[derive(Serialize)]
struct BuildView {
    id: BuildId,
    project: String,
    submitted_on: Timestamp,
}

/// Reads everything that is kept about a user.
pub fn everything(db: &Connection, user: &User) -> Result<Everything> {
    let owner = Owner::User(user.name.clone());
    let order = (ProjectKey::Id, Direction::Ascending);
    let projects = projects::list(db, Some(&owner), order, Slice::default())?;
    let token = |token: Token| TokenView {
        name: token.label,
        login: token.login,
        created_on: token.created_on,
        expires_on: token.expires_on,
        last_used_on: token.last_used_on,
    };
    Ok(Everything {
        name: user.name.to_string(),
        email: user.email.clone(),
        admin: user.admin,
        created_on: user.created_on,
        profile: users::profile(db, user.id)?,
        pinned: pins::pinned(db, &owner)?.iter().map(Project::full_name).collect(),
        groups: groups::of_user(db, user.id)?.into_iter().map(|group| group.name).collect(),
        tokens: tokens::of_user(db, user.id)?.into_iter().map(token).collect(),
        sessions: sessions::of_user(db, user.id)?
            .into_iter()
            .map(|(created_on, expires_on)| SessionView { created_on, expires_on })
            .collect(),
        projects: projects.iter().map(Project::full_name).collect(),
        permissions: permissions::of_user(db, user.id)?
            .into_iter()
            .map(|(project, builder, admin)| PermissionView { project, builder, admin })
            .collect(),
        builds: builds::all_of_user(db, user.id)?
            .into_iter()
            .map(|(id, project, submitted_on)| BuildView { id, project, submitted_on })
            .collect(),
    })
}

/// Forgets the person behind an account: address, password, text, groups, tokens, sessions and
/// rights go; the name, the projects and the builds stay.
pub fn forget(db: &Connection, user: &User) -> Result<()> {
    if user.admin && users::admins(db)? < 2 {
        let sentence = "You are the only admin of this server. Make somebody else one first: \
                        'coprbox user edit NAME --admin'.";
        return Err(Error::Conflict(sentence.to_owned()));
    }
    Ok(users::blank(db, user.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    fn two(tx: &Connection) -> Result<(User, User)> {
        let add = |name: &str, admin| {
            accounts::add_user(
                tx,
                &name.parse().unwrap(),
                Some("a@example.org"),
                admin,
                Timestamp(1),
            )
        };
        Ok((add("alice", true)?, add("bob", false)?))
    }

    #[test]
    fn nobody_reaches_the_tokens_of_others() {
        let store = testing::store();
        let outcome = store.write_now(|tx| {
            let (alice, bob) = two(tx)?;
            let new = tokens::Insert {
                user: alice.id,
                login: "x",
                digest: [1; 32],
                label: "laptop",
                expires_on: Timestamp(9),
            };
            let token = tokens::insert(tx, &new, Timestamp(1))?;
            assert!(matches!(revoke(tx, &bob, token.id), Err(Error::NotFound(_))));
            assert_eq!(tokens_of(tx, &alice)?.len(), 1);
            revoke(tx, &alice, token.id)?;
            assert!(matches!(revoke(tx, &alice, token.id), Err(Error::NotFound(_))));
            Ok::<_, Error>(())
        });
        outcome.unwrap();
    }

    #[test]
    fn who_is_forgotten_keeps_the_name_alone() {
        let store = testing::store();
        let outcome = store.write_now(|tx| {
            let (alice, bob) = two(tx)?;
            assert!(matches!(forget(tx, &alice), Err(Error::Conflict(_))), "the only admin");
            let devs = groups::insert(tx, &"devs".parse().unwrap(), Timestamp(1))?;
            groups::add_member(tx, devs, bob.id)?;
            sessions::insert(tx, [1; 32], bob.id, Timestamp(1), Timestamp(99))?;
            set_profile(tx, &bob, &"bob".parse().unwrap(), "me")?;
            forget(tx, &bob)?;
            let after = accounts::user(tx, &bob.name)?;
            assert_eq!((after.email, after.id), (None, bob.id));
            assert!(groups::of_user(tx, bob.id)?.is_empty());
            assert!(sessions::of_user(tx, bob.id)?.is_empty());
            assert_eq!(profile(tx, &"bob".parse().unwrap())?, "");
            Ok::<_, Error>(())
        });
        outcome.unwrap();
    }

    #[test]
    fn only_members_speak_for_a_group() {
        let store = testing::store();
        let outcome = store.write_now(|tx| {
            let (_, bob) = two(tx)?;
            let devs = groups::insert(tx, &"devs".parse().unwrap(), Timestamp(1))?;
            let owner = "@devs".parse().unwrap();
            assert!(matches!(set_profile(tx, &bob, &owner, "we"), Err(Error::Denied(_))));
            assert!(set_profile(tx, &bob, &"alice".parse().unwrap(), "x").is_err());
            groups::add_member(tx, devs, bob.id)?;
            set_profile(tx, &bob, &owner, "we")?;
            assert_eq!(profile(tx, &owner)?, "we");
            assert!(matches!(
                set_profile(tx, &bob, &owner, &"x".repeat(30_000)),
                Err(Error::Invalid(_))
            ));
            Ok::<_, Error>(())
        });
        outcome.unwrap();
    }

    #[test]
    fn a_token_has_a_name_and_an_end() {
        assert_eq!(token_wish("", "30", 365).unwrap(), ("web".to_owned(), 30));
        for (label, days) in
            [("a\nb", "1"), ("a", "0"), ("a", "366"), ("a", "x"), (&*"x".repeat(101), "1")]
        {
            assert!(token_wish(label, days, 365).is_err(), "{label} {days}");
        }
    }
}
