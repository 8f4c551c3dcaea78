//! The queue as people look at it. What the engine does with it is in [`super::jobs`].

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::job::Candidate;
use crate::model::{BatchId, BuildId, ChrootId, ChrootName, JobId, Owner, PackageId, ProjectName};

/// A source build or a chroot build that is queued or at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number in the queue.
    pub job: JobId,
    /// The build.
    pub build: BuildId,
    /// Its package, once known.
    pub package: Option<PackageId>,
    /// The chroot; `None` for the source build.
    pub chroot: Option<(ChrootId, ChrootName)>,
    /// The owner in whose turn it is.
    pub owner: String,
    /// It gives way to all that is not in the background.
    pub background: bool,
    /// When it was queued.
    pub queued_on: Timestamp,
    /// How far it is: a state of a chroot or of a source build.
    pub state: String,
    /// Since when it is at work.
    pub started_on: Option<Timestamp>,
}

const SELECT: &str = "
SELECT j.id, j.build_id, b.package_id, c.id, c.name, j.owner, j.background, j.queued_on,
       coalesce(bc.state, b.source_state), iif(bc.id IS NULL, b.source_started_on, bc.started_on)
FROM jobs j JOIN builds b ON b.id = j.build_id
LEFT JOIN build_chroots bc ON bc.id = j.build_chroot_id
LEFT JOIN chroots c ON c.id = bc.chroot_id";

/// What keeps a job from being taken although its turn may have come: it waits for a batch.
const NOT_BLOCKED: &str = "NOT EXISTS (
    SELECT 1 FROM builds b
    JOIN batches own ON own.id = b.batch_id
    JOIN builds other ON other.batch_id = own.blocked_by
    WHERE b.id = j.build_id
        AND other.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled'))";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Task> {
    let chroot: (Option<ChrootId>, Option<ChrootName>) = (row.get(3)?, row.get(4)?);
    Ok(Task {
        job: row.get(0)?,
        build: row.get(1)?,
        package: row.get(2)?,
        chroot: chroot.0.zip(chroot.1),
        owner: row.get(5)?,
        background: row.get(6)?,
        queued_on: row.get(7)?,
        state: row.get(8)?,
        started_on: row.get(9)?,
    })
}

/// The tasks that wait in the same line as `line` and are not before it, oldest first.
pub fn in_line(db: &Connection, line: &Candidate, limit: u32) -> Result<Vec<Task>> {
    let kind = if line.source { "source" } else { "chroot" };
    db.prepare_cached(&format!(
        "{SELECT} WHERE j.state = 'queued' AND j.kind = ?1 AND j.background = ?2 AND j.owner = ?3
             AND j.id >= ?4 AND j.not_before <= ?5 AND {NOT_BLOCKED}
         ORDER BY j.id LIMIT ?6"
    ))?
    .query_map(
        params![kind, line.background, line.owner, line.job, Timestamp::now(), limit],
        from_row,
    )?
    .map(|row| Ok(row?))
    .collect()
}

/// What is at work, the first to be begun first.
pub fn at_work(db: &Connection) -> Result<Vec<Task>> {
    db.prepare_cached(&format!(
        "{SELECT} WHERE j.id IN (SELECT id FROM jobs WHERE state = 'running' AND kind != 'tidy')
         ORDER BY j.id LIMIT 10000"
    ))?
    .query_map([], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// How many tasks wait, and how many of them in the background.
pub fn waiting(db: &Connection) -> Result<(u32, u32)> {
    Ok(db
        .prepare_cached(
            "SELECT count(*), coalesce(sum(background), 0) FROM jobs
             WHERE state = 'queued' AND kind IN ('source', 'chroot')",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Tasks of one project that wait for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Whose they are.
    pub owner: Owner,
    /// The project.
    pub project: ProjectName,
    /// The chroot; `None` for source builds.
    pub chroot: Option<ChrootName>,
    /// They are in the background.
    pub background: bool,
    /// How many there are.
    pub count: u32,
}

/// All that waits, put together by project and chroot, the most first.
pub fn crowds(db: &Connection, limit: u32) -> Result<Vec<Crowd>> {
    db.prepare_cached(
        "SELECT p.owner, p.name, c.name, j.background, count(*) AS many
         FROM jobs j JOIN builds b ON b.id = j.build_id JOIN projects p ON p.id = b.project_id
         LEFT JOIN build_chroots bc ON bc.id = j.build_chroot_id
         LEFT JOIN chroots c ON c.id = bc.chroot_id
         WHERE j.state = 'queued' AND j.kind IN ('source', 'chroot')
         GROUP BY p.id, c.id, j.background ORDER BY many DESC, p.id LIMIT ?1",
    )?
    .query_map([limit], |row| {
        Ok(Crowd {
            owner: row.get(0)?,
            project: row.get(1)?,
            chroot: row.get(2)?,
            background: row.get(3)?,
            count: row.get(4)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// A set of builds of which some are unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// Its number.
    pub id: BatchId,
    /// The set that it waits for.
    pub blocked_by: Option<BatchId>,
    /// A project that has builds in it.
    pub project: String,
    /// How many of its builds are unfinished.
    pub open: u32,
    /// How many builds it has.
    pub builds: u32,
}

/// The sets with unfinished builds, oldest first.
pub fn batches(db: &Connection, limit: u32) -> Result<Vec<OpenBatch>> {
    db.prepare_cached(
        "SELECT a.id, a.blocked_by, min(p.owner || '/' || p.name), count(*),
             (SELECT count(*) FROM builds o WHERE o.batch_id = a.id)
         FROM builds b INDEXED BY builds_unfinished
         JOIN batches a ON a.id = b.batch_id JOIN projects p ON p.id = b.project_id
         WHERE b.state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
         GROUP BY a.id ORDER BY a.id LIMIT ?1",
    )?
    .query_map([limit], |row| {
        Ok(OpenBatch {
            id: row.get(0)?,
            blocked_by: row.get(1)?,
            project: row.get(2)?,
            open: row.get(3)?,
            builds: row.get(4)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// How many seconds the last builds of a package in a chroot took; `None` where there were none.
pub fn usual(db: &Connection, package: PackageId, chroot: ChrootId) -> Result<Option<u64>> {
    // CROSS keeps SQLite from going through all that was ever built in the chroot.
    seconds(
        db,
        "SELECT avg(seconds) FROM (
             SELECT bc.ended_on - bc.started_on AS seconds
             FROM (SELECT id FROM builds WHERE package_id = ?1 ORDER BY id DESC LIMIT 30) b
             CROSS JOIN build_chroots bc ON bc.build_id = b.id AND bc.chroot_id = ?2
             WHERE bc.state = 'succeeded' AND bc.ended_on >= bc.started_on LIMIT 5)",
        params![package, chroot],
    )
}

/// How many seconds the last source builds took: those of a package, or of all.
pub fn usual_source(db: &Connection, package: Option<PackageId>) -> Result<Option<u64>> {
    let of = if package.is_some() { "WHERE package_id = ?1" } else { "WHERE ?1 IS NULL" };
    let sql = format!(
        "SELECT avg(seconds) FROM (
             SELECT source_ended_on - source_started_on AS seconds
             FROM (SELECT source_started_on, source_ended_on FROM builds {of}
                   ORDER BY id DESC LIMIT 30)
             WHERE source_ended_on >= source_started_on LIMIT 5)"
    );
    seconds(db, &sql, params![package])
}

fn seconds(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Option<u64>> {
    let found: Option<Option<f64>> =
        db.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    let whole = |seconds: f64| std::time::Duration::try_from_secs_f64(seconds).ok();
    Ok(found.flatten().and_then(whole).map(|span| span.as_secs()))
}
