//! Deleting finished builds, with their results.

use std::collections::BTreeSet;

use super::cancel::forget_upload;
use super::{find, missing};
use crate::model::build::Build;
use crate::model::job::{RepoKey, Tidy};
use crate::model::list::Slice;
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{BuildId, JobId};
use crate::ops::authorise::{Action, authorise, may};
use crate::ops::{App, Error, Result};
use crate::repo::Layout;
use crate::store::{Connection, StoreError, build_chroots, builds, forks, jobs, projects};

/// Deletes a build; the answer is what it was.
pub async fn delete(app: &App, user: &User, id: BuildId) -> Result<Build> {
    let (asking, layout) = (user.clone(), app.layout());
    let build = app
        .store
        .write(move |tx| {
            let build = find(tx, id)?;
            authorise(tx, &asking, Action::DeleteBuild(&project_of(tx, &build)?, id))?;
            if !build.state.is_finished() {
                return Err(Error::Conflict(format!(
                    "Build {id} is still running. Wait for it, or cancel it."
                )));
            }
            if !running(tx, id)?.is_empty() {
                return Err(Error::Conflict(format!(
                    "Build {id} was canceled and is still being stopped. Try again in a minute."
                )));
            }
            remove(tx, &layout, std::slice::from_ref(&build))?;
            Ok(build)
        })
        .await?;
    forget_upload(&app.layout(), &build.source);
    Ok(build)
}

/// Deletes builds, all or none.
pub async fn delete_list(app: &App, user: &User, ids: Vec<BuildId>) -> Result<()> {
    let (asking, layout) = (user.clone(), app.layout());
    let gone = app
        .store
        .write(move |tx| {
            let (wanted, reasons) = sort_out(tx, &asking, &ids)?;
            if !reasons.is_empty() {
                return Err(Error::lines(reasons));
            }
            remove(tx, &layout, &wanted)?;
            Ok(wanted)
        })
        .await?;
    for build in &gone {
        forget_upload(&app.layout(), &build.source);
    }
    Ok(())
}

/// Deletes those of the builds that can be; says how many, with a sentence for each reason why
/// others were left.
pub async fn delete_some(
    app: &App,
    user: &User,
    ids: Vec<BuildId>,
) -> Result<(usize, Vec<String>)> {
    let (asking, layout) = (user.clone(), app.layout());
    let (gone, reasons) = app
        .store
        .write(move |tx| {
            let (wanted, mut reasons) = sort_out(tx, &asking, &ids)?;
            let mut gone = Vec::with_capacity(wanted.len());
            for build in wanted {
                match check_not_copied(tx, build.id) {
                    Ok(()) => gone.push(build),
                    Err(Error::Conflict(why)) => reasons.push(why),
                    Err(other) => return Err(other),
                }
            }
            remove(tx, &layout, &gone)?;
            Ok((gone, reasons))
        })
        .await?;
    for build in &gone {
        forget_upload(&app.layout(), &build.source);
    }
    Ok((gone.len(), reasons))
}

/// Those of the builds that can be deleted, and one sentence for each reason why others cannot.
fn sort_out(tx: &Connection, user: &User, ids: &[BuildId]) -> Result<(Vec<Build>, Vec<String>)> {
    let (mut wanted, mut denied) = (Vec::new(), Vec::new());
    let (mut unfinished, mut unknown) = (Vec::new(), Vec::new());
    for &id in ids.iter().collect::<BTreeSet<_>>() {
        match builds::get(tx, id)? {
            None => unknown.push(id),
            Some(build) => {
                if !may(tx, user, Action::DeleteBuild(&project_of(tx, &build)?, id))? {
                    denied.push(id);
                } else if !build.state.is_finished() || !running(tx, id)?.is_empty() {
                    unfinished.push(id);
                } else {
                    wanted.push(build);
                }
            }
        }
    }
    let reasons = [
        (denied, "cannot be deleted by you: you do not manage them, or they are persistent."),
        (unfinished, "are still running."),
        (unknown, "don't exist."),
    ]
    .into_iter()
    .filter(|(ids, _)| !ids.is_empty())
    .map(|(ids, why)| {
        let ids: Vec<String> = ids.iter().map(BuildId::to_string).collect();
        format!("Build(s) {} {why}", ids.join(", "))
    })
    .collect();
    Ok((wanted, reasons))
}

pub(super) fn project_of(db: &Connection, build: &Build) -> Result<Project> {
    projects::get(db, build.project_id)?.ok_or_else(|| missing(build.id))
}

/// A canceled build's jobs that are still being stopped: they write into the results.
pub(in crate::ops) fn running(tx: &Connection, id: BuildId) -> Result<Vec<JobId>, StoreError> {
    jobs::withdraw(tx, id)
}

/// As [`remove`] for builds given by their numbers, those left out whose jobs are still being
/// stopped, or that a fork still copies; whether that leaves any.
pub(in crate::ops) fn remove_all(
    tx: &Connection,
    layout: &Layout,
    ids: &[BuildId],
) -> Result<bool> {
    let mut gone = Vec::with_capacity(ids.len());
    for &id in ids {
        if running(tx, id)?.is_empty() && forks::taker_of_build(tx, id)?.is_none() {
            gone.extend(builds::get(tx, id)?);
        }
    }
    remove(tx, layout, &gone)?;
    Ok(!gone.is_empty())
}

/// A fork needs the files of its originals until it has copies of its own.
fn check_not_copied(tx: &Connection, id: BuildId) -> Result<()> {
    let Some(taker) = forks::taker_of_build(tx, id)? else { return Ok(()) };
    let fork = projects::get(tx, taker)?.map_or_else(String::new, |fork| fork.full_name());
    Err(Error::Conflict(format!(
        "Build {id} is being copied into the fork {fork}. Try again when that is done."
    )))
}

/// Removes builds, and queues what follows: new metadata first, then their files.
pub(in crate::ops) fn remove(tx: &Connection, layout: &Layout, gone: &[Build]) -> Result<()> {
    let (mut repos, mut files) = (BTreeSet::new(), Vec::new());
    for build in gone {
        check_not_copied(tx, build.id)?;
        files.push(layout.source(&build.owner, &build.dir, build.id));
        for chroot in build_chroots::list(tx, build.id, Slice::default())? {
            let Some(name) = &chroot.result_dir else { continue };
            files.push(layout.result(&build.owner, &build.dir, &chroot.name, name));
            let repo: Option<RepoKey> = build_chroots::repo(tx, chroot.id)?;
            repos.extend(repo.filter(|_| chroot.state.is_published()));
        }
        builds::delete(tx, build.id)?;
    }
    let below = |path: &std::path::PathBuf| {
        path.strip_prefix(layout.data_dir()).ok()?.to_str().map(str::to_owned)
    };
    let tidy = Tidy {
        repos: repos.into_iter().collect(),
        remove: files.iter().filter_map(below).collect(),
    };
    if !gone.is_empty() {
        jobs::queue_tidy(tx, &tidy)?;
    }
    Ok(())
}
