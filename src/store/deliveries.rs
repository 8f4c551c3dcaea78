//! What arrived at the webhooks of projects.

use rusqlite::{Connection, Row, params};

use super::Result;
use super::convert::Json;
use crate::model::ProjectId;
use crate::model::delivery::{Delivery, Letter};

/// How many deliveries a project keeps.
const KEPT: u32 = 100;

/// Notes a delivery; one that is too old to be kept makes room for it.
pub fn insert(db: &Connection, project: ProjectId, delivery: &Delivery) -> Result<()> {
    let letter = &delivery.letter;
    db.prepare_cached(
        "INSERT INTO deliveries (project_id, received_on, forge, event, delivery, user_agent,
             sender, outcome, builds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        project,
        delivery.received_on,
        letter.forge,
        letter.event,
        letter.delivery,
        letter.user_agent,
        letter.sender,
        delivery.outcome,
        Json(&delivery.builds),
    ])?;
    db.prepare_cached(
        "DELETE FROM deliveries WHERE project_id = ?1 AND id <= (
             SELECT id FROM deliveries WHERE project_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![project, KEPT])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let Json(builds) = row.get("builds")?;
    Ok(Delivery {
        received_on: row.get("received_on")?,
        letter: Letter {
            forge: row.get("forge")?,
            event: row.get("event")?,
            delivery: row.get("delivery")?,
            user_agent: row.get("user_agent")?,
            sender: row.get("sender")?,
        },
        outcome: row.get("outcome")?,
        builds,
    })
}

/// A project's deliveries, newest first: as many as are kept.
pub fn newest(db: &Connection, project: ProjectId) -> Result<Vec<Delivery>> {
    db.prepare_cached(
        "SELECT received_on, forge, event, delivery, user_agent, sender, outcome, builds
         FROM deliveries WHERE project_id = ?1 ORDER BY id DESC LIMIT ?2",
    )?
    .query_map(params![project, KEPT], from_row)?
    .map(|row| Ok(row?))
    .collect()
}
