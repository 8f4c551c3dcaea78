//! Who may do what in whose project.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::Result;
use crate::model::permission::{Grant, Permission};
use crate::model::{ProjectId, UserId};

impl ToSql for Grant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number: i64 = match self {
            Grant::Nothing => 0,
            Grant::Request => 1,
            Grant::Approved => 2,
        };
        Ok(number.into())
    }
}

impl FromSql for Grant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Grant> {
        match value.as_i64()? {
            0 => Ok(Grant::Nothing),
            1 => Ok(Grant::Request),
            2 => Ok(Grant::Approved),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

const SELECT: &str = "
SELECT pe.user_id, u.name, pe.builder, pe.admin
FROM permissions pe JOIN users u ON u.id = pe.user_id";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Permission> {
    Ok(Permission {
        user: row.get(0)?,
        user_name: row.get(1)?,
        builder: row.get(2)?,
        admin: row.get(3)?,
    })
}

/// One user's roles in a project.
pub fn find(db: &Connection, project: ProjectId, user: UserId) -> Result<Option<Permission>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE pe.project_id = ?1 AND pe.user_id = ?2"))?
        .query_row(params![project, user], from_row)
        .optional()?)
}

/// Everybody who has a role in a project or had one, by name. A project has some dozens.
pub fn list(db: &Connection, project: ProjectId) -> Result<Vec<Permission>> {
    db.prepare_cached(&format!("{SELECT} WHERE pe.project_id = ?1 ORDER BY u.name LIMIT 10000"))?
        .query_map([project], from_row)?
        .map(|row| Ok(row?))
        .collect()
}

/// In which projects a user has asked for roles or has them, each with the two as numbers.
pub fn of_user(db: &Connection, user: UserId) -> Result<Vec<(String, i64, i64)>> {
    db.prepare_cached(
        "SELECT p.owner || '/' || p.name, pe.builder, pe.admin
         FROM permissions pe JOIN projects p ON p.id = pe.project_id
         WHERE pe.user_id = ?1 ORDER BY p.id LIMIT 100000",
    )?
    .query_map([user], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// How many users have asked for a role in a project.
pub fn requests(db: &Connection, project: ProjectId) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM permissions
             WHERE project_id = ?1 AND (builder = ?2 OR admin = ?2)",
        )?
        .query_row(params![project, Grant::Request], |row| row.get(0))?)
}

/// Gives a user these roles, instead of earlier ones.
pub fn set(
    db: &Connection,
    project: ProjectId,
    user: UserId,
    builder: Grant,
    admin: Grant,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO permissions (project_id, user_id, builder, admin) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (project_id, user_id) DO UPDATE SET builder = ?3, admin = ?4",
    )?
    .execute(params![project, user, builder, admin])?;
    Ok(())
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
