//! Handing a build in once more.

use super::options::Wish;
use super::stored::Stored;
use super::submit::{first, insert};
use super::{find, rebuild};
use crate::model::build::Build;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{BuildId, ChrootState};
use crate::ops::pages::BuildDetail;
use crate::ops::{App, Error, Mistakes, Result, sources};
use crate::store::{Connection, packages};

/// The names of the chroots in which a build is worth trying again: those that failed, were
/// stopped or never began.
pub fn unbuilt(detail: &BuildDetail, enabled: &[String]) -> Vec<String> {
    let is_done = |name: &String| {
        let part = detail.parts.iter().find(|part| part.chroot.name.as_str() == name);
        part.is_some_and(|part| {
            part.chroot.state.is_published() || part.chroot.state == ChrootState::Skipped
        })
    };
    enabled.iter().filter(|name| !is_done(name)).cloned().collect()
}

/// Reads a build that is to be handed in again, which has to be one of this project.
pub(super) fn original(db: &Connection, wish: &Wish, id: BuildId) -> Result<Build> {
    let (project, build) = (wish.find_project(db)?, find(db, id)?);
    if build.project_id != project.id {
        let name = project.full_name();
        return Err(Error::NotFound(format!("Build {id} is not one of {name}.")));
    }
    Ok(build)
}

/// Hands a build in once more, from the same sources. One of a file that was uploaded is made from
/// its source package.
pub async fn repeat(app: &App, user: &User, wish: Wish, id: BuildId) -> Result<Build> {
    let asked = wish.clone();
    let caller = user.clone();
    let look = move |db: &_| {
        let (project, build) = (asked.find_project(db)?, original(db, &asked, id)?);
        // Before the disk is touched for somebody who may not.
        asked.plan(db, &caller, project, Mistakes::default())?;
        Ok::<_, Error>(build)
    };
    let build = app.store.read(look).await?;
    let (app, user) = (app.clone(), user.clone());
    // A task of its own: a client that hangs up must not leave a build without its file.
    let submitting = async move {
        let copy = copy(&app, &build).await?;
        let source = match &copy {
            Some((_, source)) => source.clone(),
            None => again(&build)?,
        };
        let made = app.store.write(move |tx| add(tx, &user, wish, &build, source)).await?;
        if let Some((stored, _)) = copy {
            stored.keep();
        }
        Ok(made)
    };
    tokio::spawn(submitting).await.map_err(|error| Error::internal("handing in a build", error))?
}

/// The source package of a build that came as a file, as an upload of the next one.
async fn copy(app: &App, build: &Build) -> Result<Option<(Stored, SourceSpec)>> {
    let (SourceSpec::Upload { .. } | SourceSpec::Tree(_), Some(srpm)) =
        (&build.source, &build.srpm)
    else {
        return Ok(None);
    };
    let layout = app.layout();
    let from = layout.source(&build.owner, &build.dir, build.id).join(srpm);
    rebuild::copy_file(layout.uploads(), from, srpm.clone()).await
}

/// The sources of a build that can be fetched or made again.
fn again(build: &Build) -> Result<SourceSpec> {
    let id = build.id;
    match &build.source {
        SourceSpec::Upload { .. } | SourceSpec::Tree(_) | SourceSpec::Unset => {
            Err(Error::Conflict(format!(
                "The source package of build {id} is not there any more. Hand it in again."
            )))
        }
        SourceSpec::RpmUpload { .. } => Err(Error::Conflict(format!(
            "The packages of build {id} were made elsewhere. Upload them again."
        ))),
        SourceSpec::Custom(custom) => {
            // What a webhook brought along went with the first build.
            let mut custom = custom.clone();
            custom.hook = None;
            Ok(SourceSpec::Custom(custom))
        }
        source => Ok(source.clone()),
    }
}

fn add(
    tx: &Connection,
    user: &User,
    wish: Wish,
    build: &Build,
    source: SourceSpec,
) -> Result<Build> {
    let project = wish.find_project(tx)?;
    let package = match &build.package {
        Some(name) => packages::find(tx, project.id, name)?.map(|package| package.id),
        None => None,
    };
    let source = sources::for_build(tx, source)?;
    let plan = wish.plan(tx, user, project, Mistakes::default())?;
    first(insert(tx, Some(user.id), &plan, package, vec![source])?)
}
