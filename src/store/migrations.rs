//! The schema, as steps that are only ever added to.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::Result;

/// Brings the database up to date; one from a newer coprbox is refused.
pub(super) fn apply(connection: &mut Connection) -> Result<()> {
    Ok(all().to_latest(connection)?)
}

fn all() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("migrations/0001_initial.sql"))])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_steps_apply_to_an_empty_database() {
        super::all().validate().unwrap();
    }
}
