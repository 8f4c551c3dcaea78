//! Private keys for cloning over ssh, each of one package. They leave the table only to clone.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Result;
use crate::model::PackageId;

/// Gives a package a key, in place of the one it may have.
pub fn set(db: &Connection, package: PackageId, private_key: &str) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO deploy_keys (package_id, private_key) VALUES (?1, ?2)
         ON CONFLICT (package_id) DO UPDATE SET private_key = excluded.private_key",
    )?
    .execute(params![package, private_key])?;
    Ok(())
}

/// Takes the key of a package away.
pub fn remove(db: &Connection, package: PackageId) -> Result<()> {
    db.prepare_cached("DELETE FROM deploy_keys WHERE package_id = ?1")?.execute([package])?;
    Ok(())
}

/// The key of a package.
pub fn get(db: &Connection, package: PackageId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT private_key FROM deploy_keys WHERE package_id = ?1")?
        .query_row([package], |row| row.get(0))
        .optional()?)
}
