//! The schema, as steps that are only ever added to.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::Result;

/// Brings the database up to date; one from a newer coprbox is refused.
pub(super) fn apply(connection: &mut Connection) -> Result<()> {
    loop {
        let before = version(connection)?;
        match all().to_latest(connection) {
            Ok(()) => return Ok(()),
            // Another command was quicker with the step we were at.
            Err(_) if version(connection)? > before => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn all() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/0001_initial.sql")),
        M::up(include_str!("migrations/0002_devel.sql")),
        M::up(include_str!("migrations/0003_life_cycle.sql")),
        M::up(include_str!("migrations/0004_deploy_keys.sql")),
        M::up(include_str!("migrations/0005_forks.sql")),
        M::up(include_str!("migrations/0006_lists.sql")),
        M::up(include_str!("migrations/0007_deliveries.sql")),
        M::up(include_str!("migrations/0008_polling.sql")),
        M::up(include_str!("migrations/0009_statistics.sql")),
        M::up(include_str!("migrations/0010_newest.sql")),
        M::up(include_str!("migrations/0011_redelivery.sql")),
        M::up(include_str!("migrations/0012_search.sql")),
        M::up(include_str!("migrations/0013_profiles.sql")),
        M::up(include_str!("migrations/0014_disk.sql")),
        M::up(include_str!("migrations/0015_dependencies.sql")),
        M::up(include_str!("migrations/0016_pins.sql")),
        M::up(include_str!("migrations/0017_batches.sql")),
        M::up(include_str!("migrations/0018_poll_trees.sql")),
        M::up(include_str!("migrations/0019_totals.sql")),
    ])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_steps_apply_to_an_empty_database() {
        super::all().validate().unwrap();
    }
}
