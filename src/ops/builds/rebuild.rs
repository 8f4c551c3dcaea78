//! Building a package from the source on record.

use std::io;
use std::path::PathBuf;

use tempfile::TempPath;

use super::options::Wish;
use super::stored::{Stored, temporary_name};
use super::submit::{first, insert};
use crate::model::build::Build;
use crate::model::list::Slice;
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{PackageId, assign, glob};
use crate::ops::{App, Error, Mistakes, Result, packages, sources};
use crate::store::builds::Filter;
use crate::store::{Connection, builds, packages as package_rows, project_chroots};

/// So many builds are looked through for one that has a source package.
const RECENT: u32 = 20;

/// Builds a package from the source on record. As the package is known, so are its chroots.
pub async fn submit_package(
    app: &App,
    user: &User,
    wish: Wish,
    package: Option<String>,
) -> Result<Build> {
    let name = package.unwrap_or_default();
    let (kept, made) = {
        let (wish, name) = (wish.clone(), name.clone());
        let find = move |db: &_| {
            let project = wish.find_project(db)?;
            let package = packages::find(db, &project, &name)?;
            let made = match package.source {
                SourceSpec::Tree(_) => newest_srpm(db, &package)?,
                _ => None,
            };
            Ok::<_, Error>((package.source, made))
        };
        app.store.read(find).await?
    };
    let (app, user) = (app.clone(), user.clone());
    // A task of its own: a client that hangs up must not leave a build without its file.
    let submitting = async move {
        let uploads = app.layout().uploads();
        let copy = match made {
            Some((build, srpm)) => {
                let dir = app.layout().source(&build.owner, &build.dir, build.id);
                copy_file(uploads, dir.join(&srpm), srpm).await?
            }
            None => copy(uploads, &kept).await?,
        };
        let own = copy.as_ref().map(|(_, own)| (kept, own.clone()));
        let build = app.store.write(move |tx| insert_package(tx, &user, wish, &name, own)).await?;
        if let Some((stored, _)) = copy {
            stored.keep();
        }
        Ok(build)
    };
    tokio::spawn(submitting).await.map_err(|error| Error::internal("handing in a build", error))?
}

/// Adds a build of the package; see [`source_of`] for `own`.
fn insert_package(
    tx: &Connection,
    user: &User,
    mut wish: Wish,
    name: &str,
    own: Option<(SourceSpec, SourceSpec)>,
) -> Result<Build> {
    let project = wish.find_project(tx)?;
    let package = packages::find(tx, &project, name)?;
    wish.timeout = wish.timeout.or(package.timeout.map(i64::from));
    let is_chosen = wish.chroots.as_ref().is_some_and(|chroots| !chroots.is_empty());
    let mut plan = wish.plan(tx, user, project, Mistakes::default())?;
    let source = source_of(tx, &package, own)?;
    if !is_chosen {
        let enabled = project_chroots::enabled_names(tx, plan.project.id)?;
        let excluded: Vec<String> = plan.excluded.iter().map(ToString::to_string).collect();
        plan.chroots = assign::chroots(&enabled, &excluded, &package.chroot_denylist);
    }
    if plan.chroots.is_empty() {
        return Err(Error::invalid("chroots: no chroot is left to build in"));
    }
    first(insert(tx, Some(user.id), &plan, Some(package.id), vec![source])?)
}

/// What a build of the package is made from. One that keeps a file is built from a copy: `own` is
/// what the package had when it was made, and the copy.
pub(super) fn source_of(
    db: &Connection,
    package: &Package,
    own: Option<(SourceSpec, SourceSpec)>,
) -> Result<SourceSpec> {
    match (&package.source, own) {
        // A file that came with a build is that build's, and goes with it.
        (SourceSpec::Upload { dir, .. }, Some((kept, own)))
            if kept == package.source && !builds::has_upload(db, package.id, dir)? =>
        {
            Ok(own)
        }
        // Of a directory, what is left is the source package that was made of it.
        (SourceSpec::Tree(_), Some((kept, own))) if kept == package.source => Ok(own),
        (
            SourceSpec::Unset
            | SourceSpec::Upload { .. }
            | SourceSpec::Tree(_)
            | SourceSpec::RpmUpload { .. },
            _,
        ) => Err(no_source(package)),
        (source, _) => sources::for_build(db, source.clone()),
    }
}

fn no_source(package: &Package) -> Error {
    let why = match &package.source {
        SourceSpec::Upload { file, .. } => format!("; {file} was kept only until it was built"),
        SourceSpec::Tree(tree) => {
            let name = tree.name();
            format!("; the directory {name} is not kept, and no build has made an SRPM of it")
        }
        SourceSpec::RpmUpload { .. } => "; its packages were uploaded ready-made".to_owned(),
        _ => String::new(),
    };
    Error::invalid(format!(
        "Package '{}' doesn't have the default source method set, but it is required for the \
         rebuild request{why}. Edit the package, or hand in its SRPM or spec file again.",
        package.name
    ))
}

/// The newest source package that a build of the package has made.
fn newest_srpm(db: &Connection, package: &Package) -> Result<Option<(Build, String)>> {
    let filter = Filter { package: Some(&package.name), ..Filter::default() };
    let newest = builds::list(db, package.project, filter, Slice::first(RECENT))?;
    let mut made = newest.into_iter().filter_map(|build| Some((build.srpm.clone()?, build)));
    Ok(made.next().map(|(srpm, build)| (build, srpm)))
}

/// The file that a package keeps, for a build of its own, which takes it away in the end. `None`
/// for other packages, and for one whose file is not there any more.
pub(super) async fn copy(
    uploads: PathBuf,
    kept: &SourceSpec,
) -> Result<Option<(Stored, SourceSpec)>> {
    let SourceSpec::Upload { dir, file } = kept else { return Ok(None) };
    copy_file(uploads.clone(), uploads.join(dir).join(file), file.clone()).await
}

/// A file under a second name among the uploads, and the source that has it; `None` where it is not
/// there any more.
pub(super) async fn copy_file(
    uploads: PathBuf,
    from: PathBuf,
    file: String,
) -> Result<Option<(Stored, SourceSpec)>> {
    let beside = uploads.join(format!("{}.link", temporary_name()));
    // A second name costs nothing, whatever the size.
    match tokio::fs::hard_link(&from, &beside).await {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::internal("copying an upload", error)),
    }
    let link = TempPath::try_from_path(beside)
        .map_err(|error| Error::internal("copying an upload", error))?;
    let named = vec![(file.clone(), link)];
    let stored = Stored::take_in(uploads, named).await?;
    let own = SourceSpec::Upload { dir: stored.dir.clone(), file };
    Ok(Some((stored, own)))
}

/// The most packages that are built at one go.
const MOST: usize = 5000;

/// Builds all of a project's packages whose names fit one of the globs, from the sources on record;
/// all of it or none. `respect` keeps each package out of the chroots it is not built in even where
/// the wish names them. The answer is how many builds were made, and which packages have no sources
/// that they could be built from.
pub async fn submit_packages(
    app: &App,
    user: &User,
    wish: Wish,
    patterns: Vec<String>,
    respect: bool,
) -> Result<(usize, Vec<String>)> {
    let user = user.clone();
    app.store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let chosen = chosen(tx, &project, &patterns)?;
            let enabled = project_chroots::enabled_names(tx, project.id)?;
            let (mut made, mut left_out) = (0, Vec::new());
            for package in chosen {
                let source = match source_of(tx, &package, None) {
                    Ok(source) => source,
                    Err(Error::Invalid(_)) => {
                        left_out.push(package.name.to_string());
                        continue;
                    }
                    Err(other) => return Err(other),
                };
                let mut wish = wish.clone();
                wish.timeout = wish.timeout.or(package.timeout.map(i64::from));
                let mut plan = wish.plan(tx, &user, project.clone(), Mistakes::default())?;
                let wanted = if plan.chroots.is_empty() { &enabled } else { &plan.chroots };
                let denied: &[String] = if respect { &package.chroot_denylist } else { &[] };
                let excluded: Vec<String> = plan.excluded.iter().map(ToString::to_string).collect();
                plan.chroots = assign::chroots(wanted, &excluded, denied);
                if plan.chroots.is_empty() {
                    left_out.push(package.name.to_string());
                    continue;
                }
                made += insert(tx, Some(user.id), &plan, Some(package.id), vec![source])?.len();
            }
            Ok::<_, Error>((made, left_out))
        })
        .await
}

/// The packages that fit one of these globs; each glob has to fit one at least.
fn chosen(tx: &Connection, project: &Project, patterns: &[String]) -> Result<Vec<Package>> {
    let mut mistakes = Mistakes::default();
    if patterns.is_empty() {
        mistakes.add("packages", "Choose at least one.");
    }
    let all = package_rows::named(tx, project.id)?;
    for pattern in patterns {
        if !all.iter().any(|(_, name)| glob::fits(pattern, name)) {
            mistakes.add("packages", format!("no package fits '{pattern}'"));
        }
    }
    let fits = |name: &str| patterns.iter().any(|pattern| glob::fits(pattern, name));
    let ids: Vec<PackageId> =
        all.iter().filter(|(_, name)| fits(name)).map(|(id, _)| *id).collect();
    if ids.len() > MOST {
        let why = format!("these are {} packages; at most {MOST} are built at one go", ids.len());
        mistakes.add("packages", why);
    }
    mistakes.none()?;
    Ok(package_rows::these(tx, &ids)?)
}
