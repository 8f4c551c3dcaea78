//! Packages of projects.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::convert::Json;
use super::named::Named;
use super::{Result, StoreError};
use crate::model::list::{Direction, Slice, SortKey};
use crate::model::package::Package;
use crate::model::source::SourceSpec;
use crate::model::{BuildId, DirId, PackageId, PackageName, ProjectId};

const SELECT: &str = "
SELECT pk.id, pk.project_id, pk.name, pk.source, pk.webhook_rebuild, pk.poll, pk.max_builds,
       pk.timeout, pk.chroot_denylist
FROM packages pk";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Package> {
    let row = Named::new(row, 0);
    Ok(Package {
        id: row.get("id")?,
        project: row.get("project_id")?,
        name: row.get("name")?,
        source: row.get("source")?,
        webhook_rebuild: row.get("webhook_rebuild")?,
        poll: row.get("poll")?,
        max_builds: row.get("max_builds")?,
        timeout: row.get("timeout")?,
        chroot_denylist: row.get::<Json<_>>("chroot_denylist")?.0,
    })
}

/// A project's package of this name.
pub fn find(db: &Connection, project: ProjectId, name: &PackageName) -> Result<Option<Package>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE pk.project_id = ?1 AND pk.name = ?2"))?
        .query_row(params![project, name], from_row)
        .optional()?)
}

/// The package with this number.
pub fn get(db: &Connection, id: PackageId) -> Result<Option<Package>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE pk.id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

/// Adds a package; `None` when the project has one of that name.
pub fn insert(
    db: &Connection,
    project: ProjectId,
    name: &PackageName,
    source: &SourceSpec,
) -> Result<Option<PackageId>> {
    let added = db
        .prepare_cached(
            "INSERT INTO packages (project_id, name, source) VALUES (?1, ?2, ?3)
             ON CONFLICT (project_id, name) DO NOTHING",
        )?
        .execute(params![project, name, source])?;
    Ok((added > 0).then(|| PackageId(db.last_insert_rowid())))
}

/// A project's package of this name; made with the given source when there is none yet.
pub fn find_or_insert(
    db: &Connection,
    project: ProjectId,
    name: &PackageName,
    source: &SourceSpec,
) -> Result<Package> {
    insert(db, project, name, source)?;
    find(db, project, name)?
        .ok_or_else(|| StoreError::Corrupt(format!("package {name} was added and is not there")))
}

/// Writes what can be changed about a package.
pub fn update(db: &Connection, package: &Package) -> Result<()> {
    db.prepare_cached(
        "UPDATE packages SET source = ?2, webhook_rebuild = ?3, max_builds = ?4, timeout = ?5,
             chroot_denylist = ?6, poll = ?7
         WHERE id = ?1",
    )?
    .execute(params![
        package.id,
        package.source,
        package.webhook_rebuild,
        package.max_builds,
        package.timeout,
        Json(&package.chroot_denylist),
        package.poll,
    ])?;
    Ok(())
}

/// The directories of uploads that packages keep.
pub fn uploads(db: &Connection) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT json_extract(source, '$.dir') FROM packages
         WHERE json_extract(source, '$.type') = 'upload' LIMIT 1000000",
    )?
    .query_map([], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The same for the packages of one project.
pub fn uploads_in(db: &Connection, project: ProjectId) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT json_extract(source, '$.dir') FROM packages
         WHERE project_id = ?1 AND json_extract(source, '$.type') = 'upload' LIMIT 1000000",
    )?
    .query_map([project], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Whether a package keeps this directory of uploads; forks share theirs with their originals.
/// Looks at every package.
pub fn keeps(db: &Connection, dir: &str) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM packages WHERE json_extract(source, '$.type') = 'upload'
                 AND json_extract(source, '$.dir') = ?1 LIMIT 1",
        )?
        .exists([dir])?)
}

/// A project's packages whose sources are cloned from this address or from the one that adds
/// `.git`, whatever slashes they end with.
pub fn cloned_from(db: &Connection, project: ProjectId, url: &str) -> Result<Vec<Package>> {
    db.prepare_cached(&format!(
        "{SELECT} WHERE pk.project_id = ?1 AND json_extract(pk.source, '$.type') = 'scm'
             AND rtrim(json_extract(pk.source, '$.clone_url'), '/') IN (?2, ?2 || '.git')
         ORDER BY pk.id LIMIT 100000"
    ))?
    .query_map(params![project, url], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// Removes a package that has no builds any more.
pub fn delete(db: &Connection, id: PackageId) -> Result<()> {
    db.prepare_cached("DELETE FROM packages WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// The numbers of a project's packages, out of an index alone.
pub fn ids(
    db: &Connection,
    project: ProjectId,
    (key, direction): (SortKey, Direction),
    slice: Slice,
) -> Result<Vec<PackageId>> {
    let (limit, offset) = super::bounds(slice);
    let column = match key {
        SortKey::Id => "id",
        SortKey::Name => "name",
    };
    let order = super::order_by(column, direction);
    db.prepare_cached(&format!(
        "SELECT id FROM packages WHERE project_id = ?1 {order} LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(params![project, limit, offset], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The numbers of a project's packages whose names hold `text`, in whatever case, by name: read
/// along the index of the project's names up to the end of the slice.
pub fn matching(
    db: &Connection,
    project: ProjectId,
    text: &str,
    slice: Slice,
) -> Result<Vec<PackageId>> {
    let (limit, offset) = super::bounds(slice);
    db.prepare_cached(
        "SELECT id FROM packages WHERE project_id = ?1 AND instr(lower(name), ?2) > 0
         ORDER BY name LIMIT ?3 OFFSET ?4",
    )?
    .query_map(params![project, text.to_lowercase(), limit, offset], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// How many there are of these.
pub fn count_matching(db: &Connection, project: ProjectId, text: &str) -> Result<u32> {
    if text.is_empty() {
        return count(db, project);
    }
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM packages WHERE project_id = ?1 AND instr(lower(name), ?2) > 0",
        )?
        .query_row(params![project, text.to_lowercase()], |row| row.get(0))?)
}

/// All packages of a project, by name, out of an index alone.
pub fn named(db: &Connection, project: ProjectId) -> Result<Vec<(PackageId, String)>> {
    db.prepare_cached(
        "SELECT id, name FROM packages WHERE project_id = ?1 ORDER BY name LIMIT 10000000",
    )?
    .query_map([project], |row| Ok((row.get(0)?, row.get(1)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// The packages with these numbers, in this order, without those that have gone.
pub fn these(db: &Connection, ids: &[PackageId]) -> Result<Vec<Package>> {
    super::these(db, &format!("{SELECT} WHERE pk.id = ?1"), ids, from_row)
}

/// How many packages a project has.
pub fn count(db: &Connection, project: ProjectId) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(max(packages), 0) FROM project_totals WHERE project_id = ?1",
        )?
        .query_row([project], |row| row.get(0))?)
}

/// The newest build of a package, in whatever directory and state.
pub fn latest_build(db: &Connection, package: PackageId) -> Result<Option<BuildId>> {
    Ok(db
        .prepare_cached("SELECT max(id) FROM builds WHERE package_id = ?1")?
        .query_row([package], |row| row.get(0))?)
}

/// The newest build of a package in one directory.
pub fn latest_build_in(db: &Connection, package: PackageId, dir: DirId) -> Result<Option<BuildId>> {
    Ok(db
        .prepare_cached(
            "SELECT id FROM builds WHERE package_id = ?1 AND dir_id = ?2
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![package, dir], |row| row.get(0))
        .optional()?)
}

/// The newest build of a package that succeeded as a whole.
pub fn latest_succeeded_build(db: &Connection, package: PackageId) -> Result<Option<BuildId>> {
    Ok(db
        .prepare_cached(
            "SELECT id FROM builds WHERE package_id = ?1 AND state = 'succeeded'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([package], |row| row.get(0))
        .optional()?)
}
