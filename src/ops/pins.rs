//! Projects that users and groups put in front of their others.

use std::collections::HashSet;

use super::authorise::{self, Action};
use super::{Error, Mistakes, Result, pages, settings};
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{Owner, ProjectId};
use crate::store::{Connection, permissions, pins, projects};

/// How many projects an owner can put in front.
pub const MOST: usize = 4;
/// Of more projects than this of one owner, only the newest are offered.
const MOST_OFFERED: u32 = 500;

/// What an owner has put in front, in order.
pub fn pinned(db: &Connection, owner: &Owner) -> Result<Vec<Project>> {
    Ok(projects::these(db, &pins::of(db, owner)?)?)
}

/// What is in front, and what can be, by name.
pub fn choices(
    db: &Connection,
    user: &User,
    owner: &Owner,
) -> Result<(Vec<Project>, Vec<Project>)> {
    authorise::authorise(db, user, Action::EditProfile(owner))?;
    pages::check_owner(db, owner)?;
    let pinned = pinned(db, owner)?;
    let mut ids: Vec<ProjectId> = pinned.iter().map(|project| project.id).collect();
    match owner {
        Owner::Group(_) => ids.extend(projects::newest_ids(db, owner, MOST_OFFERED)?),
        Owner::User(_) => {
            for owner in settings::owners(db, user)? {
                ids.extend(projects::newest_ids(db, &owner, MOST_OFFERED)?);
            }
            ids.extend(permissions::with_role(db, user.id, false, MOST_OFFERED)?);
        }
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let mut offered = projects::these(db, &ids)?;
    offered.sort_by_key(Project::full_name);
    Ok((pinned, offered))
}

/// Puts projects in front, named as people do; each with the field that it comes from. Empty names
/// leave nothing out but themselves.
pub fn set(db: &Connection, user: &User, owner: &Owner, names: &[(&str, String)]) -> Result<()> {
    let (_, offered) = choices(db, user, owner)?;
    let mut mistakes = Mistakes::default();
    let mut ids: Vec<ProjectId> = Vec::new();
    for (field, name) in names.iter().filter(|(_, name)| !name.is_empty()) {
        match offered.iter().find(|project| project.full_name() == *name) {
            None => mistakes.add(field, format!("This is none of the projects of {owner}.")),
            Some(project) if ids.contains(&project.id) => {
                mistakes.add(field, "This project is pinned already.");
            }
            Some(project) => ids.push(project.id),
        }
    }
    mistakes.none()?;
    if ids.len() > MOST {
        return Err(Error::invalid(format!("At most {MOST} projects can be pinned.")));
    }
    Ok(pins::set(db, owner, &ids)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::permission::Grant;
    use crate::model::project::ProjectSettings;
    use crate::ops::accounts;
    use crate::store::projects::NewProject;
    use crate::store::{groups, permissions, testing, users};

    fn project(tx: &Connection, creator: &User, owner: &str, name: &str) -> Result<ProjectId> {
        let new = NewProject {
            owner: &owner.parse().unwrap(),
            name: &name.parse().unwrap(),
            creator: creator.id,
            persistent: false,
            delete_after: None,
            settings: &ProjectSettings::default(),
        };
        Ok(projects::insert(tx, &new)?.unwrap())
    }

    fn names(found: &[Project]) -> Vec<String> {
        found.iter().map(Project::full_name).collect()
    }

    #[test]
    fn what_somebody_works_on_can_be_pinned_and_nothing_else() {
        let store = testing::store();
        let outcome = store.write_now(|tx| {
            let add = |name: &str| {
                accounts::add_user(tx, &name.parse().unwrap(), None, false, Timestamp(1))
            };
            let (alice, bob) = (add("alice")?, add("bob")?);
            let devs = groups::insert(tx, &"devs".parse().unwrap(), Timestamp(1))?;
            groups::add_member(tx, devs, bob.id)?;
            project(tx, &bob, "bob", "own")?;
            project(tx, &bob, "@devs", "ours")?;
            let helped = project(tx, &alice, "alice", "helped")?;
            project(tx, &alice, "alice", "other")?;
            permissions::set(tx, helped, bob.id, Grant::Approved, Grant::Nothing)?;
            let (me, group): (Owner, Owner) = ("bob".parse().unwrap(), "@devs".parse().unwrap());
            let (_, offered) = choices(tx, &bob, &me)?;
            assert_eq!(names(&offered), ["@devs/ours", "alice/helped", "bob/own"]);
            assert_eq!(names(&choices(tx, &bob, &group)?.1), ["@devs/ours"]);
            let put = |user: &User, owner: &Owner, names: &[&str]| {
                let names: Vec<_> = names.iter().map(|name| ("pin1", (*name).to_owned())).collect();
                set(tx, user, owner, &names)
            };
            put(&bob, &me, &["bob/own", "", "alice/helped"])?;
            assert_eq!(names(&pinned(tx, &me)?), ["bob/own", "alice/helped"]);
            assert!(matches!(put(&bob, &me, &["alice/other"]), Err(Error::Invalid(_))));
            assert!(matches!(put(&bob, &me, &["bob/own", "bob/own"]), Err(Error::Invalid(_))));
            assert!(matches!(put(&alice, &group, &[]), Err(Error::Denied(_))));
            assert!(matches!(put(&alice, &me, &[]), Err(Error::Denied(_))));
            put(&bob, &me, &["alice/helped"])?;
            projects::delete(tx, helped)?;
            assert!(pinned(tx, &me)?.is_empty(), "it goes with its project");
            put(&bob, &me, &["bob/own"])?;
            users::blank(tx, bob.id)?;
            assert!(pinned(tx, &me)?.is_empty(), "and with the person");
            Ok::<_, Error>(())
        });
        outcome.unwrap();
    }
}
