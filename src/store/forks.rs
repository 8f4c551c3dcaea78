//! Forks: what is taken over from the original, and which files are still to be copied.
//!
//! The statements copy rows inside the database: a fork of a thousand packages is some thousand
//! inserts, and nothing of it passes through the model.

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::{Result, builds, dependencies};
use crate::model::list::Slice;
use crate::model::project::Project;
use crate::model::{BuildChrootId, BuildId, ChrootName, DirId, PackageName, ProjectId};

/// Notes which project a fork was made of.
pub fn set_original(db: &Connection, fork: ProjectId, original: ProjectId) -> Result<()> {
    db.prepare_cached("UPDATE projects SET forked_from = ?2 WHERE id = ?1")?
        .execute(params![fork, original])?;
    Ok(())
}

/// How many forks a project has.
pub fn count(db: &Connection, original: ProjectId) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM projects WHERE forked_from = ?1")?
        .query_row([original], |row| row.get(0))?)
}

/// Adds the packages of `from` that `to` does not have. Webhooks of the original are none of the
/// fork's business.
pub fn take_packages(db: &Connection, from: ProjectId, to: ProjectId) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO packages (project_id, name, source, webhook_rebuild, max_builds, timeout,
             chroot_denylist)
         SELECT ?2, name, source, 0, max_builds, timeout, chroot_denylist
         FROM packages WHERE project_id = ?1 ORDER BY id
         ON CONFLICT (project_id, name) DO NOTHING",
    )?
    .execute([from, to])?;
    Ok(())
}

/// A chroot build that a fork takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Its build.
    pub build: BuildId,
    /// The chroot build.
    pub part: BuildChrootId,
    /// What it is a build of.
    pub package: PackageName,
}

/// The newest chroot build of each package in each chroot that both projects have switched on, out
/// of those that succeeded in the directory; oldest build first. Each takes a look along the
/// builds of its package, newest first, up to the first that fits.
pub fn latest(
    db: &Connection,
    (from, dir): (ProjectId, DirId),
    to: ProjectId,
) -> Result<Vec<Latest>> {
    db.prepare_cached(
        "SELECT part.build_id, part.id, newest.package
         FROM (SELECT pk.name AS package,
                      (SELECT bc.id
                       FROM builds b JOIN build_chroots bc
                           ON bc.build_id = b.id AND bc.chroot_id = own.chroot_id
                       WHERE b.package_id = pk.id AND b.dir_id = ?2
                           AND bc.state IN ('succeeded', 'forked') AND bc.result_dir IS NOT NULL
                       ORDER BY b.id DESC LIMIT 1) AS id
               FROM packages pk
               JOIN project_chroots own ON own.project_id = pk.project_id
               JOIN project_chroots theirs
                   ON theirs.project_id = ?3 AND theirs.chroot_id = own.chroot_id
               JOIN chroots c ON c.id = own.chroot_id
               WHERE pk.project_id = ?1 AND own.delete_after IS NULL
                   AND theirs.delete_after IS NULL AND c.active) newest
         JOIN build_chroots part ON part.id = newest.id
         ORDER BY part.build_id, part.id",
    )?
    .query_map(params![from, dir, to], |row| {
        Ok(Latest { build: row.get(0)?, part: row.get(1)?, package: row.get(2)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Where forked builds go.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The fork.
    pub project: &'a Project,
    /// Its main directory.
    pub dir: DirId,
    /// It was made just now: what its original held back stays held back.
    pub is_new: bool,
}

/// Adds a build like `original` in these of its chroots, as forked, and notes that its files are
/// to be copied. `result_dir` makes the name of its result directories.
pub fn take_build(
    db: &Connection,
    original: BuildId,
    parts: &[BuildChrootId],
    to: Target<'_>,
    result_dir: impl FnOnce(BuildId) -> String,
) -> Result<BuildId> {
    db.prepare_cached(
        "INSERT INTO builds (project_id, dir_id, package_id, version, srpm, submitter_id,
             submitted_on, source, source_state, source_started_on, source_ended_on, state,
             background, timeout, enable_net, bootstrap, isolation)
         SELECT :project, :dir, own.id, b.version, b.srpm, b.submitter_id, b.submitted_on,
             b.source, 'forked', b.source_started_on, b.source_ended_on, 'forked', b.background,
             b.timeout, b.enable_net, b.bootstrap, b.isolation
         FROM builds b JOIN packages pk ON pk.id = b.package_id
         JOIN packages own ON own.project_id = :project AND own.name = pk.name
         WHERE b.id = :original",
    )?
    .execute(named_params! {
        ":project": to.project.id,
        ":dir": to.dir,
        ":original": original,
    })?;
    let build = BuildId(db.last_insert_rowid());
    let result_dir = result_dir(build);
    let mut insert = db.prepare_cached(
        "INSERT INTO build_chroots (build_id, chroot_id, dir_id, state, started_on, ended_on,
             result_dir, in_devel)
         SELECT :build, chroot_id, :dir, 'forked', started_on, ended_on, :result_dir,
             :manual AND (in_devel OR NOT :new)
         FROM build_chroots WHERE id = :part",
    )?;
    for part in parts {
        insert.execute(named_params! {
            ":build": build,
            ":dir": to.dir,
            ":result_dir": result_dir,
            ":manual": to.project.settings.manual_createrepo,
            ":new": to.is_new,
            ":part": part,
        })?;
    }
    // A copy that is still to be made is made of what it is itself a copy of.
    db.prepare_cached(
        "INSERT INTO copies (build_id, project_id, original_id)
         VALUES (?1, ?2, coalesce((SELECT original_id FROM copies WHERE build_id = ?3), ?3))",
    )?
    .execute(params![build, to.project.id, original])?;
    dependencies::take(db, original, build)?;
    builds::refresh(db, build)?;
    Ok(build)
}

/// The next project with files to be copied, in turn: that after `last`, or else the first.
pub fn next_project(db: &Connection, last: ProjectId) -> Result<Option<ProjectId>> {
    let after: Option<ProjectId> = db
        .prepare_cached("SELECT min(project_id) FROM copies WHERE project_id > ?1")?
        .query_row([last], |row| row.get(0))?;
    match after {
        Some(project) => Ok(Some(project)),
        None => Ok(db
            .prepare_cached("SELECT min(project_id) FROM copies")?
            .query_row([], |row| row.get(0))?),
    }
}

/// A build whose files are to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The forked build.
    pub build: BuildId,
    /// The one whose files it gets.
    pub original: BuildId,
    /// How often it was tried before.
    pub attempt: u32,
}

/// The first of the builds of a project whose files are to be copied.
pub fn pending(db: &Connection, project: ProjectId, limit: u32) -> Result<Vec<Copy>> {
    db.prepare_cached(
        "SELECT build_id, original_id, attempt FROM copies WHERE project_id = ?1
         ORDER BY build_id LIMIT ?2",
    )?
    .query_map(params![project, limit], |row| {
        Ok(Copy { build: row.get(0)?, original: row.get(1)?, attempt: row.get(2)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// The forks of a project, newest first.
pub fn of(db: &Connection, original: ProjectId, slice: Slice) -> Result<Vec<ProjectId>> {
    let (limit, offset) = super::bounds(slice);
    db.prepare_cached(
        "SELECT id FROM projects WHERE forked_from = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3",
    )?
    .query_map(params![original, limit, offset], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Whether files of a project's builds are still to be copied.
pub fn is_filling(db: &Connection, project: ProjectId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM copies WHERE project_id = ?1 LIMIT 1")?
        .exists([project])?)
}

/// A project that is getting copies of this build's files.
pub fn taker_of_build(db: &Connection, original: BuildId) -> Result<Option<ProjectId>> {
    Ok(db
        .prepare_cached("SELECT project_id FROM copies WHERE original_id = ?1 LIMIT 1")?
        .query_row([original], |row| row.get(0))
        .optional()?)
}

/// A project that is getting copies of the files of this project's builds.
pub fn taker_of(db: &Connection, original: ProjectId) -> Result<Option<ProjectId>> {
    Ok(db
        .prepare_cached(
            // In this order: there are few copies, and there may be many builds.
            "SELECT copies.project_id FROM copies CROSS JOIN builds b ON b.id = copies.original_id
             WHERE b.project_id = ?1 LIMIT 1",
        )?
        .query_row([original], |row| row.get(0))
        .optional()?)
}

/// One chroot of a build whose files are to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The chroot build.
    pub id: BuildChrootId,
    /// Its chroot.
    pub chroot: ChrootName,
    /// Its result directory.
    pub result_dir: String,
    /// The one whose files it gets, and that one's result directory.
    pub original: Option<(BuildChrootId, String)>,
}

/// The chroots of a build whose files are to be copied.
pub fn parts(db: &Connection, copy: &Copy) -> Result<Vec<Part>> {
    db.prepare_cached(
        "SELECT own.id, c.name, own.result_dir, other.id, other.result_dir
         FROM build_chroots own JOIN chroots c ON c.id = own.chroot_id
         LEFT JOIN build_chroots other
             ON other.build_id = ?2 AND other.chroot_id = own.chroot_id
         WHERE own.build_id = ?1 AND own.result_dir IS NOT NULL ORDER BY own.id LIMIT 10000",
    )?
    .query_map(params![copy.build, copy.original], |row| {
        let original: (Option<BuildChrootId>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Part {
            id: row.get(0)?,
            chroot: row.get(1)?,
            result_dir: row.get(2)?,
            original: original.0.zip(original.1),
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Notes that the files of a build are there. `false` when the build is not, any more.
pub fn settle(db: &Connection, build: BuildId, parts: &[Part]) -> Result<bool> {
    if forget(db, build)? == 0 {
        return Ok(false);
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO built_packages (build_chroot_id, file, name, epoch, version, release, arch)
         SELECT ?1, file, name, epoch, version, release, arch
         FROM built_packages WHERE build_chroot_id = ?2 ORDER BY id",
    )?;
    for part in parts {
        if let Some((original, _)) = &part.original {
            insert.execute(params![part.id, original])?;
        }
    }
    Ok(true)
}

/// Notes that the files of a build cannot be copied.
pub fn give_up(db: &Connection, build: BuildId, why: &str) -> Result<()> {
    if forget(db, build)? > 0 {
        db.prepare_cached(
            "UPDATE build_chroots SET state = 'failed', message = ?2 WHERE build_id = ?1",
        )?
        .execute(params![build, why])?;
        dependencies::forget(db, build)?;
        builds::refresh(db, build)?;
    }
    Ok(())
}

/// Notes that copying the files of a build has failed, and is to be tried again.
pub fn try_again(db: &Connection, build: BuildId) -> Result<()> {
    db.prepare_cached("UPDATE copies SET attempt = attempt + 1 WHERE build_id = ?1")?
        .execute([build])?;
    Ok(())
}

fn forget(db: &Connection, build: BuildId) -> Result<usize> {
    Ok(db.prepare_cached("DELETE FROM copies WHERE build_id = ?1")?.execute([build])?)
}
