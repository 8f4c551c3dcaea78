//! Builds as a whole. Their chroots are in [`build_chroots`](super::build_chroots).

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::convert::Json;
use super::named::Named;
use super::{Result, StoreError};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildOptions};
use crate::model::list::Slice;
use crate::model::source::SourceSpec;
use crate::model::{
    BatchId, BuildId, BuildState, ChrootId, ChrootName, ChrootState, DirId, PackageId, PackageName,
    ProjectId, SourceState, UserId,
};

const SELECT: &str = "
SELECT b.id, b.project_id, p.owner, p.name AS project, b.dir_id, d.name AS dir,
       pk.name AS package, b.version, b.srpm, b.source, b.source_state, b.source_message,
       b.source_started_on, b.source_ended_on, b.canceled, b.state, b.submitted_on, b.started_on,
       b.ended_on, u.name AS submitter, b.background, b.timeout, b.enable_net, b.bootstrap,
       b.isolation, b.batch_id
FROM builds b
JOIN projects p ON p.id = b.project_id
JOIN dirs d ON d.id = b.dir_id
LEFT JOIN packages pk ON pk.id = b.package_id
LEFT JOIN users u ON u.id = b.submitter_id";

fn from_row(row: &Row<'_>, chroots: &mut GivenChroots<'_>) -> rusqlite::Result<Build> {
    let row = Named::new(row, 0);
    let id = row.get("id")?;
    Ok(Build {
        id,
        project_id: row.get("project_id")?,
        owner: row.get("owner")?,
        project: row.get("project")?,
        dir_id: row.get("dir_id")?,
        dir: row.get("dir")?,
        package: row.get("package")?,
        version: row.get("version")?,
        srpm: row.get("srpm")?,
        source: row.get("source")?,
        source_state: row.get("source_state")?,
        source_message: row.get("source_message")?,
        source_started_on: row.get("source_started_on")?,
        source_ended_on: row.get("source_ended_on")?,
        canceled: row.get("canceled")?,
        state: row.get("state")?,
        submitted_on: row.get("submitted_on")?,
        started_on: row.get("started_on")?,
        ended_on: row.get("ended_on")?,
        submitter: row.get("submitter")?,
        chroots: chroots.of(id)?,
        options: BuildOptions {
            background: row.get("background")?,
            timeout: Duration::from_secs(row.get::<u32>("timeout")?.into()),
            enable_net: row.get("enable_net")?,
            bootstrap: row.get("bootstrap")?,
            isolation: row.get("isolation")?,
        },
        batch: row.get("batch_id")?,
    })
}

/// Looks up which chroots builds were given. A further query for each build costs a tenth of what
/// a list made by SQLite does, and many builds share few names.
struct GivenChroots<'db> {
    db: &'db Connection,
    given: CachedStatement<'db>,
    names: HashMap<ChrootId, ChrootName>,
}

impl<'db> GivenChroots<'db> {
    fn new(db: &'db Connection) -> rusqlite::Result<GivenChroots<'db>> {
        let given = db.prepare_cached(
            "SELECT id, chroot_id FROM build_chroots WHERE build_id = ?1 LIMIT 10000",
        )?;
        Ok(GivenChroots { db, given, names: HashMap::new() })
    }

    /// In the order in which they were given.
    fn of(&mut self, build: BuildId) -> rusqlite::Result<Vec<ChrootName>> {
        let mut given: Vec<(i64, ChrootId)> = Vec::new();
        let mut rows = self.given.query([build])?;
        while let Some(row) = rows.next()? {
            given.push((row.get(0)?, row.get(1)?));
        }
        drop(rows);
        given.sort_unstable_by_key(|&(id, _)| id);
        given.into_iter().map(|(_, chroot)| self.name(chroot)).collect()
    }

    fn name(&mut self, chroot: ChrootId) -> rusqlite::Result<ChrootName> {
        if let Some(name) = self.names.get(&chroot) {
            return Ok(name.clone());
        }
        let mut query = self.db.prepare_cached("SELECT name FROM chroots WHERE id = ?1")?;
        let name: ChrootName = query.query_row([chroot], |row| row.get(0))?;
        self.names.insert(chroot, name.clone());
        Ok(name)
    }
}

/// A build that is not there yet.
pub struct NewBuild<'a> {
    /// The project.
    pub project: ProjectId,
    /// The directory it is to be published in.
    pub dir: DirId,
    /// The package, when it is known beforehand.
    pub package: Option<PackageId>,
    /// Who hands it in; `None` for webhooks.
    pub submitter: Option<UserId>,
    /// What it is made from.
    pub source: &'a SourceSpec,
    /// How it is to be built.
    pub options: &'a BuildOptions,
    /// Chroots it must not be given when they are given later.
    pub excluded: &'a [ChrootName],
    /// The set of builds it belongs to.
    pub batch: Option<BatchId>,
}

/// Adds a build whose source build is yet to be done.
pub fn insert(db: &Connection, new: &NewBuild<'_>) -> Result<BuildId> {
    db.prepare_cached(
        "INSERT INTO builds (project_id, dir_id, package_id, submitter_id, submitted_on, source,
             source_state, state, background, timeout, enable_net, bootstrap, isolation,
             chroots_excluded, batch_id)
         VALUES (:project, :dir, :package, :submitter, :now, :source, 'pending', 'pending',
             :background, :timeout, :enable_net, :bootstrap, :isolation, :excluded, :batch)",
    )?
    .execute(named_params! {
        ":project": new.project,
        ":dir": new.dir,
        ":package": new.package,
        ":submitter": new.submitter,
        ":now": Timestamp::now(),
        ":source": new.source,
        ":background": new.options.background,
        ":timeout": i64::try_from(new.options.timeout.as_secs()).unwrap_or(i64::MAX),
        ":enable_net": new.options.enable_net,
        ":bootstrap": new.options.bootstrap,
        ":isolation": new.options.isolation,
        ":excluded": Json(new.excluded),
        ":batch": new.batch,
    })?;
    Ok(BuildId(db.last_insert_rowid()))
}

/// The build with this number.
pub fn get(db: &Connection, id: BuildId) -> Result<Option<Build>> {
    Ok(these(db, &[id])?.pop())
}

/// The chroots a build must not be given.
pub fn excluded_chroots(db: &Connection, id: BuildId) -> Result<Vec<String>> {
    let Json(names) = db
        .prepare_cached("SELECT chroots_excluded FROM builds WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    Ok(names)
}

/// Which builds of a project are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Only those of this package.
    pub package: Option<&'a PackageName>,
    /// Only those in this state.
    pub state: Option<BuildState>,
    /// Only those in this directory.
    pub dir: Option<DirId>,
}

/// The numbers of a project's builds, newest first, out of an index alone.
pub fn ids(
    db: &Connection,
    project: ProjectId,
    filter: Filter<'_>,
    slice: Slice,
) -> Result<Vec<BuildId>> {
    let (limit, offset) = super::bounds(slice);
    // A directory belongs to one project: its own index is the one to go by.
    let project_by = if filter.dir.is_some() { "+project_id" } else { "project_id" };
    let mut sql = format!("SELECT id FROM builds WHERE {project_by} = ?1");
    let mut values: Vec<&dyn ToSql> = vec![&project, &limit, &offset];
    if let Some(package) = &filter.package {
        values.push(package);
        sql.push_str(
            " AND package_id = (SELECT id FROM packages WHERE project_id = ?1 AND name = ?4)",
        );
    }
    if let Some(state) = &filter.state {
        values.push(state);
        sql += &format!(" AND state = ?{}", values.len());
    }
    if let Some(dir) = &filter.dir {
        values.push(dir);
        sql += &format!(" AND dir_id = ?{}", values.len());
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?2 OFFSET ?3");
    db.prepare_cached(&sql)?
        .query_map(values.as_slice(), |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The builds with these numbers, in this order, without those that have gone.
pub fn these(db: &Connection, ids: &[BuildId]) -> Result<Vec<Build>> {
    let mut chroots = GivenChroots::new(db)?;
    let query = format!("{SELECT} WHERE b.id = ?1");
    super::these(db, &query, ids, |row| from_row(row, &mut chroots))
}

/// A project's builds, newest first.
pub fn list(
    db: &Connection,
    project: ProjectId,
    filter: Filter<'_>,
    slice: Slice,
) -> Result<Vec<Build>> {
    these(db, &ids(db, project, filter, slice)?)
}

/// The newest builds of listed projects, for the home page.
pub fn newest(db: &Connection, slice: Slice) -> Result<Vec<Build>> {
    let ids: rusqlite::Result<Vec<BuildId>> = db
        .prepare_cached(
            "SELECT b.id FROM builds b JOIN projects p ON p.id = b.project_id
             WHERE p.unlisted = 0 ORDER BY b.id DESC LIMIT ?1 OFFSET ?2",
        )?
        .query_map(super::bounds(slice), |row| row.get(0))?
        .collect();
    these(db, &ids?)
}

/// Builds of listed projects that have ended since then, the last one first.
pub fn ended(db: &Connection, since: Timestamp, slice: Slice) -> Result<Vec<Build>> {
    let (limit, offset) = super::bounds(slice);
    let ids: rusqlite::Result<Vec<BuildId>> = db
        .prepare_cached(
            "SELECT b.id FROM builds b JOIN projects p ON p.id = b.project_id
             WHERE b.ended_on >= ?1 AND p.unlisted = 0
             ORDER BY b.ended_on DESC, b.id DESC LIMIT ?2 OFFSET ?3",
        )?
        .query_map(params![since, limit, offset], |row| row.get(0))?
        .collect();
    these(db, &ids?)
}

/// Builds that a user has handed in since then, the last one first.
pub fn submitted_by(
    db: &Connection,
    user: UserId,
    since: Timestamp,
    slice: Slice,
) -> Result<Vec<Build>> {
    let (limit, offset) = super::bounds(slice);
    let ids: rusqlite::Result<Vec<BuildId>> = db
        .prepare_cached(
            "SELECT id FROM builds WHERE submitter_id = ?1 AND submitted_on >= ?2
             ORDER BY submitted_on DESC, id DESC LIMIT ?3 OFFSET ?4",
        )?
        .query_map(params![user, since, limit, offset], |row| row.get(0))?
        .collect();
    these(db, &ids?)
}

/// All builds that a user has handed in, by number: which, in what project, and when.
pub fn all_of_user(db: &Connection, user: UserId) -> Result<Vec<(BuildId, String, Timestamp)>> {
    db.prepare_cached(
        "SELECT b.id, p.owner || '/' || p.name, b.submitted_on
         FROM builds b JOIN projects p ON p.id = b.project_id
         WHERE b.submitter_id = ?1 ORDER BY b.id LIMIT 1000000",
    )?
    .query_map([user], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// The projects in which a user has handed in builds last, the last one first.
pub fn last_projects(db: &Connection, user: UserId, limit: u32) -> Result<Vec<ProjectId>> {
    db.prepare_cached(
        "SELECT project_id FROM (
             SELECT id, project_id FROM builds WHERE submitter_id = ?1 ORDER BY id DESC LIMIT 200)
         GROUP BY project_id ORDER BY max(id) DESC LIMIT ?2",
    )?
    .query_map(params![user, limit], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// How many builds a project has.
pub fn count(db: &Connection, project: ProjectId) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(max(builds), 0) FROM project_totals WHERE project_id = ?1",
        )?
        .query_row([project], |row| row.get(0))?)
}

/// How many builds a package has.
pub fn count_of(db: &Connection, package: PackageId) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM builds WHERE package_id = ?1")?
        .query_row([package], |row| row.get(0))?)
}

/// How many builds have ever been handed in: the last number given, which is never given again.
pub fn ever(db: &Connection) -> Result<u64> {
    let last: Option<i64> = db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'builds'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.map_or(0, i64::unsigned_abs))
}

/// A project's builds that are still under way.
pub fn unfinished(db: &Connection, project: ProjectId) -> Result<Vec<BuildId>> {
    db.prepare_cached(
        "SELECT id FROM builds WHERE project_id = ?1
             AND state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
         ORDER BY id LIMIT 100000",
    )?
    .query_map([project], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// A project's build that is still under way in this chroot, if there is one.
pub fn unfinished_in(
    db: &Connection,
    project: ProjectId,
    chroot: ChrootId,
) -> Result<Option<BuildId>> {
    Ok(db
        .prepare_cached(
            "SELECT b.id FROM builds b JOIN build_chroots bc ON bc.build_id = b.id
             WHERE b.project_id = ?1 AND bc.chroot_id = ?2
                 AND b.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
                 AND bc.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
             ORDER BY b.id LIMIT 1",
        )?
        .query_row(params![project, chroot], |row| row.get(0))
        .optional()?)
}

/// The directories of uploads that builds under way are made from.
pub fn uploads(db: &Connection) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT coalesce(json_extract(source, '$.dir'), json_extract(source, '$.hook')) AS dir
         FROM builds
         WHERE state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
             AND dir IS NOT NULL
         LIMIT 1000000",
    )?
    .query_map([], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Whether a build of a package is made from the upload in this directory.
pub fn has_upload(db: &Connection, package: PackageId, dir: &str) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM builds
             WHERE package_id = ?1 AND json_extract(source, '$.dir') = ?2)",
        )?
        .query_row(params![package, dir], |row| row.get(0))?)
}

/// Moves the source build on; notes when it starts and when it ends.
pub fn set_source_state(
    db: &Connection,
    id: BuildId,
    state: SourceState,
    message: Option<&str>,
) -> Result<()> {
    let now = Timestamp::now();
    let started = (state == SourceState::Starting).then_some(now);
    let ended = state.is_finished().then_some(now);
    db.prepare_cached(
        "UPDATE builds SET source_state = ?2, source_message = ?3,
             source_started_on = coalesce(?4, source_started_on), source_ended_on = ?5
         WHERE id = ?1",
    )?
    .execute(params![id, state, message, started, ended])?;
    refresh(db, id)
}

/// Notes what the source build has found out.
pub fn set_package(
    db: &Connection,
    id: BuildId,
    package: PackageId,
    version: &str,
    srpm: Option<&str>,
) -> Result<()> {
    db.prepare_cached("UPDATE builds SET package_id = ?2, version = ?3, srpm = ?4 WHERE id = ?1")?
        .execute(params![id, package, version, srpm])?;
    Ok(())
}

/// Notes that the source package has gone from the disk.
pub fn forget_srpm(db: &Connection, id: BuildId) -> Result<()> {
    db.prepare_cached("UPDATE builds SET srpm = NULL WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Marks a build as stopped by a user.
pub fn set_canceled(db: &Connection, id: BuildId) -> Result<()> {
    db.prepare_cached("UPDATE builds SET canceled = 1 WHERE id = ?1")?.execute([id])?;
    refresh(db, id)
}

/// Removes a build and its parts.
pub fn delete(db: &Connection, id: BuildId) -> Result<()> {
    db.prepare_cached("DELETE FROM builds WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Derives the state and the times of the whole from its parts. Everything that changes a part
/// calls this in the same transaction.
pub(super) fn refresh(db: &Connection, id: BuildId) -> Result<()> {
    let found = db
        .prepare_cached("SELECT canceled, source_state FROM builds WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((canceled, source)) = found else {
        return Err(StoreError::Corrupt(format!("build {id} has gone")));
    };
    let mut states: Vec<ChrootState> = Vec::new();
    let (mut started, mut ended, mut open) = (None::<Timestamp>, None::<Timestamp>, false);
    let mut parts = db.prepare_cached(
        "SELECT state, started_on, ended_on FROM build_chroots WHERE build_id = ?1 LIMIT 10000",
    )?;
    let mut rows = parts.query([id])?;
    while let Some(row) = rows.next()? {
        let state: ChrootState = row.get(0)?;
        let (start, end): (Option<Timestamp>, Option<Timestamp>) = (row.get(1)?, row.get(2)?);
        started = [started, start].into_iter().flatten().min();
        ended = ended.max(end);
        open |= end.is_none() && !state.is_finished();
        states.push(state);
    }
    let state = BuildState::derive(canceled, source, &states);
    db.prepare_cached(
        "UPDATE builds SET state = ?2, started_on = ?3, ended_on = ?4 WHERE id = ?1",
    )?
    .execute(params![id, state, started, ended.filter(|_| !open)])?;
    Ok(())
}

#[cfg(test)]
mod tests;
