//! Building a package from the source on record.

use std::io;
use std::path::PathBuf;

use tempfile::TempPath;

use super::options::Wish;
use super::stored::{Stored, temporary_name};
use super::submit::{first, insert};
use crate::model::assign;
use crate::model::build::Build;
use crate::model::package::Package;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::ops::{App, Error, Mistakes, Result, packages, sources};
use crate::store::{Connection, builds, project_chroots};

/// Builds a package from the source on record. As the package is known, so are its chroots.
pub async fn submit_package(
    app: &App,
    user: &User,
    wish: Wish,
    package: Option<String>,
) -> Result<Build> {
    let name = package.unwrap_or_default();
    let kept = {
        let (wish, name) = (wish.clone(), name.clone());
        let find = move |db: &_| packages::find(db, &wish.find_project(db)?, &name);
        app.store.read(find).await?.source
    };
    let (app, user) = (app.clone(), user.clone());
    // A task of its own: a client that hangs up must not leave a build without its file.
    let submitting = async move {
        let copy = copy(app.layout().uploads(), &kept).await?;
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
            format!("; the directory {} was kept only until it was built", tree.name())
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

/// The file that a package keeps, for a build of its own, which takes it away in the end. `None`
/// for other packages, and for one whose file is not there any more.
pub(super) async fn copy(
    uploads: PathBuf,
    kept: &SourceSpec,
) -> Result<Option<(Stored, SourceSpec)>> {
    let SourceSpec::Upload { dir, file } = kept else { return Ok(None) };
    let (from, file) = (uploads.join(dir).join(file), file.clone());
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
