//! Counts over time: how long the queue was, what was built where. What ended is counted by a
//! trigger of the schema, the queue by whoever calls [`sample`].

use rusqlite::{Connection, Row, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::{ChrootId, ChrootName, ProjectId};

/// The width of a stretch of time, and how many of them are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Seconds.
    pub width: i64,
    /// How many stretches are kept.
    pub kept: i64,
}

/// Ten minutes of the queue, for a day.
pub const QUEUE_DAY: Span = Span { width: 600, kept: 145 };
/// Six hours of the queue, for ninety days.
pub const QUEUE_MONTHS: Span = Span { width: 21_600, kept: 361 };
/// An hour of builds, for a day.
pub const BUILT_DAY: Span = Span { width: 3600, kept: 25 };
/// A day of builds, for ninety days.
pub const BUILT_MONTHS: Span = Span { width: 86_400, kept: 91 };
/// Thirty days of a project's builds.
const PROJECT: i64 = 2_592_000;

impl Span {
    /// The beginning of the stretch that holds this moment.
    pub fn begin(self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.div_euclid(self.width) * self.width)
    }

    /// The beginning of the oldest stretch that is kept.
    pub fn oldest(self, now: Timestamp) -> Timestamp {
        Timestamp(self.begin(now).0 - (self.kept - 1) * self.width)
    }
}

/// The most of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When the stretch begins.
    pub at: Timestamp,
    /// Builds that waited.
    pub waiting: u64,
    /// Builds that were at work.
    pub working: u64,
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// Notes how many builds wait and are at work, where that is more than what was noted before.
pub fn sample(db: &Connection, now: Timestamp, waiting: u32, working: u32) -> Result<()> {
    for span in [QUEUE_DAY, QUEUE_MONTHS] {
        db.prepare_cached(
            "INSERT INTO queue_samples (span, at, waiting, working) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET waiting = max(waiting, excluded.waiting),
                 working = max(working, excluded.working)",
        )?
        .execute(params![span.width, span.begin(now), waiting, working])?;
    }
    Ok(())
}

/// What was noted of the queue, oldest first.
pub fn samples(db: &Connection, span: Span, now: Timestamp) -> Result<Vec<Sample>> {
    db.prepare_cached(
        "SELECT at, waiting, working FROM queue_samples
         WHERE span = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY at LIMIT 1000",
    )?
    .query_map(params![span.width, span.oldest(now), now], |row| {
        Ok(Sample { at: row.get(0)?, waiting: count(row, 1)?, working: count(row, 2)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// What was built in a chroot in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// When the stretch begins.
    pub at: Timestamp,
    /// The chroot.
    pub chroot: ChrootName,
    /// How many builds succeeded.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
    /// How long all of them took, in seconds.
    pub seconds: u64,
}

/// What was built in each stretch of time and chroot, oldest first.
pub fn built(db: &Connection, span: Span, now: Timestamp) -> Result<Vec<Built>> {
    db.prepare_cached(
        "SELECT n.at, c.name, n.succeeded, n.failed, n.seconds
         FROM chroot_counts n JOIN chroots c ON c.id = n.chroot_id
         WHERE n.span = ?1 AND n.at BETWEEN ?2 AND ?3 ORDER BY n.at, c.id LIMIT 100000",
    )?
    .query_map(params![span.width, span.oldest(now), now], |row| {
        Ok(Built {
            at: row.get(0)?,
            chroot: row.get(1)?,
            succeeded: count(row, 2)?,
            failed: count(row, 3)?,
            seconds: count(row, 4)?,
        })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// How many seconds a build in this chroot took on the average of the last stretches; `None` where
/// nothing was built.
pub fn usual_seconds(db: &Connection, chroot: ChrootId) -> Result<Option<u64>> {
    Ok(db
        .prepare_cached(
            "SELECT sum(seconds) / sum(succeeded + failed) FROM (
                 SELECT seconds, succeeded, failed FROM chroot_counts
                 WHERE chroot_id = ?1 AND span = ?2 ORDER BY at DESC LIMIT 14)",
        )?
        .query_row(params![chroot, BUILT_MONTHS.width], |row| row.get::<_, Option<i64>>(0))?
        .map(i64::unsigned_abs))
}

/// The listed projects in which most was built in the last thirty to sixty days, with how much.
pub fn busiest(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<(ProjectId, u64)>> {
    let this = now.0.div_euclid(PROJECT) * PROJECT;
    let mut found: Vec<(ProjectId, u64)> = Vec::new();
    for at in [this, this - PROJECT] {
        let mut query = db.prepare_cached(
            "SELECT n.project_id, n.builds FROM project_counts n JOIN projects p ON p.id = n.project_id
             WHERE n.at = ?1 AND p.unlisted = 0 ORDER BY n.builds DESC LIMIT ?2",
        )?;
        let rows = query.query_map(params![at, limit], |row| Ok((row.get(0)?, count(row, 1)?)))?;
        for row in rows {
            let (project, builds): (ProjectId, u64) = row?;
            match found.iter_mut().find(|(known, _)| *known == project) {
                Some((_, sum)) => *sum += builds,
                None => found.push((project, builds)),
            }
        }
    }
    found.sort_by_key(|(project, builds)| (std::cmp::Reverse(*builds), *project));
    found.truncate(limit as usize);
    Ok(found)
}

/// How many projects are built in each chroot that the server offers, the most first.
pub fn chroot_users(db: &Connection) -> Result<Vec<(ChrootName, u64)>> {
    db.prepare_cached(
        "SELECT c.name, (SELECT count(*) FROM project_chroots pc WHERE pc.chroot_id = c.id) AS many
         FROM chroots c WHERE c.active ORDER BY many DESC, c.name LIMIT 1000",
    )?
    .query_map([], |row| Ok((row.get(0)?, count(row, 1)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// Forgets what is older than anybody looks at.
pub fn forget_old(db: &Connection, now: Timestamp) -> Result<()> {
    for span in [QUEUE_DAY, QUEUE_MONTHS] {
        db.prepare_cached("DELETE FROM queue_samples WHERE span = ?1 AND at < ?2")?
            .execute(params![span.width, span.oldest(now)])?;
    }
    for span in [BUILT_DAY, BUILT_MONTHS] {
        db.prepare_cached("DELETE FROM chroot_counts WHERE span = ?1 AND at < ?2")?
            .execute(params![span.width, span.oldest(now)])?;
    }
    let month = now.0.div_euclid(PROJECT) * PROJECT;
    db.prepare_cached("DELETE FROM project_counts WHERE at < ?1")?.execute([month - PROJECT])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreError, testing};

    #[test]
    fn a_stretch_keeps_the_most_and_old_ones_go() {
        let store = testing::store();
        let now = Timestamp(QUEUE_MONTHS.width * 1000);
        let later = Timestamp(now.0 + QUEUE_DAY.width * QUEUE_DAY.kept);
        let seen = store.write_now(|tx| {
            sample(tx, now, 3, 2)?;
            sample(tx, Timestamp(now.0 + 599), 1, 4)?;
            let first = samples(tx, QUEUE_DAY, Timestamp(now.0 + 600))?;
            assert_eq!(first, [Sample { at: now, waiting: 3, working: 4 }]);
            forget_old(tx, later)?;
            Ok::<_, StoreError>((samples(tx, QUEUE_DAY, later)?, samples(tx, QUEUE_MONTHS, later)?))
        });
        let (day, months) = seen.unwrap();
        assert!(day.is_empty());
        assert_eq!(months.len(), 1);
    }
}
