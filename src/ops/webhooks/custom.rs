//! Webhooks for one package, whatever its sources are: scripts and CI systems send them.

use super::{check_secret, receive, record};
use crate::model::delivery::{Arrival, Line};
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::model::{BuildId, DeliveryId};
use crate::ops::builds::{self, Hooked, Place};
use crate::ops::{self, App, Error, packages, projects};
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

/// What is to be built, and what shows that it may be.
#[derive(Clone)]
struct Ask {
    target: Target,
    package: Option<String>,
    /// `None`: it was shown already.
    secret: Option<String>,
}

impl From<Hook> for Ask {
    fn from(hook: Hook) -> Ask {
        Ask { target: hook.target, package: hook.package, secret: Some(hook.secret) }
    }
}

struct Found {
    project: Project,
    package: Package,
    place: Place,
}

/// Whether a build would be looked at: project, secret, package and directory are right.
pub async fn check(app: &App, hook: Hook) -> Result<(), Refusal> {
    let ask = Ask::from(hook);
    app.store.read(move |db| find(db, &ask).map(drop)).await
}

/// Hands in a build of the package, and notes it. The payload is for the package's script.
pub async fn build(app: &App, hook: Hook, arrival: Arrival) -> Result<BuildId, Refusal> {
    take_in(app, hook.into(), arrival).await?.1
}

/// Takes in what was taken in before.
pub(super) async fn again(
    app: &App,
    project: &Project,
    arrival: Arrival,
) -> ops::Result<DeliveryId> {
    let target = match arrival.dir.clone() {
        Some(dir) => Target::Dir { owner: project.owner.to_string(), dir },
        None => Target::Project(project.id.to_string()),
    };
    let ask = Ask { target, package: arrival.package.clone(), secret: None };
    match take_in(app, ask, arrival).await {
        Ok((id, _)) => Ok(id),
        Err(Refusal::Failed(error)) => Err(error),
        Err(refusal) => {
            Err(Error::Conflict(format!("What it was for is no longer there: {refusal}.")))
        }
    }
}

/// Hands in a build if that can be, and notes either.
async fn take_in(
    app: &App,
    hook: Ask,
    arrival: Arrival,
) -> Result<(DeliveryId, Result<BuildId, Refusal>), Refusal> {
    let app = app.clone();
    // A task of its own: a client that hangs up must not leave a build without its files.
    let building = async move {
        let kept = {
            let hook = hook.clone();
            app.store.read(move |db| Ok::<_, Refusal>(find(db, &hook)?.package.source)).await?
        };
        let files = builds::copy_for(&app, &kept, arrival.payload.clone()).await?;
        let own = files.as_ref().map(|(_, own)| (kept, own.clone()));
        let made = app.store.write(move |tx| insert(tx, &hook, &arrival, own)).await?;
        if let Some((stored, _)) = files
            && made.1.is_ok()
        {
            stored.keep();
        }
        Ok(made)
    };
    let built = tokio::spawn(building).await;
    built.map_err(|error| Error::internal("handing in a build", error))?
}

/// Copr's order: a directory's address names the package before the secret is looked at.
fn find(db: &Connection, hook: &Ask) -> Result<Found, Refusal> {
    let missing = |error| match error {
        Error::NotFound(_) => Refusal::ProjectNotFound,
        other => Refusal::Failed(other),
    };
    let secret = |project: &Project| {
        let Some(secret) = &hook.secret else { return Ok(()) };
        check_secret(db, project.id, secret).map_err(|error| match error {
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
    hook: &Ask,
    arrival: &Arrival,
    own: Option<(SourceSpec, SourceSpec)>,
) -> Result<(DeliveryId, Result<BuildId, Refusal>), Refusal> {
    let Found { project, package, place } = find(tx, hook)?;
    let name = &package.name;
    let refuse = |why: String, refusal| {
        let id = record(tx, project.id, arrival, &[Line::left(name, why)], &[])?;
        Ok((id, Err(refusal)))
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
    let line = Line::built(name, build.id);
    let id = record(tx, project.id, arrival, &[line], &[build.id])?;
    Ok((id, Ok(build.id)))
}
