//! Projects that users and groups put in front of their others.

use rusqlite::{Connection, params};

use super::Result;
use crate::model::{Owner, ProjectId};

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
