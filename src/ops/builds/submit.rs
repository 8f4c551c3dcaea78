//! Handing in builds.

use super::options::{Place, Plan, Wish};
use crate::model::build::Build;
use crate::model::job::{RepoKey, Tidy};
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{ChrootState, DirId, PackageId, UserId};
use crate::ops::authorise::{Action, may};
use crate::ops::sources::{Around, Purpose, SourceWish, check_url};
use crate::ops::{App, Error, Mistakes, Result};
use crate::store::builds::NewBuild;
use crate::store::{
    Connection, StoreError, build_chroots, builds, chroots, jobs, project_chroots, projects,
};

/// Whether a build like this would be taken; changes nothing.
pub async fn check(app: &App, user: &User, wish: Wish) -> Result<()> {
    let user = user.clone();
    app.store
        .read(move |db| {
            let project = wish.find_project(db)?;
            let name = project.full_name();
            let is_allowed = may(db, &user, Action::Build(&project))?;
            wish.plan(db, &user, project, Mistakes::default()).map(drop).map_err(|error| {
                match error {
                    // Copr has other words for the same here.
                    Error::Denied(_) if !is_allowed => Error::Denied(format!(
                        "User '{}' is not allowed to build in '{name}'",
                        user.name
                    )),
                    other => other,
                }
            })
        })
        .await
}

/// Hands in one build for each address, in their order.
pub async fn submit_urls(
    app: &App,
    user: &User,
    wish: Wish,
    urls: Option<Vec<String>>,
) -> Result<Vec<Build>> {
    let (user, config) = (user.clone(), app.config.clone());
    app.store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let mut mistakes = Mistakes::default();
            let urls = urls.unwrap_or_default();
            if urls.is_empty() {
                mistakes.add("pkgs", "URLs to packages are required");
            }
            for url in &urls {
                check_url("pkgs", url, &config, &mut mistakes);
            }
            let plan = wish.plan(tx, &user, project, mistakes)?;
            let sources = urls.into_iter().map(|url| SourceSpec::Link { url });
            insert(tx, Some(user.id), &plan, None, sources.collect())
        })
        .await
}

/// Hands in a build of anything that is fetched or made by the source build.
pub async fn submit_source(
    app: &App,
    user: &User,
    wish: Wish,
    source: SourceWish,
) -> Result<Build> {
    let (user, config) = (user.clone(), app.config.clone());
    app.store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let mut mistakes = Mistakes::default();
            let around =
                Around { db: tx, config: &config, project: &project, purpose: Purpose::Build };
            let source = source.make(None, &around, &mut mistakes)?;
            let plan = wish.plan(tx, &user, project, mistakes)?;
            let unsaid = || Error::internal("handing in a build", "no mistake was noted");
            let sources = vec![source.ok_or_else(unsaid)?];
            first(insert(tx, Some(user.id), &plan, None, sources)?)
        })
        .await
}

/// The build that was just made.
pub(super) fn first(made: Vec<Build>) -> Result<Build> {
    let gone = || StoreError::Corrupt("a build was added and is not there".to_owned());
    Ok(made.into_iter().next().ok_or_else(gone)?)
}

/// Adds builds with all that belongs to them. Part of one transaction: all or none.
pub(super) fn insert(
    tx: &Connection,
    submitter: Option<UserId>,
    plan: &Plan,
    package: Option<PackageId>,
    sources: Vec<SourceSpec>,
) -> Result<Vec<Build>> {
    let dir = place(tx, plan)?;
    let batch = plan.batch.place(tx)?;
    let mut given = Vec::with_capacity(plan.chroots.len());
    for name in &plan.chroots {
        let gone = || StoreError::Corrupt(format!("chroot {name} has gone"));
        given.push(chroots::find(tx, name)?.ok_or_else(gone)?.id);
    }
    let mut made = Vec::with_capacity(sources.len());
    for source in &sources {
        let new = NewBuild {
            project: plan.project.id,
            dir,
            package,
            submitter,
            source,
            options: &plan.options,
            excluded: &plan.excluded,
            batch,
        };
        let id = builds::insert(tx, &new)?;
        for &chroot in &given {
            build_chroots::insert(tx, id, RepoKey { dir, chroot }, ChrootState::Waiting)?;
        }
        jobs::queue_source(tx, id)?;
        made.push(super::find(tx, id)?);
    }
    Ok(made)
}

/// The directory of a plan, made on the way with its empty repositories queued.
pub(super) fn place(tx: &Connection, plan: &Plan) -> Result<DirId> {
    let name = match &plan.dir {
        Place::There(dir) => return Ok(dir.id),
        Place::New(name) => name,
    };
    let dir = projects::insert_dir(tx, plan.project.id, name)?;
    let used = project_chroots::list(tx, plan.project.id)?;
    let enabled = used.iter().filter(|used| used.is_enabled() && used.chroot.active);
    let repos = enabled.map(|used| RepoKey { dir, chroot: used.chroot.id }).collect();
    jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?;
    Ok(dir)
}
