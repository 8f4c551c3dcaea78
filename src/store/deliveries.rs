//! What arrived at the webhooks of projects.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Result;
use super::convert::Json;
use crate::clock::Timestamp;
use crate::model::delivery::{Arrival, Content, Delivery, Forge, Letter};
use crate::model::list::Slice;
use crate::model::{BuildId, DeliveryId, ProjectId};

/// How many deliveries a project keeps.
pub const KEPT: u32 = 100;
/// Of how many it keeps what came with them.
const WHOLE: u32 = 25;
/// The longest payload that is kept, in bytes.
pub const LONGEST: usize = 256 << 10;

const SELECT: &str = "
SELECT id, received_on, forge, event, delivery, user_agent, sender, package, dir, size, repeats,
       outcome, builds
FROM deliveries";

/// Notes a delivery; one that is too old to be kept makes room for it.
pub fn insert(
    db: &Connection,
    project: ProjectId,
    (received_on, arrival): (Timestamp, &Arrival),
    outcome: &str,
    builds: &[BuildId],
) -> Result<DeliveryId> {
    let letter = &arrival.letter;
    db.prepare_cached(
        "INSERT INTO deliveries (project_id, received_on, forge, event, delivery, user_agent,
             sender, package, dir, size, repeats, outcome, builds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        project,
        received_on,
        letter.forge,
        letter.event,
        letter.delivery,
        letter.user_agent,
        letter.sender,
        arrival.package,
        arrival.dir,
        u32::try_from(arrival.payload.len()).unwrap_or(u32::MAX),
        arrival.repeats,
        outcome,
        Json(builds),
    ])?;
    let id = DeliveryId(db.last_insert_rowid());
    // What came may be empty, and is kept like anything else; of a look of our own nothing came.
    if letter.forge != Forge::Poll {
        let payload = Some(&arrival.payload).filter(|payload| payload.len() <= LONGEST);
        db.prepare_cached(
            "INSERT INTO delivery_contents (delivery_id, headers, payload) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![id, Json(&arrival.headers), payload])?;
    }
    make_room(db, project)?;
    Ok(id)
}

fn make_room(db: &Connection, project: ProjectId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM deliveries WHERE project_id = ?1 AND id <= (
             SELECT id FROM deliveries WHERE project_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![project, KEPT])?;
    db.prepare_cached(
        "DELETE FROM delivery_contents WHERE delivery_id IN (
             SELECT id FROM deliveries WHERE project_id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3)",
    )?
    .execute(params![project, KEPT, WHOLE])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let Json(builds) = row.get("builds")?;
    Ok(Delivery {
        id: row.get("id")?,
        received_on: row.get("received_on")?,
        letter: Letter {
            forge: row.get("forge")?,
            event: row.get("event")?,
            delivery: row.get("delivery")?,
            user_agent: row.get("user_agent")?,
            sender: row.get("sender")?,
        },
        package: row.get("package")?,
        dir: row.get("dir")?,
        size: row.get("size")?,
        repeats: row.get("repeats")?,
        outcome: row.get("outcome")?,
        builds,
    })
}

/// A project's deliveries, newest first.
pub fn newest(db: &Connection, project: ProjectId, slice: Slice) -> Result<Vec<Delivery>> {
    let (limit, offset) = super::bounds(slice);
    db.prepare_cached(&format!(
        "{SELECT} WHERE project_id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(params![project, limit, offset], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// How many deliveries a project has: no more than it keeps.
pub fn count(db: &Connection, project: ProjectId) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM deliveries WHERE project_id = ?1")?
        .query_row([project], |row| row.get(0))?)
}

/// The delivery of a project with this number.
pub fn find(db: &Connection, project: ProjectId, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND project_id = ?2"))?
        .query_row(params![id, project], from_row)
        .optional()?)
}

/// What came with a delivery, where that is still there.
pub fn content(db: &Connection, id: DeliveryId) -> Result<Option<Content>> {
    Ok(db
        .prepare_cached("SELECT headers, payload FROM delivery_contents WHERE delivery_id = ?1")?
        .query_row([id], |row| {
            let Json(headers) = row.get("headers")?;
            Ok(Content { headers, payload: row.get("payload")? })
        })
        .optional()?)
}
