//! Packages whose sources the server looks at by itself: whose turn it is, and what was found.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::PackageId;
use crate::model::poll::Poll;

/// Which packages are polled: the words of the index, as SQLite wants them to use it.
const POLLED: &str = "(poll = 1 OR (webhook_rebuild = 1
    AND json_extract(source, '$.type') IN ('pypi', 'rubygems')))";

/// Packages whose turn it is, those that have waited longest first.
pub fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<PackageId>> {
    db.prepare_cached(&format!(
        "SELECT id FROM packages WHERE {POLLED} AND poll_on <= ?1 ORDER BY poll_on LIMIT ?2"
    ))?
    .query_map(params![now, limit], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Whether a package is polled.
pub fn is_polled(db: &Connection, package: PackageId) -> Result<bool> {
    Ok(db
        .prepare_cached(&format!("SELECT 1 FROM packages WHERE id = ?1 AND {POLLED}"))?
        .exists([package])?)
}

/// Sets when a package's next turn is.
pub fn set_turn(db: &Connection, package: PackageId, on: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE packages SET poll_on = ?2 WHERE id = ?1")?
        .execute(params![package, on])?;
    Ok(())
}

/// The last look at a package's upstream.
pub fn last(db: &Connection, package: PackageId) -> Result<Option<Poll>> {
    Ok(db
        .prepare_cached(
            "SELECT upstream, seen, tree, looked_on, failures, trouble FROM polls WHERE package_id = ?1",
        )?
        .query_row([package], from_row)
        .optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Poll> {
    Ok(Poll {
        upstream: row.get("upstream")?,
        seen: row.get("seen")?,
        tree: row.get("tree")?,
        looked_on: row.get("looked_on")?,
        failures: row.get("failures")?,
        trouble: row.get("trouble")?,
    })
}

/// Notes a look, in place of the one before.
pub fn note(db: &Connection, package: PackageId, poll: &Poll) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO polls (package_id, upstream, seen, tree, looked_on, failures, trouble)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (package_id) DO UPDATE SET
             upstream = excluded.upstream, seen = excluded.seen, tree = excluded.tree,
             looked_on = excluded.looked_on, failures = excluded.failures,
             trouble = excluded.trouble",
    )?
    .execute(params![
        package,
        poll.upstream,
        poll.seen,
        poll.tree,
        poll.looked_on,
        poll.failures,
        poll.trouble,
    ])?;
    Ok(())
}
