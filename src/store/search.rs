//! Finding things by words. Each of these lists ends at its limit, and none reads a whole table.

use rusqlite::{Connection, Row, params};

use super::Result;
use crate::model::nevra::Nevra;
use crate::model::{BuildId, ChrootName, Owner, PackageName, ProjectId, ProjectName};

/// How many of the newest packages are looked at, at the most, before a list of them ends.
pub const LOOKED_AT: u32 = 20_000;

fn ids(rows: impl Iterator<Item = rusqlite::Result<ProjectId>>) -> Result<Vec<ProjectId>> {
    rows.map(|row| Ok(row?)).collect()
}

/// Projects of exactly this name, newest first.
pub fn by_name(db: &Connection, name: &str, limit: u32) -> Result<Vec<ProjectId>> {
    let mut query =
        db.prepare_cached("SELECT id FROM projects WHERE name = ?1 ORDER BY id DESC LIMIT ?2")?;
    ids(query.query_map(params![name, limit], |row| row.get(0))?)
}

/// Projects that a full-text expression finds by owner, name and description, newest first.
pub fn projects(db: &Connection, expression: &str, limit: u32) -> Result<Vec<ProjectId>> {
    let mut query = db.prepare_cached(
        "SELECT rowid FROM project_words WHERE project_words MATCH ?1
         ORDER BY rowid DESC LIMIT ?2",
    )?;
    ids(query.query_map(params![expression, limit], |row| row.get(0))?)
}

/// Projects with packages that a full-text expression finds by name, those of the newest packages
/// first. `among` is another expression, which the projects themselves must fit.
pub fn with_packages(
    db: &Connection,
    expression: &str,
    among: Option<&str>,
    limit: u32,
) -> Result<Vec<ProjectId>> {
    // Of a project with thousands of such packages the newest ones do.
    const PACKAGES: u32 = 5_000;
    let mut query = db.prepare_cached(
        "SELECT k.project_id
         FROM (SELECT rowid AS id FROM package_words WHERE package_words MATCH ?1
               ORDER BY rowid DESC LIMIT ?2) found
         JOIN packages k ON k.id = found.id
         WHERE ?3 IS NULL
             OR k.project_id IN (SELECT rowid FROM project_words WHERE project_words MATCH ?3)
         GROUP BY k.project_id ORDER BY max(k.id) DESC LIMIT ?4",
    )?;
    ids(query.query_map(params![expression, PACKAGES, among, limit], |row| row.get(0))?)
}

/// A package, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPackage {
    /// The package.
    pub name: PackageName,
    /// Whose project.
    pub owner: Owner,
    /// The project.
    pub project: ProjectName,
}

/// Packages that a full-text expression finds by name: the shortest names first, which fit best,
/// of the newest ones.
pub fn packages(db: &Connection, expression: &str, limit: u32) -> Result<Vec<FoundPackage>> {
    const LOOKED_AT: u32 = 500;
    db.prepare_cached(
        "SELECT k.name, p.owner, p.name
         FROM (SELECT rowid AS id FROM package_words WHERE package_words MATCH ?1
               ORDER BY rowid DESC LIMIT ?2) found
         JOIN packages k ON k.id = found.id
         JOIN projects p ON p.id = k.project_id
         ORDER BY length(k.name), k.id DESC LIMIT ?3",
    )?
    .query_map(params![expression, LOOKED_AT, limit], |row| {
        Ok(FoundPackage { name: row.get(0)?, owner: row.get(1)?, project: row.get(2)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// What is known of the packages that are looked for; `None` fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The name.
    pub name: Option<String>,
    /// The epoch; packages without one have 0.
    pub epoch: Option<u32>,
    /// The version.
    pub version: Option<String>,
    /// The release.
    pub release: Option<String>,
    /// The architecture.
    pub arch: Option<String>,
}

/// A package that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltPackage {
    /// Its names and versions.
    pub nevra: Nevra,
    /// Whose project.
    pub owner: Owner,
    /// The project.
    pub project: ProjectName,
    /// The build.
    pub build: BuildId,
    /// The chroot.
    pub chroot: ChrootName,
}

fn built(row: &Row<'_>) -> rusqlite::Result<BuiltPackage> {
    Ok(BuiltPackage {
        nevra: Nevra {
            name: row.get(0)?,
            epoch: row.get(1)?,
            version: row.get(2)?,
            release: row.get(3)?,
            arch: row.get(4)?,
        },
        owner: row.get(5)?,
        project: row.get(6)?,
        build: row.get(7)?,
        chroot: row.get(8)?,
    })
}

/// Packages that were built, the newest first: those of one name by index, others among the newest
/// [`LOOKED_AT`].
pub fn built_packages(
    db: &Connection,
    wanted: &Wanted,
    limit: u32,
    offset: u64,
) -> Result<Vec<BuiltPackage>> {
    let of_name = if wanted.name.is_some() { "WHERE name = ?1" } else { "WHERE ?1 IS NULL" };
    let sql = format!(
        "SELECT k.name, k.epoch, k.version, k.release, k.arch, p.owner, p.name, b.id, c.name
         FROM (SELECT * FROM built_packages {of_name} ORDER BY id DESC LIMIT {LOOKED_AT}) k
         JOIN build_chroots bc ON bc.id = k.build_chroot_id
         JOIN builds b ON b.id = bc.build_id
         JOIN projects p ON p.id = b.project_id
         JOIN chroots c ON c.id = bc.chroot_id
         WHERE (?2 IS NULL OR coalesce(k.epoch, 0) = ?2) AND (?3 IS NULL OR k.version = ?3)
             AND (?4 IS NULL OR k.release = ?4) AND (?5 IS NULL OR k.arch = ?5)
         ORDER BY k.id DESC LIMIT ?6 OFFSET ?7"
    );
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    db.prepare_cached(&sql)?
        .query_map(
            params![
                wanted.name,
                wanted.epoch,
                wanted.version,
                wanted.release,
                wanted.arch,
                limit,
                offset
            ],
            built,
        )?
        .map(|row| Ok(row?))
        .collect()
}
