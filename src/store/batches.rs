//! Sets of builds. Builds of a blocked set wait until every build of the other is finished.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::model::{BatchId, BuildId, ProjectId};

/// Makes a set, which waits for `blocked_by` if that is given.
pub fn insert(db: &Connection, blocked_by: Option<BatchId>) -> Result<BatchId> {
    db.prepare_cached("INSERT INTO batches (blocked_by) VALUES (?1)")?.execute([blocked_by])?;
    Ok(BatchId(db.last_insert_rowid()))
}

/// Puts a build into a set.
pub fn assign(db: &Connection, build: BuildId, batch: BatchId) -> Result<()> {
    db.prepare_cached("UPDATE builds SET batch_id = ?2 WHERE id = ?1")?
        .execute(params![build, batch])?;
    Ok(())
}

/// Whether every build of a set is finished.
pub fn is_finished(db: &Connection, batch: BatchId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT NOT EXISTS (
                 SELECT 1 FROM builds WHERE batch_id = ?1
                     AND state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
             )",
        )?
        .query_row([batch], |row| row.get(0))?)
}

/// The projects that have builds in a set.
pub fn projects(db: &Connection, batch: BatchId) -> Result<Vec<ProjectId>> {
    db.prepare_cached("SELECT DISTINCT project_id FROM builds WHERE batch_id = ?1 LIMIT 10000")?
        .query_map([batch], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The set that a set waits for, if any; `None` for a set that there is not.
pub fn blocked_by(db: &Connection, batch: BatchId) -> Result<Option<Option<BatchId>>> {
    Ok(db
        .prepare_cached("SELECT blocked_by FROM batches WHERE id = ?1")?
        .query_row([batch], |row| row.get(0))
        .optional()?)
}

/// The sets that wait for a set.
pub fn waiting_for(db: &Connection, batch: BatchId) -> Result<Vec<BatchId>> {
    db.prepare_cached("SELECT id FROM batches WHERE blocked_by = ?1 LIMIT 100")?
        .query_map([batch], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The first builds of a set.
pub fn builds(db: &Connection, batch: BatchId, limit: u32) -> Result<Vec<BuildId>> {
    db.prepare_cached("SELECT id FROM builds WHERE batch_id = ?1 ORDER BY id LIMIT ?2")?
        .query_map(params![batch, limit], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// What a set of builds is to one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectBatch {
    /// Its number.
    pub id: BatchId,
    /// The set that it waits for.
    pub blocked_by: Option<BatchId>,
    /// How many of its builds are in the project.
    pub builds: u32,
    /// How many of these are unfinished.
    pub open: u32,
}

/// The sets that a project has builds in, the newest first.
pub fn of_project(db: &Connection, project: ProjectId, limit: u32) -> Result<Vec<ProjectBatch>> {
    db.prepare_cached(
        "SELECT b.batch_id, a.blocked_by, count(*), count(*) FILTER (
             WHERE b.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled'))
         FROM builds b INDEXED BY builds_by_project_batch JOIN batches a ON a.id = b.batch_id
         WHERE b.project_id = ?1 AND b.batch_id IS NOT NULL
         GROUP BY b.batch_id ORDER BY b.batch_id DESC LIMIT ?2",
    )?
    .query_map(params![project, limit], |row| {
        Ok(ProjectBatch {
            id: row.get(0)?,
            blocked_by: row.get(1)?,
            builds: row.get(2)?,
            open: row.get(3)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}
