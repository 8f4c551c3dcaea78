//! Deleting a project.
//!
//! Its rows go at once, its files in steps that a crash may interrupt anywhere. First the rows are
//! deleted together with a queued [`Tidy`] that names the files where they are, held back from the
//! engine. Then the files are moved into the trash, and the Tidy is let go with their new names.
//! No project of the same name is made while a Tidy has the old ones, so they never mean another
//! project's files; recovery runs every Tidy, held or not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::create::settled;
use super::{Shown, find, results_path};
use crate::clock::Timestamp;
use crate::model::job::Tidy;
use crate::model::project::{Dir, Project};
use crate::model::user::User;
use crate::model::{JobId, ProjectId};
use crate::ops::authorise::{Action, authorise};
use crate::ops::{App, Error, Result};
use crate::store::{Connection, builds, forks, jobs, packages, projects};

/// How long the engine leaves a Tidy alone whose files are being moved.
const HELD: Duration = Duration::from_hours(1);

/// How long builds that were canceled may take to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Deletes a project with all its builds; the answer is what it was.
pub async fn delete(app: &App, user: &User, owner: &str, name: &str) -> Result<Shown> {
    let (user, owner, name) = (user.clone(), owner.to_owned(), name.to_owned());
    let asked = {
        let (user, owner, name) = (user.clone(), owner.clone(), name.clone());
        app.store.read(move |db| check(db, &user, &owner, &name)).await?
    };
    stop_leftovers(app, asked.id).await?;
    take_down(app, move |tx| check(tx, &user, &owner, &name)).await
}

/// Deletes a temporary project whose time is over; `false` when it has to wait, for a build or
/// because its time is not over after all.
pub(in crate::ops) async fn expire(app: &App, id: ProjectId, now: Timestamp) -> Result<bool> {
    let check = move |db: &Connection| {
        let project = projects::get(db, id)?.filter(|project| {
            !project.persistent && project.delete_after.is_some_and(|end| end <= now)
        });
        match project {
            Some(project) if builds::unfinished(db, id)?.is_empty() => Ok(project),
            _ => Err(Error::Conflict("the project cannot go yet".to_owned())),
        }
    };
    let outcome = match stop_leftovers(app, id).await {
        Ok(()) => take_down(app, check).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(true),
        Err(Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes the project that `check` names when it is asked for the last time.
async fn take_down(
    app: &App,
    check: impl FnOnce(&Connection) -> Result<Project> + Send + 'static,
) -> Result<Shown> {
    let app = app.clone();
    // A task of its own: a client that hangs up must not stop it half-way.
    let removal = async move {
        let _names = settled().await;
        let removal = app.store.write(move |tx| delete_rows(tx, check(tx)?)).await?;
        let moved = move_to_trash(&app, removal.shown.project.id, removal.files).await;
        forget_uploads(&app, removal.uploads).await;
        let (job, tidy) = (removal.job, Tidy { repos: Vec::new(), remove: moved });
        app.store.write(move |tx| jobs::release_tidy(tx, job, &tidy)).await?;
        Ok(removal.shown)
    };
    tokio::spawn(removal).await.map_err(|error| Error::internal("deleting a project", error))?
}

/// Whether `user` may delete the project now.
fn check(db: &Connection, user: &User, owner: &str, name: &str) -> Result<Project> {
    let project = find(db, owner, name)?;
    authorise(db, user, Action::DeleteProject(&project))?;
    let unfinished = builds::unfinished(db, project.id)?;
    if !unfinished.is_empty() {
        return Err(Error::unfinished(&unfinished));
    }
    Ok(project)
}

/// A canceled build counts as finished while its processes are still being stopped. They must not
/// write into a tree that is being moved.
async fn stop_leftovers(app: &App, project: ProjectId) -> Result<()> {
    let running = || app.store.read(move |db| jobs::running_in(db, project));
    let leftovers = running().await?;
    if leftovers.is_empty() {
        return Ok(());
    }
    app.runner.cancel(&leftovers);
    let is_done = || async { running().await.is_ok_and(|left| left.is_empty()) };
    app.runner.wait_until(PATIENCE, is_done).await;
    if running().await?.is_empty() {
        return Ok(());
    }
    Err(still_stopping())
}

fn still_stopping() -> Error {
    Error::Conflict("A canceled build is still being stopped. Try again in a minute.".to_owned())
}

/// A project whose rows are gone.
struct Removal {
    shown: Shown,
    files: Vec<String>,
    /// Directories of files that its packages kept, and no package of a fork keeps.
    uploads: Vec<String>,
    job: JobId,
}

fn delete_rows(tx: &Connection, project: Project) -> Result<Removal> {
    let shown = Shown::new(tx, project)?;
    let project = &shown.project;
    if !jobs::running_in(tx, project.id)?.is_empty() {
        return Err(still_stopping());
    }
    if let Some(taker) = forks::taker_of(tx, project.id)? {
        let fork = projects::get(tx, taker)?.map_or_else(String::new, |fork| fork.full_name());
        return Err(Error::Conflict(format!(
            "The builds of {} are being copied into the fork {fork}. Try again when that is done.",
            project.full_name()
        )));
    }
    let dirs = projects::dirs(tx, project.id)?;
    let files: Vec<String> =
        dirs.iter().map(|Dir { name, .. }| results_path(&project.owner, name)).collect();
    let tidy = Tidy { repos: Vec::new(), remove: files.clone() };
    let job = jobs::hold_tidy(tx, &tidy, Timestamp::now().after(HELD))?;
    let mut uploads = Vec::new();
    let kept = packages::uploads_in(tx, project.id)?;
    projects::delete(tx, project.id)?;
    for dir in kept {
        if !packages::keeps(tx, &dir)? {
            uploads.push(dir);
        }
    }
    Ok(Removal { shown, files, uploads, job })
}

/// Removes the files that packages kept to be built from. What is left, the next start clears away.
async fn forget_uploads(app: &App, dirs: Vec<String>) {
    for dir in dirs {
        let _ = tokio::fs::remove_dir_all(app.layout().uploads().join(dir)).await;
    }
}

/// Moves a project's directories and its key into the trash; the answer is where they are now.
async fn move_to_trash(app: &App, project: ProjectId, files: Vec<String>) -> Vec<String> {
    let layout = app.layout();
    let (data_dir, trash, key) =
        (layout.data_dir().to_owned(), layout.trash(), layout.key(project));
    let moves = move || {
        let mut sources: Vec<PathBuf> = files.iter().map(|file| data_dir.join(file)).collect();
        sources.push(key);
        let mut moved = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let name = format!("{project}-{number}");
            match rename_into(source, &trash, &name) {
                Ok(true) => moved.push(format!("trash/{name}")),
                Ok(false) => {}
                // Left in place: a project of the same name may take the directory over, and lives
                // well with what it finds there. Deleting it later might hit that project's files.
                Err(error) => tracing::error!(%error, "{} stays on the disk", source.display()),
            }
        }
        moved
    };
    tokio::task::spawn_blocking(moves).await.unwrap_or_default()
}

/// Whether there was anything to move.
fn rename_into(source: &Path, trash: &Path, name: &str) -> std::io::Result<bool> {
    std::fs::create_dir_all(trash)?;
    match std::fs::rename(source, trash.join(name)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
