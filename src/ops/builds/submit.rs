//! Handing in builds.

use super::options::{Place, Plan, Wish};
use crate::model::build::Build;
use crate::model::job::{RepoKey, Tidy};
use crate::model::package::Package;
use crate::model::source::{SourceFile, SourceSpec};
use crate::model::user::User;
use crate::model::{ChrootState, DirId, PackageId, assign};
use crate::ops::authorise::{Action, may};
use crate::ops::{App, Error, Mistakes, Result, packages};
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
    let user = user.clone();
    let allow_files = app.config.sources.allow_file_urls;
    app.store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let mut mistakes = Mistakes::default();
            let urls = urls.unwrap_or_default();
            if urls.is_empty() {
                mistakes.add("pkgs", "URLs to packages are required");
            }
            for url in &urls {
                check_url(url, allow_files, &mut mistakes);
            }
            let plan = wish.plan(tx, &user, project, mistakes)?;
            let sources = urls.into_iter().map(|url| SourceSpec::Link { url });
            insert(tx, &user, &plan, None, sources.collect())
        })
        .await
}

fn check_url(url: &str, allow_files: bool, mistakes: &mut Mistakes) {
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme, !rest.is_empty()));
    let is_url = match scheme {
        Some(("http" | "https", has_rest)) => has_rest,
        Some(("file", has_rest)) => has_rest && allow_files,
        _ => false,
    };
    if !is_url || url.chars().any(char::is_control) {
        mistakes.add(
            "pkgs",
            format!(
                "A list of http[s] URLs separated by whitespace characters is needed \
                 ('{url}' doesn't seem to be a valid URL)."
            ),
        );
    }
    let link = SourceSpec::Link { url: url.to_owned() };
    if link.file_name().and_then(SourceFile::of).is_none() {
        mistakes.add(
            "pkgs",
            format!(
                "URLs must end with .src.rpm, .nosrc.rpm, or .spec \
                 ('{url}' doesn't seem to be a valid URL)."
            ),
        );
    }
}

/// Builds a package from the source on record. As the package is known, so are its chroots.
pub async fn submit_package(
    app: &App,
    user: &User,
    mut wish: Wish,
    package: Option<String>,
) -> Result<Build> {
    let user = user.clone();
    app.store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let package = packages::find(tx, &project, package.as_deref().unwrap_or_default())?;
            wish.timeout = wish.timeout.or(package.timeout.map(i64::from));
            let is_chosen = wish.chroots.as_ref().is_some_and(|chroots| !chroots.is_empty());
            let mut plan = wish.plan(tx, &user, project, Mistakes::default())?;
            let SourceSpec::Link { .. } = &package.source else {
                return Err(no_source(&package));
            };
            if !is_chosen {
                let enabled = project_chroots::enabled_names(tx, plan.project.id)?;
                let excluded: Vec<String> = plan.excluded.iter().map(ToString::to_string).collect();
                plan.chroots = assign::chroots(&enabled, &excluded, &package.chroot_denylist);
            }
            if plan.chroots.is_empty() {
                return Err(Error::invalid("chroots: no chroot is left to build in"));
            }
            let made = insert(tx, &user, &plan, Some(package.id), vec![package.source])?;
            let gone = || StoreError::Corrupt("a build was added and is not there".to_owned());
            Ok(made.into_iter().next().ok_or_else(gone)?)
        })
        .await
}

fn no_source(package: &Package) -> Error {
    Error::invalid(format!(
        "Package '{}' doesn't have the default source method set, but it is required for the \
         rebuild request. Hand in its SRPM or spec file again.",
        package.name
    ))
}

/// Adds builds with all that belongs to them. Part of one transaction: all or none.
pub(super) fn insert(
    tx: &Connection,
    user: &User,
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
            submitter: Some(user.id),
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
fn place(tx: &Connection, plan: &Plan) -> Result<DirId> {
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
