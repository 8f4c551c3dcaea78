//! Webhooks for one package, whatever its sources are: scripts and CI systems send them.

use super::{check_secret, receive, record};
use crate::model::BuildId;
use crate::model::delivery::Letter;
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::ops::builds::{self, Hooked, Place};
use crate::ops::{App, Error, packages, projects};
use crate::store::{Connection, StoreError, project_chroots};

/// What the address of a request says.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Where to build.
    pub target: Target,
    /// The project's secret, they say.
    pub secret: String,
    /// What to build.
    pub package: Option<String>,
}

/// Where a webhook builds.
#[derive(Clone, Debug)]
pub enum Target {
    /// In the main directory of the project with this number.
    Project(String),
    /// In a directory of an owner's project.
    Dir {
        /// The owner.
        owner: String,
        /// The directory.
        dir: String,
    },
}

/// Why nothing was built, in the words that scripts look for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such project.
    #[error("PROJECT_NOT_FOUND")]
    ProjectNotFound,
    /// The secret is wrong.
    #[error("BAD_UUID")]
    BadUuid,
    /// The address ends before the package.
    #[error("PACKAGE_NAME_REQUIRED")]
    PackageNameRequired,
    /// There is no such package.
    #[error("PACKAGE_NOT_FOUND")]
    PackageNotFound,
    /// There is no such directory, and it cannot be made.
    #[error("CANT_CREATE_DIRECTORY")]
    CantCreateDirectory,
    /// There is nothing to build in.
    #[error("NO_ACTIVE_CHROOTS_IN_PROJECT")]
    NoActiveChroots,
    /// The package has nothing to be built from, or nowhere.
    #[error("BUILD_REQUEST_ERROR")]
    BuildRequest,
    /// The server is to blame.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::Failed(error.into())
    }
}

struct Found {
    project: Project,
    package: Package,
    place: Place,
}

/// Whether a build would be looked at: project, secret, package and directory are right.
pub async fn check(app: &App, hook: Hook) -> Result<(), Refusal> {
    app.store.read(move |db| find(db, &hook).map(drop)).await
}

/// Hands in a build of the package, and notes it. `payload` is for the package's script.
pub async fn build(
    app: &App,
    hook: Hook,
    letter: Letter,
    payload: Vec<u8>,
) -> Result<BuildId, Refusal> {
    let app = app.clone();
    // A task of its own: a client that hangs up must not leave a build without its files.
    let building = async move {
        let kept = {
            let hook = hook.clone();
            app.store.read(move |db| Ok::<_, Refusal>(find(db, &hook)?.package.source)).await?
        };
        let files = builds::copy_for(&app, &kept, payload).await?;
        let own = files.as_ref().map(|(_, own)| (kept, own.clone()));
        let made = app.store.write(move |tx| insert(tx, &hook, letter, own)).await??;
        if let Some((stored, _)) = files {
            stored.keep();
        }
        Ok(made)
    };
    let built = tokio::spawn(building).await;
    built.map_err(|error| Error::internal("handing in a build", error))?
}

/// Copr's order: a directory's address names the package before the secret is looked at.
fn find(db: &Connection, hook: &Hook) -> Result<Found, Refusal> {
    let missing = |error| match error {
        Error::NotFound(_) => Refusal::ProjectNotFound,
        other => Refusal::Failed(other),
    };
    let secret = |project: &Project| {
        check_secret(db, project.id, &hook.secret).map_err(|error| match error {
            Error::Denied(_) => Refusal::BadUuid,
            other => Refusal::Failed(other),
        })
    };
    let package = |project: &Project| {
        let name = hook.package.as_deref().ok_or(Refusal::PackageNameRequired)?;
        packages::find(db, project, name).map_err(|error| match error {
            Error::NotFound(_) => Refusal::PackageNotFound,
            other => Refusal::Failed(other),
        })
    };
    match &hook.target {
        Target::Project(id) => {
            let project = receive::find(db, id).map_err(missing)?;
            secret(&project)?;
            let package = package(&project)?;
            let place = builds::place(db, &project, None)?;
            Ok(Found { project, package, place })
        }
        Target::Dir { owner, dir } => {
            let name = dir.split(':').next().unwrap_or_default();
            let project = projects::find(db, owner, name).map_err(missing)?;
            let package = package(&project)?;
            secret(&project)?;
            let place = builds::place(db, &project, Some(dir)).map_err(|error| match error {
                Error::Invalid(_) => Refusal::CantCreateDirectory,
                other => Refusal::Failed(other),
            })?;
            Ok(Found { project, package, place })
        }
    }
}

/// The build, or why there is none; either is noted.
fn insert(
    tx: &Connection,
    hook: &Hook,
    letter: Letter,
    own: Option<(SourceSpec, SourceSpec)>,
) -> Result<Result<BuildId, Refusal>, Refusal> {
    let Found { project, package, place } = find(tx, hook)?;
    let name = &package.name;
    let refuse = |why: String, refusal| {
        record(tx, project.id, letter.clone(), &[format!("{name}: not built, {why}")], Vec::new())?;
        Ok(Err(refusal))
    };
    if project_chroots::enabled_names(tx, project.id)?.is_empty() {
        let why = "the project has no active chroots".to_owned();
        return refuse(why, Refusal::NoActiveChroots);
    }
    let source = match builds::source_for(tx, &package, own) {
        Ok(source) => source,
        Err(Error::Invalid(lines)) => return refuse(lines.join(" "), Refusal::BuildRequest),
        Err(other) => return Err(other.into()),
    };
    let new = Hooked { project: &project, package: &package, place, source };
    let Some(build) = builds::hand_in(tx, new)? else {
        return refuse("its denylist leaves it no chroot".to_owned(), Refusal::BuildRequest);
    };
    let line = format!("{name}: build {}", build.id);
    record(tx, project.id, letter, &[line], vec![build.id])?;
    Ok(Ok(build.id))
}
