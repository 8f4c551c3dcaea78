//! The chroots this server offers: what the admin does with them.

use std::path::Path;
use std::time::Duration;

use super::projects::repositories;
use super::{Error, Result};
use crate::clock::Timestamp;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::model::job::Tidy;
use crate::model::{ChrootName, ChrootState};
use crate::runner::builder::mock::discover::Found;
use crate::store::{Connection, build_chroots, chroots, jobs, project_chroots, projects};

/// Adds a chroot that can be used at once.
pub fn add(
    db: &Connection,
    name: &ChrootName,
    recipe: &ChrootRecipe,
    comment: &str,
) -> Result<Chroot> {
    check(recipe)?;
    if chroots::find(db, name)?.is_some() {
        return Err(Error::Conflict(format!("there is a chroot '{name}' already")));
    }
    let id = chroots::insert(db, name, recipe, comment, true)?;
    let (recipe, comment) = (recipe.clone(), comment.to_owned());
    let chroot = Chroot { id, name: name.clone(), recipe, comment, active: true };
    follow_branching(db, &chroot)?;
    Ok(chroot)
}

/// Takes over what mock has configurations for, on a server that has no chroot yet. The answer is
/// whether it did.
pub fn adopt(db: &Connection, found: &[Found]) -> Result<bool> {
    if !chroots::list(db)?.is_empty() {
        return Ok(false);
    }
    for Found { name, config, enable } in found {
        let recipe = ChrootRecipe::Mock { config: config.clone() };
        chroots::insert(db, name, &recipe, "", *enable)?;
    }
    Ok(!found.is_empty())
}

/// Says whether a chroot can be used; the answer is whether that is new. The packages that projects
/// have in one that no longer can be used go away `stay` later; `None` keeps them.
pub fn set_active(
    db: &Connection,
    name: &ChrootName,
    active: bool,
    stay: Option<Duration>,
) -> Result<bool> {
    let Some(chroot) = chroots::find(db, name)? else {
        let sentence = format!("there is no chroot '{name}'; 'chroot list' lists them");
        return Err(Error::NotFound(sentence));
    };
    if chroot.active == active {
        return Ok(false);
    }
    let chroot = Chroot { active, ..chroot };
    chroots::update(db, &chroot)?;
    if active {
        project_chroots::retire(db, chroot.id, None)?;
        follow_branching(db, &chroot)?;
    } else {
        project_chroots::retire(db, chroot.id, stay.map(|stay| Timestamp::now().after(stay)))?;
        cancel_waiting(db, &chroot)?;
    }
    Ok(true)
}

/// A new release of Fedora is a branch of rawhide: projects that are built in rawhide and follow
/// its branches get it, as they have rawhide, with empty repositories. It counts as new when no
/// other release of this server is newer and no project has used it so far.
fn follow_branching(db: &Connection, chroot: &Chroot) -> Result<()> {
    let release = |name: &ChrootName| {
        let is_fedora = name.distribution() == "fedora";
        is_fedora.then(|| name.version().parse::<u32>().ok()).flatten()
    };
    let Some(own) = release(&chroot.name) else { return Ok(()) };
    let known = chroots::list(db)?;
    let newest = known.iter().filter(|one| one.active).filter_map(|one| release(&one.name)).max();
    if newest.is_some_and(|newest| newest > own) || project_chroots::any(db, chroot.id)? {
        return Ok(());
    }
    let is_rawhide = |one: &&Chroot| {
        let name = &one.name;
        name.name_release() == "fedora-rawhide" && name.arch() == chroot.name.arch()
    };
    let Some(rawhide) = known.iter().find(is_rawhide) else { return Ok(()) };
    for id in project_chroots::follow(db, rawhide.id, chroot.id)? {
        if let Some(project) = projects::get(db, id)? {
            let repos = repositories(db, &project, &[chroot.id])?;
            jobs::queue_tidy(db, &Tidy { repos, remove: Vec::new() })?;
        }
    }
    Ok(())
}

/// Nothing that is still queued is built in a chroot that is no longer offered; what runs may end.
fn cancel_waiting(db: &Connection, chroot: &Chroot) -> Result<()> {
    let message = format!("the server no longer offers {}", chroot.name);
    for part in build_chroots::unbegun_in(db, chroot.id)? {
        build_chroots::set_state(db, part, ChrootState::Canceled, Some(&message))?;
        jobs::withdraw_chroot(db, part)?;
    }
    Ok(())
}

fn check(recipe: &ChrootRecipe) -> Result<()> {
    match recipe {
        ChrootRecipe::Mock { config } => check_config(config),
        ChrootRecipe::Sandbox { repos, install } => {
            if repos.is_empty() {
                return Err(Error::invalid("the sandbox builder needs at least one repository"));
            }
            repos.iter().try_for_each(|repo| check_repo(repo))?;
            install.iter().try_for_each(|spec| check_spec(spec))
        }
    }
}

fn check_config(config: &Path) -> Result<()> {
    if config.is_absolute() && config.is_file() {
        return Ok(());
    }
    let path = config.display();
    Err(Error::invalid(format!("there is no mock configuration at the absolute path {path}")))
}

fn check_repo(repo: &str) -> Result<()> {
    let known = ["http://", "https://", "file:///"].iter().any(|scheme| repo.starts_with(scheme));
    if known && !repo.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    let sentence = format!("'{repo}' must be an address: http://, https:// or file:///…");
    Err(Error::invalid(sentence))
}

/// A package, group or file as dnf takes it; never one of dnf's options.
fn check_spec(spec: &str) -> Result<()> {
    if spec.is_empty() || spec.starts_with('-') || spec.contains(char::is_control) {
        return Err(Error::invalid(format!("'{spec}' is nothing that dnf could install")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    fn sandbox(repos: &[&str], install: &[&str]) -> ChrootRecipe {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        ChrootRecipe::Sandbox { repos: owned(repos), install: owned(install) }
    }

    #[test]
    fn a_chroot_is_added_once_and_switched() {
        let store = testing::store();
        let name: ChrootName = "debian-12-x86_64".parse().unwrap();
        let recipe = sandbox(&["file:///base"], &["@buildsys-build"]);
        let add = || store.write_now(|tx| add(tx, &name, &recipe, ""));
        assert!(add().unwrap().active);
        assert!(matches!(add(), Err(Error::Conflict(_))));
        let switch = |active| store.write_now(|tx| set_active(tx, &name, active, None)).unwrap();
        assert_eq!([switch(false), switch(false), switch(true)], [true, false, true]);
        let other = "other-1-x86_64".parse().unwrap();
        let unknown = store.write_now(|tx| set_active(tx, &other, true, None));
        assert!(matches!(unknown, Err(Error::NotFound(_))));
    }

    #[test]
    fn what_mock_knows_is_taken_over_once() {
        let store = testing::store();
        let found = |name: &str, enable| Found {
            name: name.parse().unwrap(),
            config: format!("/etc/mock/{name}.cfg").into(),
            enable,
        };
        let all = [found("fedora-42-x86_64", true), found("fedora-42-aarch64", false)];
        let adopt = || store.write_now(|tx| adopt(tx, &all)).unwrap();
        assert_eq!([adopt(), adopt()], [true, false]);
        let listed = store.read_now(chroots::list).unwrap();
        let active: Vec<bool> = listed.iter().map(|chroot| chroot.active).collect();
        assert_eq!(active, [true, false]);
    }

    #[test]
    fn recipes_are_checked() {
        assert!(check(&sandbox(&["https://a/b"], &["gcc >= 4", "/usr/bin/make"])).is_ok());
        for bad in [
            sandbox(&[], &[]),
            sandbox(&["base"], &[]),
            sandbox(&["file://base"], &[]),
            sandbox(&["http://a b"], &[]),
            sandbox(&["http://a"], &["--nogpgcheck"]),
            ChrootRecipe::Mock { config: "/no/such.cfg".into() },
            ChrootRecipe::Mock { config: "Cargo.toml".into() },
        ] {
            assert!(matches!(check(&bad), Err(Error::Invalid(_))), "{bad:?}");
        }
    }
}
