//! What projects hold on the disk.
//!
//! Nobody waits for it: it is counted in the background, one project at a time, after something of
//! it has changed, and no more than a twentieth of the time is spent on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{App, Error, Result};
use crate::clock::Timestamp;
use crate::model::ProjectId;
use crate::runner::disk;
use crate::store::sizes::{self, Size};
use crate::store::{Connection, projects};

/// How long after the last round the next one begins.
const PAUSE: Duration = Duration::from_mins(10);
/// How long after the server's start the first one does.
const SOON: Duration = Duration::from_secs(20);
/// For each second of work this many of rest.
const REST: u32 = 19;

/// Counts what has changed, again and again until the token fires.
pub async fn run(app: App, stop: CancellationToken) {
    let (mut after, mut pause) = (ProjectId(0), SOON);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let begin = Instant::now();
        (after, pause) = match measure_next(&app, after).await {
            Ok(Some(project)) => (project, begin.elapsed() * REST),
            Ok(None) => (ProjectId(0), PAUSE),
            Err(error) => {
                tracing::warn!(%error, "cannot tell what projects hold on the disk");
                (ProjectId(0), PAUSE)
            }
        };
    }
}

/// Counts one project that has changed, the next after this one; `None` when there is none.
pub async fn measure_next(app: &App, after: ProjectId) -> Result<Option<ProjectId>> {
    let Some(project) = app.store.read(move |db| sizes::next_stale(db, after)).await? else {
        return Ok(None);
    };
    app.store.write(move |tx| sizes::begin(tx, project)).await?;
    let layout = app.layout();
    let dirs = move |db: &Connection| {
        let Some(found) = projects::get(db, project)? else { return Ok(Vec::new()) };
        let dirs = projects::dirs(db, project)?;
        let path = |dir: &crate::model::project::Dir| layout.dir(&found.owner, &dir.name);
        Ok::<Vec<PathBuf>, Error>(dirs.iter().map(path).collect())
    };
    let dirs = app.store.read(dirs).await?;
    let count = move || dirs.iter().map(|dir| size(dir)).fold((0, 0), add);
    let (bytes, files) = tokio::task::spawn_blocking(count)
        .await
        .map_err(|error| Error::internal("counting what a project holds", error))?;
    let now = Timestamp::now();
    app.store.write(move |tx| sizes::set(tx, project, bytes, files, now)).await?;
    Ok(Some(project))
}

fn add(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    (one.0 + other.0, one.1 + other.1)
}

/// Bytes and files below a directory. What goes while it is looked at is not counted.
fn size(dir: &Path) -> (u64, u64) {
    let (mut bytes, mut files) = (0, 0);
    let mut rest = vec![dir.to_owned()];
    while let Some(dir) = rest.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(known) if known.is_dir() => rest.push(entry.path()),
                Ok(known) => {
                    bytes += known.len();
                    files += 1;
                }
                Err(_) => {}
            }
        }
    }
    (bytes, files)
}

/// The disk at a glance.
pub struct DiskUse {
    /// The projects that hold most.
    pub largest: Vec<Size>,
    /// What all projects hold: bytes and files.
    pub total: (u64, u64),
    /// How much room is left.
    pub free: u64,
}

/// Reads what was counted.
pub async fn look(app: &App) -> Result<DiskUse> {
    let (largest, total) =
        app.store.read(|db| Ok::<_, Error>((sizes::largest(db, 100)?, sizes::total(db)?))).await?;
    let free = disk::free(&app.config.data_dir)
        .map_err(|error| Error::internal("asking how much room is left", error))?;
    Ok(DiskUse { largest, total, free })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_holds_what_is_below_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/c"), "12345").unwrap();
        fs::write(dir.path().join("d"), "1").unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a/root")).unwrap();
        let (bytes, files) = size(dir.path());
        assert_eq!(files, 3, "the link is one file, and not followed");
        assert!((6..100).contains(&bytes), "{bytes}");
        assert_eq!(size(&dir.path().join("nothing")), (0, 0));
    }
}
