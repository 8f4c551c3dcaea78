//! The one authoriser: who may do what. All operations ask here before they change anything.
//!
//! Reading needs no leave: every project is public. The rules are Copr's. A site admin may do
//! everything except what nobody may: delete a persistent project, or a build of one.

use super::{Error, Result};
use crate::model::permission::{Grant, Permission};
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{BuildId, Owner};
use crate::store::{Connection, groups, permissions};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Make a project for this owner, or fork one to it.
    CreateProject(&'a Owner),
    /// Say something in the name of this owner on its page.
    EditProfile(&'a Owner),
    /// Look after the server: accounts, groups, chroots.
    Administer,
    /// Make a project that can never be deleted.
    SetPersistent,
    /// Keep all builds of a project for ever.
    DisablePruning,
    /// Change a project's settings.
    EditProject(&'a Project),
    /// Change the settings of a project's chroots, renew its repositories or its secrets.
    ManageProject(&'a Project),
    /// Delete a project with all its builds.
    DeleteProject(&'a Project),
    /// Add, change or delete packages.
    EditPackages(&'a Project),
    /// See and set who may do what in a project.
    SetPermissions(&'a Project),
    /// Hand in a build.
    Build(&'a Project),
    /// Stop a build.
    CancelBuild(&'a Project),
    /// Delete a finished build.
    DeleteBuild(&'a Project, BuildId),
}

impl<'a> Action<'a> {
    /// The owner whom the action concerns, and the project where there is one already.
    fn subject(self) -> Option<(&'a Owner, Option<&'a Project>)> {
        match self {
            Action::SetPersistent | Action::DisablePruning | Action::Administer => None,
            Action::CreateProject(owner) | Action::EditProfile(owner) => Some((owner, None)),
            Action::EditProject(project)
            | Action::ManageProject(project)
            | Action::DeleteProject(project)
            | Action::EditPackages(project)
            | Action::SetPermissions(project)
            | Action::Build(project)
            | Action::CancelBuild(project)
            | Action::DeleteBuild(project, _) => Some((&project.owner, Some(project))),
        }
    }
}

/// Says whether `user` may; [`Error::Denied`] carries the sentence for the one who may not.
pub fn authorise(db: &Connection, user: &User, action: Action<'_>) -> Result<()> {
    decide(user, standing(db, user, action)?, action).map_err(Error::Denied)
}

/// Whether `user` may; for pages, which leave out what would be refused.
pub fn may(db: &Connection, user: &User, action: Action<'_>) -> Result<bool> {
    Ok(decide(user, standing(db, user, action)?, action).is_ok())
}

/// What somebody may do with a project; for pages, which leave out what would be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// [`Action::Build`] and [`Action::CancelBuild`].
    pub build: bool,
    /// [`Action::EditPackages`].
    pub packages: bool,
    /// [`Action::EditProject`].
    pub edit: bool,
    /// [`Action::ManageProject`].
    pub manage: bool,
    /// [`Action::SetPermissions`].
    pub permissions: bool,
    /// [`Action::DeleteProject`].
    pub delete: bool,
}

impl Rights {
    /// The rights of who is looking; who is not logged in has none.
    pub fn of(db: &Connection, viewer: Option<&User>, project: &Project) -> Result<Rights> {
        let Some(user) = viewer else { return Ok(Rights::default()) };
        let standing = standing(db, user, Action::ManageProject(project))?;
        let may = |action| decide(user, standing, action).is_ok();
        Ok(Rights {
            build: may(Action::Build(project)),
            packages: may(Action::EditPackages(project)),
            edit: may(Action::EditProject(project)),
            manage: may(Action::ManageProject(project)),
            permissions: may(Action::SetPermissions(project)),
            delete: may(Action::DeleteProject(project)),
        })
    }
}

/// What a user is to the subject of an action.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Is the owner, or belongs to the group that is.
    owns: bool,
    /// Has been approved as a builder.
    builder: bool,
    /// Has been approved as an admin of the project.
    admin: bool,
}

fn standing(db: &Connection, user: &User, action: Action<'_>) -> Result<Standing> {
    let Some((owner, project)) = action.subject() else { return Ok(Standing::default()) };
    let owns = match owner {
        Owner::User(name) => *name == user.name,
        Owner::Group(name) => groups::is_member(db, name, user.id)?,
    };
    let roles = match project {
        Some(project) => permissions::find(db, project.id, user.id)?,
        None => None,
    };
    let has = |role: fn(&Permission) -> Grant| {
        roles.as_ref().is_some_and(|roles| role(roles) == Grant::Approved)
    };
    Ok(Standing { owns, builder: has(|roles| roles.builder), admin: has(|roles| roles.admin) })
}

/// The rules. The sentences are close to Copr's, which scripts look for.
fn decide(user: &User, standing: Standing, action: Action<'_>) -> Result<(), String> {
    let Standing { owns, builder, admin } = standing;
    let can_edit = user.admin || owns || admin;
    let can_build = can_edit || builder;
    let name = &user.name;
    let sentence = match action {
        Action::DeleteProject(project) if project.persistent => {
            "This project is protected against deletion.".to_owned()
        }
        Action::DeleteBuild(project, build) if project.persistent => {
            format!("User '{name}' can not delete a persistent build {build}")
        }
        _ if user.admin => return Ok(()),
        Action::CreateProject(Owner::User(owner)) if !owns => {
            format!("User '{name}' cannot create projects for user '{owner}'.")
        }
        Action::CreateProject(Owner::Group(group)) if !owns => {
            format!("User '{name}' doesn't have access to the copr group '{group}'.")
        }
        Action::EditProfile(owner) if !owns => format!("Only {owner} may change this text."),
        Action::Administer => "Only admins of this server may do this.".to_owned(),
        Action::SetPersistent => "Non-admin cannot create persistent project.".to_owned(),
        Action::DisablePruning => "Non-admin cannot disable auto-prunning.".to_owned(),
        Action::EditProject(project) if can_edit && !project.settings.auto_prune => {
            "Non-admin cannot disable auto-prunning.".to_owned()
        }
        Action::EditProject(_) | Action::ManageProject(_) if !can_edit => {
            "Only owners and admins may update their projects.".to_owned()
        }
        Action::DeleteProject(project) if !owns => {
            format!("Only the owner may delete the project {}.", project.full_name())
        }
        Action::EditPackages(_) if !can_edit => {
            "You are not allowed to add or edit packages in this copr.".to_owned()
        }
        Action::SetPermissions(project) if !can_edit => format!(
            "User '{name}' can not see permissions for project '{}' (missing admin rights)",
            project.full_name()
        ),
        Action::Build(project) if !can_build => {
            format!("User {name} is not allowed to build in the copr: {}", project.full_name())
        }
        Action::CancelBuild(_) if !can_build => {
            "You are not allowed to cancel this build.".to_owned()
        }
        Action::DeleteBuild(_, build) if !can_edit => {
            format!("User '{name}' is not allowed to delete build {build}")
        }
        _ => return Ok(()),
    };
    Err(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::project::ProjectSettings;
    use crate::model::{ProjectId, UserId};

    fn user(name: &str, admin: bool) -> User {
        User {
            id: UserId(1),
            name: name.parse().unwrap(),
            email: None,
            admin,
            disabled: false,
            created_on: Timestamp(0),
        }
    }

    fn project(persistent: bool, auto_prune: bool) -> Project {
        Project {
            id: ProjectId(1),
            owner: "@devs".parse().unwrap(),
            name: "tools".parse().unwrap(),
            creator: UserId(9),
            created_on: Timestamp(0),
            settings: ProjectSettings { auto_prune, ..ProjectSettings::default() },
            persistent,
            key_fingerprint: None,
            forked_from: None,
            delete_after: None,
        }
    }

    /// Who may, in this order: stranger, builder, project admin, owner, site admin.
    fn allowed(action: Action<'_>) -> String {
        let nobody = Standing::default();
        [
            (false, nobody),
            (false, Standing { builder: true, ..nobody }),
            (false, Standing { admin: true, ..nobody }),
            (false, Standing { owns: true, ..nobody }),
            (true, nobody),
        ]
        .into_iter()
        .map(|(admin, standing)| match decide(&user("bob", admin), standing, action) {
            Ok(()) => 'y',
            Err(_) => '-',
        })
        .collect()
    }

    #[test]
    fn the_rules_are_those_of_copr() {
        let (plain, persistent, kept) =
            (project(false, true), project(true, true), project(false, false));
        let build = BuildId(7);
        for (who, action) in [
            ("---yy", Action::CreateProject(&"alice".parse().unwrap())),
            ("---yy", Action::CreateProject(&"@devs".parse().unwrap())),
            ("---yy", Action::EditProfile(&"alice".parse().unwrap())),
            ("----y", Action::Administer),
            ("----y", Action::SetPersistent),
            ("----y", Action::DisablePruning),
            ("--yyy", Action::EditProject(&plain)),
            ("--yyy", Action::EditProject(&persistent)),
            ("----y", Action::EditProject(&kept)),
            ("--yyy", Action::ManageProject(&kept)),
            ("---yy", Action::DeleteProject(&plain)),
            ("-----", Action::DeleteProject(&persistent)),
            ("--yyy", Action::EditPackages(&plain)),
            ("--yyy", Action::SetPermissions(&plain)),
            ("-yyyy", Action::Build(&plain)),
            ("-yyyy", Action::CancelBuild(&plain)),
            ("--yyy", Action::DeleteBuild(&plain, build)),
            ("-----", Action::DeleteBuild(&persistent, build)),
        ] {
            assert_eq!(allowed(action), who, "{action:?}");
        }
    }

    #[test]
    fn standing_is_looked_up() {
        use crate::store::{testing, users};

        let store = testing::store();
        let (bob, eve) = store
            .write_now(|tx| {
                let now = Timestamp(0);
                let bob = users::insert(tx, &"bob".parse().unwrap(), None, false, now)?;
                users::insert(tx, &"eve".parse().unwrap(), None, false, now)?;
                let devs = groups::insert(tx, &"devs".parse().unwrap(), now)?;
                groups::add_member(tx, devs, bob)?;
                let get = |name: &str| users::find(tx, &name.parse().unwrap());
                Ok::<_, crate::store::StoreError>((get("bob")?.unwrap(), get("eve")?.unwrap()))
            })
            .unwrap();
        let tools = project(false, true);
        let allowed =
            |user: &User, action: Action<'_>| store.read_now(|db| may(db, user, action)).unwrap();
        assert!(allowed(&bob, Action::Build(&tools)));
        assert!(!allowed(&eve, Action::Build(&tools)));
        let (eves, bobs) = ("eve".parse().unwrap(), "bob".parse().unwrap());
        assert!(allowed(&eve, Action::CreateProject(&eves)));
        assert!(!allowed(&eve, Action::CreateProject(&bobs)));
        let rights = |user| store.read_now(|db| Rights::of(db, user, &tools)).unwrap();
        assert!(rights(Some(&bob)).delete && rights(Some(&bob)).edit);
        assert_eq!((rights(Some(&eve)), rights(None)), (Rights::default(), Rights::default()));
        let refusal = store.read_now(|db| authorise(db, &eve, Action::Build(&tools)));
        let sentence = "User eve is not allowed to build in the copr: @devs/tools";
        assert_eq!(refusal.unwrap_err().to_string(), sentence);
    }
}
