//! The chroots of builds, and the packages made there.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, builds};
use crate::clock::Timestamp;
use crate::model::build::BuildChroot;
use crate::model::job::{RepoKey, Stage};
use crate::model::list::Slice;
use crate::model::nevra::Nevra;
use crate::model::{BuildChrootId, BuildId, ChrootId, ChrootName, ChrootState, ProjectId};

const SELECT: &str = "
SELECT bc.id, bc.build_id, c.name, bc.state, bc.message, bc.started_on, bc.ended_on, bc.result_dir
FROM build_chroots bc JOIN chroots c ON c.id = bc.chroot_id";

fn from_row(row: &Row<'_>) -> rusqlite::Result<BuildChroot> {
    Ok(BuildChroot {
        id: row.get(0)?,
        build: row.get(1)?,
        name: row.get(2)?,
        state: row.get(3)?,
        message: row.get(4)?,
        started_on: row.get(5)?,
        ended_on: row.get(6)?,
        result_dir: row.get(7)?,
    })
}

/// Gives a build a chroot.
pub fn insert(
    db: &Connection,
    build: BuildId,
    repo: RepoKey,
    state: ChrootState,
) -> Result<BuildChrootId> {
    db.prepare_cached(
        "INSERT INTO build_chroots (build_id, chroot_id, dir_id, state) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![build, repo.chroot, repo.dir, state])?;
    let id = BuildChrootId(db.last_insert_rowid());
    builds::refresh(db, build)?;
    Ok(id)
}

/// The chroot of a build with this number.
pub fn get(db: &Connection, id: BuildChrootId) -> Result<Option<BuildChroot>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE bc.id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

/// A build's chroot of this name.
pub fn find(db: &Connection, build: BuildId, name: &ChrootName) -> Result<Option<BuildChroot>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE bc.build_id = ?1 AND c.name = ?2"))?
        .query_row(params![build, name], from_row)
        .optional()?)
}

/// A build's chroots, in the order in which they were given.
pub fn list(db: &Connection, build: BuildId, slice: Slice) -> Result<Vec<BuildChroot>> {
    let (limit, offset) = super::bounds(slice);
    db.prepare_cached(&format!(
        "{SELECT} WHERE bc.build_id = ?1 ORDER BY bc.id LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(params![build, limit, offset], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The newest chroot build of a repository, however far it is.
pub fn newest_in(db: &Connection, repo: RepoKey) -> Result<Option<BuildChroot>> {
    Ok(db
        .prepare_cached(&format!(
            "{SELECT} WHERE bc.dir_id = ?1 AND bc.chroot_id = ?2 ORDER BY bc.id DESC LIMIT 1"
        ))?
        .query_row(params![repo.dir, repo.chroot], from_row)
        .optional()?)
}

/// The newest chroot build whose packages are in a repository.
pub fn last_published(db: &Connection, repo: RepoKey) -> Result<Option<BuildChroot>> {
    Ok(db
        .prepare_cached(&format!(
            "{SELECT} WHERE bc.dir_id = ?1 AND bc.chroot_id = ?2
                 AND bc.state IN ('succeeded', 'forked') AND bc.result_dir IS NOT NULL
             ORDER BY bc.id DESC LIMIT 1"
        ))?
        .query_row(params![repo.dir, repo.chroot], from_row)
        .optional()?)
}

/// The repository that a build's chroot is published in.
pub fn repo(db: &Connection, id: BuildChrootId) -> Result<Option<RepoKey>> {
    Ok(db
        .prepare_cached("SELECT dir_id, chroot_id FROM build_chroots WHERE id = ?1")?
        .query_row([id], |row| Ok(RepoKey { dir: row.get(0)?, chroot: row.get(1)? }))
        .optional()?)
}

/// Moves a chroot on; notes when it starts and when it ends. A finished one stays as it is, and
/// the answer says so: whoever comes late must not undo a cancel.
pub fn set_state(
    db: &Connection,
    id: BuildChrootId,
    state: ChrootState,
    message: Option<&str>,
) -> Result<bool> {
    let now = Timestamp::now();
    // What is skipped, or fails for want of sources, never started; clients expect both times all
    // the same. What is canceled before it started has neither.
    let is_canceled = state == ChrootState::Canceled;
    let is_end = state.is_finished() && !is_canceled;
    let started = (state == ChrootState::Starting || is_end).then_some(now);
    let ended = state.is_finished().then_some(now);
    let restart = state == ChrootState::Starting;
    let build: Option<BuildId> = db
        .prepare_cached(
            "UPDATE build_chroots SET state = ?2, message = ?3,
                 started_on = CASE WHEN ?6 THEN ?4 ELSE coalesce(started_on, ?4) END,
                 ended_on = CASE WHEN ?7 AND started_on IS NULL THEN NULL ELSE ?5 END
             WHERE id = ?1
                 AND state NOT IN ('succeeded', 'failed', 'canceled', 'skipped', 'forked')
             RETURNING build_id",
        )?
        .query_row(params![id, state, message, started, ended, restart, is_canceled], |row| {
            row.get(0)
        })
        .optional()?;
    match build {
        Some(build) => builds::refresh(db, build).map(|()| true),
        None => Ok(false),
    }
}

/// Notes where the results are.
pub fn set_result_dir(db: &Connection, id: BuildChrootId, name: &str) -> Result<()> {
    db.prepare_cached("UPDATE build_chroots SET result_dir = ?2 WHERE id = ?1")?
        .execute(params![id, name])?;
    Ok(())
}

/// Notes that results have gone from the disk, and with them from their repository. What was
/// built stays on record.
pub fn forget_results(db: &Connection, id: BuildChrootId) -> Result<()> {
    db.prepare_cached("UPDATE build_chroots SET result_dir = NULL WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Whether a chroot of a build still has results, or is yet to have some.
pub fn has_results(db: &Connection, build: BuildId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM build_chroots WHERE build_id = ?1 AND (result_dir IS NOT NULL
                 OR state NOT IN ('succeeded', 'failed', 'canceled', 'skipped', 'forked'))",
        )?
        .exists([build])?)
}

/// Notes what was built, instead of what an earlier attempt may have noted.
pub fn set_packages(db: &Connection, id: BuildChrootId, files: &[(String, Nevra)]) -> Result<()> {
    db.prepare_cached("DELETE FROM built_packages WHERE build_chroot_id = ?1")?.execute([id])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO built_packages (build_chroot_id, file, name, epoch, version, release, arch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (file, n) in files {
        insert.execute(params![id, file, n.name, n.epoch, n.version, n.release, n.arch])?;
    }
    Ok(())
}

/// The packages that a chroot build made, source package included.
pub fn packages(db: &Connection, id: BuildChrootId) -> Result<Vec<Nevra>> {
    db.prepare_cached(
        "SELECT name, epoch, version, release, arch FROM built_packages
         WHERE build_chroot_id = ?1 ORDER BY id LIMIT 100000",
    )?
    .query_map([id], |row| {
        Ok(Nevra {
            name: row.get(0)?,
            epoch: row.get(1)?,
            version: row.get(2)?,
            release: row.get(3)?,
            arch: row.get(4)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// The package files of a chroot build, by name.
pub fn files(db: &Connection, id: BuildChrootId) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT file FROM built_packages WHERE build_chroot_id = ?1 ORDER BY id LIMIT 100000",
    )?
    .query_map([id], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The packages of a repository, as paths below its directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoFiles {
    /// Those of earlier builds.
    pub older: Vec<String>,
    /// Those of the builds that are being published.
    pub joining: Vec<String>,
}

impl RepoFiles {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.older.is_empty() && self.joining.is_empty()
    }
}

/// What belongs into a repository: everything that was published there, and what `joining` built.
/// O(packages of the repository): the metadata name them all, too.
pub fn repo_files(
    db: &Connection,
    repo: RepoKey,
    stage: Stage,
    joining: &[BuildChrootId],
) -> Result<RepoFiles> {
    let older = db
        .prepare_cached(
            "SELECT bc.result_dir || '/' || bp.file
             FROM build_chroots bc JOIN built_packages bp ON bp.build_chroot_id = bc.id
             WHERE bc.dir_id = ?1 AND bc.chroot_id = ?2 AND bc.state IN ('succeeded', 'forked')
                 AND bc.result_dir IS NOT NULL AND bc.in_devel <= ?3
             ORDER BY bc.id, bp.id LIMIT 10000000",
        )?
        .query_map(params![repo.dir, repo.chroot, stage == Stage::Devel], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut files = Vec::new();
    let mut one = db.prepare_cached(
        "SELECT bc.result_dir || '/' || bp.file
         FROM build_chroots bc JOIN built_packages bp ON bp.build_chroot_id = bc.id
         WHERE bc.id = ?1 AND bc.state = 'running' ORDER BY bp.id LIMIT 100000",
    )?;
    for id in joining {
        for file in one.query_map([id], |row| row.get(0))? {
            files.push(file?);
        }
    }
    Ok(RepoFiles { older, joining: files })
}

/// Notes that what a chroot build made is public only once its project says so.
pub fn set_in_devel(db: &Connection, id: BuildChrootId) -> Result<()> {
    db.prepare_cached("UPDATE build_chroots SET in_devel = 1 WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Makes public what a project has built meanwhile; its repositories are to be published next.
pub fn release(db: &Connection, project: ProjectId) -> Result<()> {
    db.prepare_cached(
        "UPDATE build_chroots SET in_devel = 0
         WHERE in_devel = 1 AND dir_id IN (SELECT id FROM dirs WHERE project_id = ?1)",
    )?
    .execute([project])?;
    Ok(())
}

/// What is queued for a chroot and not begun yet. Runs along the unfinished builds.
pub fn unbegun_in(db: &Connection, chroot: ChrootId) -> Result<Vec<BuildChrootId>> {
    db.prepare_cached(
        "SELECT bc.id FROM builds b JOIN build_chroots bc ON bc.build_id = b.id
         WHERE b.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
             AND bc.chroot_id = ?1 AND bc.state IN ('waiting', 'pending')
         ORDER BY bc.id LIMIT 1000000",
    )?
    .query_map([chroot], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The numbers of a build's chroots that still wait for the source build.
pub fn waiting(
    db: &Connection,
    build: BuildId,
) -> Result<Vec<(BuildChrootId, ChrootId, ChrootName)>> {
    db.prepare_cached(
        "SELECT bc.id, c.id, c.name FROM build_chroots bc JOIN chroots c ON c.id = bc.chroot_id
         WHERE bc.build_id = ?1 AND bc.state = 'waiting' ORDER BY bc.id LIMIT 10000",
    )?
    .query_map([build], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .map(|row| Ok(row?))
    .collect()
}
