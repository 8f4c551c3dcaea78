//! What the pages of sets of builds show.

use crate::model::build::Build;
use crate::model::user::User;
use crate::model::{BatchId, Owner, ProjectName};
use crate::ops::pages::ProjectHead;
use crate::ops::{Error, Result, settings};
use crate::store::batches::ProjectBatch;
use crate::store::{Connection, batches, builds};

/// How many builds of a set are shown.
const SHOWN_OF_BATCH: u32 = 500;
/// How many sets of a project are shown.
const SHOWN_OF_PROJECT: u32 = 100;
/// How many sets that wait for each other are shown.
const LONGEST_CHAIN: usize = 20;

/// A set of builds.
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Its builds.
    pub builds: Vec<Build>,
    /// All of them are finished.
    pub is_finished: bool,
}

/// A set of builds, those that it waits for, and those that wait for it.
pub struct BatchDetail {
    /// The sets that are waited for, the first to be built first; the last is the one asked for.
    pub chain: Vec<Batch>,
    /// The sets that wait for it.
    pub waiting: Vec<Batch>,
}

fn batch(db: &Connection, id: BatchId) -> Result<Batch> {
    let ids = batches::builds(db, id, SHOWN_OF_BATCH)?;
    Ok(Batch { id, builds: builds::these(db, &ids)?, is_finished: batches::is_finished(db, id)? })
}

/// Reads a set of builds.
pub fn batch_detail(db: &Connection, id: BatchId) -> Result<BatchDetail> {
    let missing = || Error::NotFound(format!("There is no batch {id} on this server."));
    let mut next = batches::blocked_by(db, id)?.ok_or_else(missing)?;
    let mut chain = vec![batch(db, id)?];
    while let Some(before) = next.filter(|_| chain.len() < LONGEST_CHAIN) {
        next = batches::blocked_by(db, before)?.flatten();
        chain.push(batch(db, before)?);
    }
    chain.reverse();
    let waiting = batches::waiting_for(db, id)?;
    let waiting: Result<Vec<Batch>> = waiting.into_iter().map(|id| batch(db, id)).collect();
    Ok(BatchDetail { chain, waiting: waiting? })
}

/// Reads the newest sets of a project, for those who may change its settings.
pub fn of_project(
    db: &Connection,
    user: &User,
    owner: &Owner,
    name: &ProjectName,
) -> Result<(ProjectHead, Vec<ProjectBatch>)> {
    let head = settings::open(db, user, owner, name)?;
    let found = batches::of_project(db, head.project.id, SHOWN_OF_PROJECT)?;
    Ok((head, found))
}
