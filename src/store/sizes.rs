//! How much projects hold on the disk. Triggers of the schema mark what may have changed.

use rusqlite::{Connection, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::{Owner, ProjectId, ProjectName};

/// What a project holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub project: ProjectName,
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// When that was so; `None` before the first look.
    pub measured_on: Option<Timestamp>,
}

/// A project that is to be looked at again, after the one with this number.
pub fn next_stale(db: &Connection, after: ProjectId) -> Result<Option<ProjectId>> {
    Ok(db
        .prepare_cached(
            "SELECT min(project_id) FROM project_sizes WHERE stale = 1 AND project_id > ?1",
        )?
        .query_row([after], |row| row.get(0))?)
}

/// Says that a project is being looked at: what changes from now on marks it anew.
pub fn begin(db: &Connection, project: ProjectId) -> Result<()> {
    db.prepare_cached("UPDATE project_sizes SET stale = 0 WHERE project_id = ?1")?
        .execute([project])?;
    Ok(())
}

/// Notes what a project holds.
pub fn set(
    db: &Connection,
    project: ProjectId,
    bytes: u64,
    files: u64,
    now: Timestamp,
) -> Result<()> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    db.prepare_cached(
        "UPDATE project_sizes SET bytes = ?2, files = ?3, measured_on = ?4 WHERE project_id = ?1",
    )?
    .execute(params![project, number(bytes), number(files), now])?;
    Ok(())
}

/// The projects that hold most.
pub fn largest(db: &Connection, limit: u32) -> Result<Vec<Size>> {
    db.prepare_cached(
        "SELECT p.owner, p.name, s.bytes, s.files, s.measured_on
         FROM project_sizes s JOIN projects p ON p.id = s.project_id
         WHERE s.bytes > 0 ORDER BY s.bytes DESC LIMIT ?1",
    )?
    .query_map([limit], |row| {
        Ok(Size {
            owner: row.get(0)?,
            project: row.get(1)?,
            bytes: row.get::<_, i64>(2)?.unsigned_abs(),
            files: row.get::<_, i64>(3)?.unsigned_abs(),
            measured_on: row.get(4)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// What all projects hold: bytes and files.
pub fn total(db: &Connection) -> Result<(u64, u64)> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(sum(bytes), 0), coalesce(sum(files), 0) FROM project_sizes
             WHERE bytes > 0",
        )?
        .query_row([], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs()))
        })?)
}
