//! Queued work. The rows are the truth; whoever is woken looks here.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::convert::Json;
use super::{Result, StoreError};
use crate::clock::Timestamp;
use crate::model::job::{Candidate, Job, Phase, Tidy, Work};
use crate::model::{BuildChrootId, BuildId, DirId, JobId, ProjectId};

/// Queues the source build of a build.
pub fn queue_source(db: &Connection, build: BuildId) -> Result<()> {
    queue_build(db, "source", build, None)
}

/// Queues one chroot of a build.
pub fn queue_chroot(db: &Connection, build: BuildId, chroot: BuildChrootId) -> Result<()> {
    queue_build(db, "chroot", build, Some(chroot))
}

fn queue_build(
    db: &Connection,
    kind: &str,
    build: BuildId,
    chroot: Option<BuildChrootId>,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO jobs (kind, build_id, build_chroot_id, owner, background, state, queued_on)
         SELECT ?1, b.id, ?3, p.owner, b.background, 'queued', ?4
         FROM builds b JOIN projects p ON p.id = b.project_id WHERE b.id = ?2",
    )?
    .execute(params![kind, build, chroot, Timestamp::now()])?;
    Ok(())
}

/// Queues work on the results tree.
pub fn queue_tidy(db: &Connection, tidy: &Tidy) -> Result<JobId> {
    db.prepare_cached(
        "INSERT INTO jobs (kind, payload, state, queued_on) VALUES ('tidy', ?1, 'queued', ?2)",
    )?
    .execute(params![Json(tidy), Timestamp::now()])?;
    Ok(JobId(db.last_insert_rowid()))
}

/// Queues work on the results tree that nobody takes before [`release_tidy`], or before `until`
/// when that never comes.
pub fn hold_tidy(db: &Connection, tidy: &Tidy, until: Timestamp) -> Result<JobId> {
    let id = queue_tidy(db, tidy)?;
    put_back(db, id, until)?;
    Ok(id)
}

/// Says what held work is to be, and lets it go.
pub fn release_tidy(db: &Connection, id: JobId, tidy: &Tidy) -> Result<()> {
    db.prepare_cached("UPDATE jobs SET payload = ?2, not_before = 0 WHERE id = ?1")?
        .execute(params![id, Json(tidy)])?;
    Ok(())
}

/// Lets go of held work that nobody will release any more, because its server has ended.
pub fn release_all(db: &Connection) -> Result<()> {
    db.prepare_cached("UPDATE jobs SET not_before = 0 WHERE kind = 'tidy' AND not_before > 0")?
        .execute([])?;
    Ok(())
}

/// Whether work is queued that removes this path. Looks at all work on the results tree, of which
/// there is little.
pub fn removes(db: &Connection, path: &str) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM jobs, json_each(jobs.payload, '$.remove') path
                 WHERE jobs.kind = 'tidy' AND path.value = ?1
             )",
        )?
        .query_row([path], |row| row.get(0))?)
}

/// Whether work is queued that makes metadata of this directory anew. Looks at all work on the
/// results tree, of which there is little.
pub fn renews(db: &Connection, dir: DirId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM jobs, json_each(jobs.payload, '$.repos') repo
             WHERE jobs.kind = 'tidy' AND json_extract(repo.value, '$.dir') = ?1 LIMIT 1",
        )?
        .exists([dir])?)
}

/// Whether a job is worth waiting for: it runs, or has not been tried yet. One that was tried and
/// put back may stay in the queue for ever.
pub fn is_under_way(db: &Connection, id: JobId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM jobs WHERE id = ?1 AND (state = 'running' OR attempt = 0)
             )",
        )?
        .query_row([id], |row| row.get(0))?)
}

/// Whether any work is queued or running.
pub fn any(db: &Connection) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM jobs LIMIT 1")?.exists([])?)
}

/// The next source build and the next chroot build of each owner, foreground and background
/// apart: all that the scheduler needs to choose fairly. Builds that wait for a batch are left
/// out: they are found once, from the builds that are not finished, not for each job. Runs along
/// an index over the queue.
pub fn candidates(db: &Connection) -> Result<Vec<Candidate>> {
    db.prepare_cached(
        "SELECT min(id), kind, background, owner FROM jobs
         WHERE state = 'queued' AND kind IN ('source', 'chroot') AND not_before <= ?1
             AND build_id NOT IN (
                 SELECT b.id FROM builds other INDEXED BY builds_unfinished
                 CROSS JOIN batches own ON own.blocked_by = other.batch_id
                 CROSS JOIN builds b ON b.batch_id = own.id
                 WHERE other.state NOT IN
                     ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
             )
         GROUP BY kind, background, owner LIMIT 100000",
    )?
    .query_map([Timestamp::now()], |row| {
        let kind: String = row.get(1)?;
        Ok(Candidate {
            job: row.get(0)?,
            owner: row.get(3)?,
            background: row.get(2)?,
            source: kind == "source",
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// The oldest queued work on the results tree.
pub fn next_tidy(db: &Connection) -> Result<Option<JobId>> {
    Ok(db
        .prepare_cached(
            "SELECT min(id) FROM jobs
             WHERE state = 'queued' AND kind = 'tidy' AND not_before <= ?1",
        )?
        .query_row([Timestamp::now()], |row| row.get(0))?)
}

/// The owners of the builds that are running, one entry for each job.
pub fn running_owners(db: &Connection) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT owner FROM jobs WHERE state = 'running' AND kind != 'tidy' LIMIT 10000",
    )?
    .query_map([], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(JobId, Option<Work>, u32)> {
    let phase: String = row.get("phase")?;
    let build: Option<BuildId> = row.get("build_id")?;
    let chroot: Option<BuildChrootId> = row.get("build_chroot_id")?;
    let tidy: Option<Json<Tidy>> = row.get("payload")?;
    let phase = if phase == "publish" { Phase::Publish } else { Phase::Build };
    let work = match (build, chroot, tidy) {
        (Some(build), Some(chroot), None) => Some(Work::Chroot { build, chroot, phase }),
        (Some(build), None, None) => Some(Work::Source(build)),
        (None, None, Some(Json(tidy))) => Some(Work::Tidy(tidy)),
        _ => None,
    };
    Ok((row.get("id")?, work, row.get("attempt")?))
}

/// Takes a queued job; `None` when another was faster.
pub fn claim(db: &Connection, id: JobId) -> Result<Option<Job>> {
    let row = db
        .prepare_cached(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1
             WHERE id = ?1 AND state = 'queued'
             RETURNING id, build_id, build_chroot_id, payload, phase, attempt",
        )?
        .query_row([id], from_row)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let claimed = job(row)?;
    Ok(Some(Job { attempt: claimed.attempt.saturating_sub(1), ..claimed }))
}

fn job((id, work, attempt): (JobId, Option<Work>, u32)) -> Result<Job> {
    let work = work.ok_or_else(|| StoreError::Corrupt(format!("job {id} is of no kind")))?;
    Ok(Job { id, work, attempt })
}

/// Notes that a chroot is built and only signing and publishing is left, which is counted anew.
pub fn set_publishing(db: &Connection, id: JobId) -> Result<()> {
    db.prepare_cached("UPDATE jobs SET phase = 'publish', attempt = 0 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Whether a chroot is built and only signing and publishing is left.
pub fn is_publishing(db: &Connection, id: JobId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1 AND phase = 'publish'")?.exists([id])?)
}

/// Puts a job back into the queue, not to be taken before the given moment.
pub fn put_back(db: &Connection, id: JobId, not_before: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE jobs SET state = 'queued', not_before = ?2 WHERE id = ?1")?
        .execute(params![id, not_before])?;
    Ok(())
}

/// Puts a job back into the queue as if it had not been begun this time.
pub fn hand_back(db: &Connection, id: JobId) -> Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET state = 'queued', not_before = 0, attempt = max(attempt - 1, 0)
         WHERE id = ?1",
    )?
    .execute([id])?;
    Ok(())
}

/// Removes a job whose work is done.
pub fn finish(db: &Connection, id: JobId) -> Result<()> {
    db.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// What was running when the last server ended; `attempt` counts that one, too.
pub fn running(db: &Connection) -> Result<Vec<Job>> {
    db.prepare_cached(
        "SELECT id, build_id, build_chroot_id, payload, phase, attempt FROM jobs
         WHERE state = 'running' ORDER BY +id LIMIT 10000",
    )?
    .query_map([], from_row)?
    .map(|row| job(row?))
    .collect()
}

/// The jobs whose packages are built and wait in scratch space.
pub fn publishing(db: &Connection) -> Result<Vec<JobId>> {
    db.prepare_cached("SELECT id FROM jobs WHERE phase = 'publish' LIMIT 10000")?
        .query_map([], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The jobs of a project's builds that are running. Runs along an index over the running ones.
pub fn running_in(db: &Connection, project: ProjectId) -> Result<Vec<JobId>> {
    db.prepare_cached(
        "SELECT j.id FROM jobs j JOIN builds b ON b.id = j.build_id
         WHERE j.state = 'running' AND b.project_id = ?1 LIMIT 10000",
    )?
    .query_map([project], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Removes the queued jobs of a build; says which of its jobs are running and stay.
pub fn withdraw(db: &Connection, build: BuildId) -> Result<Vec<JobId>> {
    db.prepare_cached("DELETE FROM jobs WHERE build_id = ?1 AND state = 'queued'")?
        .execute([build])?;
    db.prepare_cached("SELECT id FROM jobs WHERE build_id = ?1 LIMIT 10000")?
        .query_map([build], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// Removes the queued job of a chroot of a build.
pub fn withdraw_chroot(db: &Connection, chroot: BuildChrootId) -> Result<()> {
    db.prepare_cached("DELETE FROM jobs WHERE build_chroot_id = ?1 AND state = 'queued'")?
        .execute([chroot])?;
    Ok(())
}

/// How many builds are queued and running.
pub fn counts(db: &Connection) -> Result<(u32, u32)> {
    Ok(db
        .prepare_cached(
            "SELECT
                 (SELECT count(*) FROM jobs WHERE state = 'queued' AND kind IN ('source', 'chroot')),
                 (SELECT count(*) FROM jobs WHERE state = 'running' AND kind != 'tidy')",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
