//! Adding and removing single dependencies and chroots of a project.
//!
//! An edit replaces whole lists: of two people who each add one entry at the same time, one loses.
//! Here a change is read, made and written in one transaction, so nobody does. Everything can be
//! repeated: adding what is there and removing what is not changes nothing.

use super::edit::replace_chroots;
use super::wish::active_chroots;
use super::{Shown, find};
use crate::model::chroot::Chroot;
use crate::model::job::Tidy;
use crate::model::project::Project;
use crate::model::repo_url::{RepoTarget, RepoUrl};
use crate::model::user::User;
use crate::model::{ChrootName, JobId};
use crate::ops::authorise::{Action, authorise};
use crate::ops::{App, Error, Mistakes, Result};
use crate::store::{Connection, chroots, jobs, project_chroots, projects};

/// What is done with the parts that are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// They are to be there.
    Add,
    /// They are not to be there.
    Remove,
}

/// The entry among a project's further repositories that `text`, `owner/name`, stands for; an error
/// says what to write.
pub fn dependency(text: &str) -> Result<RepoUrl, String> {
    let address = text.strip_prefix("copr://").unwrap_or(text);
    let parsed = format!("copr://{address}").parse();
    parsed.map_err(|_| format!("'{text}' names no project; write OWNER/NAME"))
}

/// Adds projects of this server to those that a project's builds take packages from, or removes
/// them. One to be added must be there; one to be removed need not be any more.
pub async fn change_dependencies(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    change: Change,
    named: Vec<String>,
) -> Result<Shown> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    app.store
        .write(move |tx| {
            let mut project = find(tx, &owner, &name)?;
            authorise(tx, &user, Action::EditProject(&project))?;
            let named = parse_dependencies(tx, &project, change, &named)?;
            let repos = &mut project.settings.additional_repos;
            let is_named = |repo: &RepoUrl| named.iter().any(|one| one.target() == repo.target());
            match change {
                Change::Remove => repos.retain(|repo| !is_named(repo)),
                Change::Add => {
                    for new in named {
                        if repos.iter().all(|repo| repo.target() != new.target()) {
                            repos.push(new);
                        }
                    }
                }
            }
            projects::update(tx, project.id, project.delete_after, &project.settings)?;
            Shown::new(tx, project)
        })
        .await
}

fn parse_dependencies(
    db: &Connection,
    project: &Project,
    change: Change,
    texts: &[String],
) -> Result<Vec<RepoUrl>> {
    let mut mistakes = Mistakes::default();
    let mut parsed = Vec::with_capacity(texts.len());
    if texts.is_empty() {
        mistakes.add("repos", "name at least one project, as OWNER/NAME");
    }
    for text in texts {
        let repo = match dependency(text) {
            Ok(repo) => repo,
            Err(why) => {
                mistakes.add("repos", why);
                continue;
            }
        };
        if let (Change::Add, RepoTarget::Copr(owner, dir)) = (change, repo.target()) {
            if *owner == project.owner && *dir.project() == project.name && dir.is_main() {
                mistakes.add("repos", "a project's builds have its own packages in any case");
            } else if projects::find(db, owner, dir.project())?.is_none() {
                mistakes.add("repos", format!("there is no project {owner}/{}", dir.project()));
            }
        }
        parsed.push(repo);
    }
    mistakes.none()?;
    Ok(parsed)
}

/// Adds chroots to those that a project is built in, or removes them, and waits until the
/// repositories of new ones are there. At least one stays.
pub async fn change_chroots(
    app: &App,
    user: &User,
    (owner, name): (&str, &str),
    change: Change,
    named: Vec<String>,
) -> Result<Shown> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    let (shown, job) = app
        .store
        .write(move |tx| {
            let project = find(tx, &owner, &name)?;
            authorise(tx, &user, Action::EditProject(&project))?;
            let wanted = wanted_chroots(tx, &project, change, &named)?;
            let repos = replace_chroots(tx, &project, &wanted)?;
            let job: Option<JobId> = if repos.is_empty() {
                None
            } else {
                Some(jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?)
            };
            Ok::<_, Error>((Shown::new(tx, project)?, job))
        })
        .await?;
    if let Some(job) = job {
        app.wait_for(job).await;
    }
    Ok(shown)
}

/// The chroots that a project is to have after the change.
fn wanted_chroots(
    db: &Connection,
    project: &Project,
    change: Change,
    names: &[String],
) -> Result<Vec<Chroot>> {
    let mut mistakes = Mistakes::default();
    if names.is_empty() {
        mistakes.add("chroots", "name at least one, as in fedora-43-x86_64");
    }
    let used = project_chroots::list(db, project.id)?.into_iter();
    let mut wanted: Vec<Chroot> = used
        .filter(|used| used.is_enabled() && used.chroot.active)
        .map(|used| used.chroot)
        .collect();
    match change {
        Change::Add => wanted.extend(active_chroots(db, names, &mut mistakes)?),
        Change::Remove => {
            for name in names {
                if !is_chroot(db, name)? {
                    mistakes.add("chroots", format!("this server knows no chroot '{name}'"));
                }
            }
            wanted.retain(|chroot| names.iter().all(|name| name != chroot.name.as_str()));
            if wanted.is_empty() {
                let why = "at least one must stay; delete the project if you need none";
                mistakes.add("chroots", why);
            }
        }
    }
    mistakes.none()?;
    Ok(wanted)
}

/// Whether the server has, or had, a chroot of this name: another one is mistyped.
fn is_chroot(db: &Connection, name: &str) -> Result<bool> {
    match name.parse::<ChrootName>() {
        Ok(name) => Ok(chroots::find(db, &name)?.is_some()),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_written_with_its_owner() {
        for (text, address) in [
            ("bob/lib", "copr://bob/lib"),
            ("@devs/lib", "copr://@devs/lib"),
            ("copr://bob/lib", "copr://bob/lib"),
            ("bob/lib:custom:x", "copr://bob/lib:custom:x"),
        ] {
            assert_eq!(dependency(text).unwrap().as_str(), address);
        }
        for bad in ["lib", "", "http://h/x", "bob/", "/lib", "a b/c", "bob/lib/x"] {
            let why = dependency(bad).unwrap_err();
            assert!(why.contains("OWNER/NAME"), "{why}");
        }
    }
}
