//! Projects that users and groups put in front of their others.

use rusqlite::{Connection, params};

use super::Result;
use crate::model::{Owner, ProjectId, UserId};

/// What an owner has put in front, in order.
pub fn of(db: &Connection, owner: &Owner) -> Result<Vec<ProjectId>> {
    db.prepare_cached("SELECT project_id FROM pins WHERE owner = ?1 ORDER BY place LIMIT 100")?
        .query_map([owner], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// Puts these in front, in this order, instead of others.
pub fn set(db: &Connection, owner: &Owner, projects: &[ProjectId]) -> Result<()> {
    db.prepare_cached("DELETE FROM pins WHERE owner = ?1")?.execute([owner])?;
    let mut insert =
        db.prepare_cached("INSERT INTO pins (owner, place, project_id) VALUES (?1, ?2, ?3)")?;
    for (place, project) in (1_i64..).zip(projects) {
        insert.execute(params![owner, place, project])?;
    }
    Ok(())
}

/// The projects of an owner, newest first.
pub fn owned(db: &Connection, owner: &Owner, limit: u32) -> Result<Vec<ProjectId>> {
    db.prepare_cached("SELECT id FROM projects WHERE owner = ?1 ORDER BY id DESC LIMIT ?2")?
        .query_map(params![owner, limit], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The projects of others in which a user has a role: that of an admin, or any.
pub fn with_role(
    db: &Connection,
    user: UserId,
    admin_only: bool,
    limit: u32,
) -> Result<Vec<ProjectId>> {
    db.prepare_cached(
        "SELECT project_id FROM permissions
         WHERE user_id = ?1 AND (admin = 2 OR (builder = 2 AND NOT ?2))
         ORDER BY project_id DESC LIMIT ?3",
    )?
    .query_map(params![user, admin_only, limit], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}
