//! What goes away by itself: temporary projects, chroots that were switched off, directories of
//! pull requests, builds beyond what a package keeps, results that newer ones have superseded.
//!
//! Each list goes on after what the call before has returned, by an index that holds little more
//! than what is looked for. Persistent projects are left out: nothing of theirs is deleted.

use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::job::RepoKey;
use crate::model::nevra::Nevra;
use crate::model::{BuildChrootId, BuildId, ChrootId, DirId, PackageId, ProjectId};

/// How many results are removed in one transaction. Each time their repository is published anew,
/// so these are many.
pub const MOST_RESULTS: usize = 5000;

/// Temporary projects whose time is over.
pub fn projects(db: &Connection, now: Timestamp, after: ProjectId) -> Result<Vec<ProjectId>> {
    db.prepare_cached(
        "SELECT id FROM projects
         WHERE delete_after IS NOT NULL AND delete_after <= ?1 AND persistent = 0 AND id > ?2
         ORDER BY id LIMIT 200",
    )?
    .query_map(params![now, after], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// A chroot of a project.
pub type Used = (ProjectId, ChrootId);

/// Chroots whose time is over: switched off by their project, or no longer offered.
pub fn chroots(db: &Connection, now: Timestamp, after: Used) -> Result<Vec<Used>> {
    db.prepare_cached(
        "SELECT pc.project_id, pc.chroot_id
         FROM project_chroots pc JOIN projects p ON p.id = pc.project_id
         WHERE (pc.delete_after IS NOT NULL OR pc.retire_after IS NOT NULL)
             AND coalesce(pc.delete_after, pc.retire_after) <= ?1 AND p.persistent = 0
             AND (pc.project_id, pc.chroot_id) > (?2, ?3)
         ORDER BY pc.project_id, pc.chroot_id LIMIT 200",
    )?
    .query_map(params![now, after.0, after.1], |row| Ok((row.get(0)?, row.get(1)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// The results that a project has in one chroot, some at a time.
pub fn results_in(db: &Connection, (project, chroot): Used) -> Result<Vec<BuildChrootId>> {
    db.prepare_cached(
        "SELECT bc.id FROM dirs d JOIN build_chroots bc ON bc.dir_id = d.id
         WHERE d.project_id = ?1 AND bc.chroot_id = ?2 AND bc.result_dir IS NOT NULL
         ORDER BY bc.id LIMIT 5000",
    )?
    .query_map(params![project, chroot], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Directories of pull requests that were made before `before`.
pub fn pull_requests(db: &Connection, before: Timestamp, after: DirId) -> Result<Vec<DirId>> {
    db.prepare_cached(
        "SELECT d.id FROM dirs d JOIN projects p ON p.id = d.project_id
         WHERE instr(d.name, ':pr:') > 0 AND d.created_on <= ?1 AND d.id > ?2 AND p.persistent = 0
         ORDER BY d.id LIMIT 200",
    )?
    .query_map(params![before, after], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// When the newest build of a directory was handed in; when it was made, if it has none.
pub fn last_used(db: &Connection, dir: DirId) -> Result<Option<Timestamp>> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(
                 (SELECT submitted_on FROM builds WHERE dir_id = d.id ORDER BY id DESC LIMIT 1),
                 d.created_on)
             FROM dirs d WHERE d.id = ?1",
        )?
        .query_row([dir], |row| row.get(0))
        .optional()?)
}

/// The builds of a directory, some at a time, oldest first.
pub fn builds_in(db: &Connection, dir: DirId) -> Result<Vec<BuildId>> {
    db.prepare_cached("SELECT id FROM builds WHERE dir_id = ?1 ORDER BY id LIMIT 200")?
        .query_map([dir], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// Packages of which only some builds are kept.
pub fn limited_packages(db: &Connection, after: PackageId) -> Result<Vec<PackageId>> {
    db.prepare_cached(
        "SELECT pk.id FROM packages pk JOIN projects p ON p.id = pk.project_id
         WHERE pk.max_builds > 0 AND pk.id > ?1 AND p.persistent = 0
         ORDER BY pk.id LIMIT 200",
    )?
    .query_map([after], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The finished builds of a package that are older than the newest ones it keeps in their
/// directory, some at a time.
pub fn surplus(db: &Connection, package: PackageId) -> Result<Vec<BuildId>> {
    db.prepare_cached(
        "SELECT id FROM (
             SELECT b.id, b.state, pk.max_builds,
                    row_number() OVER (PARTITION BY b.dir_id ORDER BY b.id DESC) AS place
             FROM packages pk JOIN builds b ON b.package_id = pk.id
             WHERE pk.id = ?1 AND pk.max_builds > 0)
         WHERE place > max_builds
             AND state IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
         ORDER BY id LIMIT 200",
    )?
    .query_map([package], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Repositories with results, of projects whose old ones are removed.
pub fn prunable_repos(db: &Connection, after: RepoKey) -> Result<Vec<RepoKey>> {
    db.prepare_cached(
        "SELECT r.dir_id, r.chroot_id
         FROM (SELECT dir_id, chroot_id FROM build_chroots
               WHERE state IN ('succeeded', 'forked') AND result_dir IS NOT NULL
                   AND (dir_id, chroot_id) > (?1, ?2)
               UNION
               SELECT dir_id, chroot_id FROM build_chroots
               WHERE state IN ('failed', 'canceled') AND result_dir IS NOT NULL
                   AND (dir_id, chroot_id) > (?1, ?2)) r
         JOIN dirs d ON d.id = r.dir_id
         JOIN projects p ON p.id = d.project_id
         WHERE p.auto_prune = 1 AND p.persistent = 0 AND p.manual_createrepo = 0
         ORDER BY r.dir_id, r.chroot_id LIMIT 200",
    )?
    .query_map(params![after.dir, after.chroot], |row| {
        Ok(RepoKey { dir: row.get(0)?, chroot: row.get(1)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Whether a repository has a result from before `before`, besides which nothing need be looked at.
pub fn has_old(db: &Connection, repo: RepoKey, before: Timestamp) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM build_chroots
             WHERE dir_id = ?1 AND chroot_id = ?2 AND state IN ('succeeded', 'forked')
                 AND result_dir IS NOT NULL AND ended_on <= ?3",
        )?
        .exists(params![repo.dir, repo.chroot, before])?)
}

/// A package in a repository, with the chroot build that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The chroot build.
    pub part: BuildChrootId,
    /// The package that was built.
    pub package: Option<PackageId>,
    /// When the chroot build ended.
    pub ended_on: Option<Timestamp>,
    /// What it made.
    pub nevra: Nevra,
}

/// All packages of a repository, by chroot build.
pub fn published(db: &Connection, repo: RepoKey) -> Result<Vec<Published>> {
    db.prepare_cached(
        "SELECT bc.id, b.package_id, bc.ended_on, bp.name, bp.epoch, bp.version, bp.release, bp.arch
         FROM build_chroots bc
         JOIN builds b ON b.id = bc.build_id
         JOIN built_packages bp ON bp.build_chroot_id = bc.id
         WHERE bc.dir_id = ?1 AND bc.chroot_id = ?2 AND bc.state IN ('succeeded', 'forked')
             AND bc.result_dir IS NOT NULL
         ORDER BY bc.id, bp.id LIMIT 10000000",
    )?
    .query_map(params![repo.dir, repo.chroot], |row| {
        let nevra = Nevra {
            name: row.get(3)?,
            epoch: row.get(4)?,
            version: row.get(5)?,
            release: row.get(6)?,
            arch: row.get(7)?,
        };
        Ok(Published { part: row.get(0)?, package: row.get(1)?, ended_on: row.get(2)?, nevra })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Chroot builds that failed before `before`, and whose package was built there again since.
pub fn failed(db: &Connection, repo: RepoKey, before: Timestamp) -> Result<Vec<BuildChrootId>> {
    db.prepare_cached(
        "SELECT bc.id FROM build_chroots bc JOIN builds b ON b.id = bc.build_id
         WHERE bc.dir_id = ?1 AND bc.chroot_id = ?2 AND bc.state IN ('failed', 'canceled')
             AND bc.result_dir IS NOT NULL AND bc.ended_on <= ?3
             AND EXISTS (
                 SELECT 1 FROM builds nb JOIN build_chroots nbc ON nbc.build_id = nb.id
                 WHERE nb.package_id = b.package_id AND nb.id > b.id AND nb.dir_id = ?1
                     AND nbc.chroot_id = ?2
                     AND nbc.state IN ('succeeded', 'failed', 'forked'))
         ORDER BY bc.id LIMIT 5000",
    )?
    .query_map(params![repo.dir, repo.chroot, before], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}
