//! After a crash: processes, scratch directories and forgotten uploads go, interrupted work returns
//! to the queue.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use super::engine::EngineError;
use super::record;
use super::worker::{self, Workshop};
use crate::clock::Timestamp;
use crate::model::job::{Job, Work};
use crate::model::{ChrootState, SourceState};
use crate::process;
use crate::repo;
use crate::store::{Connection, StoreError, builds, jobs, packages};

/// Ends what an earlier server has left running, clears its scratch space, and puts its jobs back.
pub(super) async fn recover(shop: &Workshop) -> Result<(), EngineError> {
    let data_dir = shop.layout.data_dir().to_owned();
    let killed = tokio::task::spawn_blocking(move || process::kill_marked(&data_dir))
        .await
        .map_err(StoreError::from)?;
    if killed > 0 {
        tracing::warn!(killed, "ended processes of an earlier server");
    }
    clear_remains(shop);
    // Before the scratch space goes, which tells where the homes of gpg are.
    if let Err(error) = repo::sign::sweep(&shop.layout) {
        tracing::warn!(%error, "cannot remove half-made keys");
    }
    let kept = shop.store.write(|db| put_all_back(db)).await?;
    let mut uploads: HashSet<String> =
        shop.store.read(builds::uploads).await?.into_iter().collect();
    uploads.extend(shop.store.read(packages::uploads).await?);
    for (dir, kept) in [(shop.layout.work(), kept), (shop.layout.uploads(), uploads)] {
        clear(&dir, &kept).map_err(|error| EngineError::Disk(dir.clone(), error))?;
    }
    Ok(())
}

/// Lets the builders remove what interrupted builds have left elsewhere on the machine.
fn clear_remains(shop: &Workshop) {
    for entry in fs::read_dir(shop.layout.work()).into_iter().flatten().flatten() {
        let dir = worker::builder_dir(&entry.path());
        for builder in [&shop.builders.mock, &shop.builders.sandbox] {
            builder.clear_remains(&dir);
        }
    }
}

/// Puts every running job back; the names of the scratch directories that are still needed.
fn put_all_back(db: &Connection) -> Result<HashSet<String>, StoreError> {
    let mut kept = HashSet::new();
    for job in jobs::running(db)? {
        if job.attempt >= worker::ATTEMPTS {
            give_up(db, &job)?;
            continue;
        }
        tracing::info!(job = %job.id, "an interrupted job goes back into the queue");
        record::put_back(db, job.id, &job.work, Timestamp(0))?;
    }
    jobs::release_all(db)?;
    for id in jobs::publishing(db)? {
        kept.insert(id.to_string());
    }
    Ok(kept)
}

/// A job that was begun several times and never ended: something about it ends the server.
fn give_up(db: &Connection, job: &Job) -> Result<(), StoreError> {
    let why = "the server ended several times while it worked on this";
    tracing::error!(job = %job.id, why, "an interrupted job is given up");
    match &job.work {
        Work::Source(build) => record::source_failed(db, job.id, *build, SourceState::Failed, why),
        Work::Chroot { chroot, .. } => {
            record::chroot_ended(db, job.id, *chroot, ChrootState::Failed, why)
        }
        // The repository must come to be what the tables say, however often it takes.
        Work::Tidy(_) => record::put_back(db, job.id, &job.work, Timestamp(0)),
    }
}

/// Makes a directory, empty but for what is still needed.
fn clear(dir: &Path, kept: &HashSet<String>) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if kept.contains(entry.file_name().to_string_lossy().as_ref()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
