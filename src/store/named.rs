//! Columns read in their order, each by its name.

use std::cell::Cell;

use rusqlite::Row;
use rusqlite::types::FromSql;

/// A row whose columns are read in the order of the query. SQLite finds a name by comparing it with
/// every column's, which costs more than the value; so the names here are for the reader, and are
/// compared only where programs are tested.
pub(super) struct Named<'row, 'stmt> {
    row: &'row Row<'stmt>,
    next: Cell<usize>,
}

impl<'row, 'stmt> Named<'row, 'stmt> {
    /// The columns of `row` from `first` on.
    pub(super) fn new(row: &'row Row<'stmt>, first: usize) -> Named<'row, 'stmt> {
        Named { row, next: Cell::new(first) }
    }

    /// The value of the next column, which has this name.
    pub(super) fn get<T: FromSql>(&self, name: &str) -> rusqlite::Result<T> {
        let column = self.next.replace(self.next.get() + 1);
        debug_assert_eq!(self.row.as_ref().column_name(column), Ok(name), "out of order");
        self.row.get(column)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn columns_are_read_in_their_order() {
        let db = Connection::open_in_memory().unwrap();
        let read = |row: &Row<'_>| {
            let row = Named::new(row, 1);
            Ok((row.get("b")?, row.get("c")?))
        };
        let found: (i64, i64) = db.query_row("SELECT 1 AS a, 2 AS b, 3 AS c", [], read).unwrap();
        assert_eq!(found, (2, 3));
    }

    #[test]
    #[should_panic(expected = "out of order")]
    fn another_column_is_a_mistake() {
        let db = Connection::open_in_memory().unwrap();
        let read = |row: &Row<'_>| Named::new(row, 0).get::<i64>("b");
        let _ = db.query_row("SELECT 1 AS a, 2 AS b", [], read);
    }
}
