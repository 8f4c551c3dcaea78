//! Where things are kept: SQLite, and nothing else.
//!
//! One writer and a pool of readers (`query_only`), WAL between them. Queries are plain functions
//! over `&Connection`, one file for each aggregate, SQL as text: they can be tested without a
//! runtime and used inside any transaction. Async code reaches them through [`Store::read`] and
//! [`Store::write`] alone, which run them off the async threads.

pub mod batches;
pub mod build_chroots;
pub mod builds;
pub mod chroots;
mod convert;
pub mod deliveries;
pub mod dependencies;
pub mod deploy_keys;
pub mod expiry;
pub mod forks;
pub mod groups;
pub mod jobs;
mod migrations;
pub mod monitor;
mod named;
pub mod packages;
pub mod permissions;
pub mod pins;
pub mod polls;
pub mod project_chroots;
pub mod projects;
pub mod queue;
pub mod search;
pub mod sessions;
pub mod sizes;
pub mod statistics;
pub mod tokens;
pub mod users;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
pub use rusqlite::Connection;
use rusqlite::{OpenFlags, OptionalExtension, Row, ToSql, Transaction, TransactionBehavior};
use tokio::sync::{Semaphore, watch};

use self::writer::Writer;
use crate::model::list::{Direction, Slice};

/// How many reads may be under way at once; more wait without occupying a thread.
const READERS: u32 = 8;

/// What can go wrong with the store itself. None of it is a user's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused or failed.
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// No connection could be had.
    #[error("no connection to the database: {0}")]
    Pool(#[from] r2d2::Error),
    /// The schema could not be brought up to date.
    #[error("the database cannot be brought up to date: {0}; is it from a newer coprbox?")]
    Migration(#[from] rusqlite_migration::Error),
    /// A value that the model does not know.
    #[error("the database holds a value that should not be there: {0}")]
    Corrupt(String),
    /// The thread that ran the query has ended early.
    #[error("a database query did not end: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The server ends, and nobody makes changes any more.
    #[error("the change was not made: the server is stopping")]
    Stopped,
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> StoreError {
        StoreError::Corrupt(error.to_string())
    }
}

/// The result of a query.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The database of one data directory. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    readers: r2d2::Pool<SqliteConnectionManager>,
    reading: Arc<Semaphore>,
    writer: Arc<Writer>,
}

impl Store {
    /// Opens the database at `path`, making it and its tables as needed.
    pub fn open(path: &Path) -> Result<Store> {
        Store::open_with(path, |_| Ok(()))
    }

    /// [`Store::open`] for whoever wants to watch: every connection is shown as it is made.
    pub fn open_with(path: &Path, watch: fn(&Connection) -> rusqlite::Result<()>) -> Result<Store> {
        let mut writer = Connection::open(path)?;
        prepare(&writer)?;
        migrations::apply(&mut writer)?;
        watch(&writer)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager =
            SqliteConnectionManager::file(path).with_flags(flags).with_init(move |reader| {
                prepare(reader)?;
                watch(reader)?;
                reader.pragma_update(None, "query_only", true)
            });
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            .idle_timeout(Some(Duration::from_mins(1)))
            // A connection to a file does not break, as one over a network may.
            .test_on_check_out(false)
            .build(manager)?;
        Ok(Store {
            readers,
            reading: Arc::new(Semaphore::new(READERS as usize)),
            writer: Arc::new(Writer::new(writer)),
        })
    }

    /// Runs a query off the async threads.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        // Waiting here, not in the pool, keeps waiting reads off the blocking threads.
        let _turn = self.reading.acquire().await;
        let store = self.clone();
        joined(tokio::task::spawn_blocking(move || store.read_now(query)).await)
    }

    /// [`Store::read`] for what follows indexes to a handful of rows: it runs where it is called,
    /// as taking it to another thread and back would cost more than it does.
    pub async fn look_up<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        if let Ok(_turn) = self.reading.try_acquire()
            && let Some(reader) = self.readers.try_get()
        {
            return in_snapshot(&reader, query);
        }
        self.read(query).await
    }

    /// Makes a change off the async threads, in a transaction; any error undoes it. The answer
    /// comes when the change is on the disk. Changes that wait for each other share a transaction:
    /// none sees whether it does.
    pub async fn write<T, E, F>(&self, change: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (outcome, serve) = self.writer.queue(change);
        if serve {
            let writer = Arc::clone(&self.writer);
            tokio::task::spawn_blocking(move || writer.serve());
        }
        match outcome.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Stopped.into()),
        }
    }

    /// [`Store::read`] for code that may block: the command line, tests.
    pub fn read_now<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E>,
        E: From<StoreError>,
    {
        in_snapshot(&*self.readers.get().map_err(StoreError::from)?, query)
    }

    /// [`Store::write`] for code that may block: the command line, tests.
    pub fn write_now<T, E, F>(&self, change: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let mut writer = self.writer.lock();
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let value = change(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        self.writer.commits.send_modify(|count| *count += 1);
        Ok(value)
    }

    /// Changes whenever this process has written. Another process's writes do not show here.
    pub fn writes(&self) -> watch::Receiver<u64> {
        self.writer.commits.subscribe()
    }

    /// Folds the write-ahead log into the database; for a clean end.
    pub fn checkpoint(&self) -> Result<()> {
        let writer = self.writer.lock();
        writer.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(())
    }
}

/// Runs a query that sees one state of the database from its first statement to its last, and
/// takes SQLite's locks, two calls of the system, once and not for each of them.
fn in_snapshot<T, E, F>(reader: &Connection, query: F) -> Result<T, E>
where
    F: FnOnce(&Connection) -> Result<T, E>,
    E: From<StoreError>,
{
    struct End<'a>(&'a Connection);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            // There is nothing to lose: it was for reading only.
            let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        }
    }
    let begin = reader.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([]));
    begin.map_err(StoreError::from)?;
    let _end = End(reader);
    query(reader)
}

/// A panic in a query is the caller's panic; a query that never ran is an error.
fn joined<T, E: From<StoreError>>(
    outcome: std::result::Result<Result<T, E>, tokio::task::JoinError>,
) -> Result<T, E> {
    match outcome {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(StoreError::Task(error).into()),
        },
    }
}

/// `busy_timeout` goes first: switching to WAL already needs a lock.
/// `synchronous = FULL` on the one writer costs about 0.1 ms a commit and keeps what was
/// answered "queued" through a power cut.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// The values of a slice for `LIMIT ? OFFSET ?`. Bound, not written into the text: the statements
/// of all pages of a list are one.
fn bounds(slice: Slice) -> (i64, i64) {
    let limit = slice.limit.map_or(-1, i64::from);
    (limit, i64::try_from(slice.offset).unwrap_or(i64::MAX))
}

/// The `ORDER BY` clause for a table, ties broken by id.
fn order_by(column: &str, direction: Direction) -> String {
    let way = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    match column {
        "id" => format!("ORDER BY id {way}"),
        column => format!("ORDER BY {column} {way}, id {way}"),
    }
}

/// The rows that `query` finds by one number each.
///
/// Lists find their numbers first and the rows then. What an offset skips is only stepped over in
/// an index; and a list of any length can be read in parts, each as it is needed, without keeping
/// a transaction open.
fn these<I: ToSql, T>(
    db: &Connection,
    query: &str,
    ids: &[I],
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut query = db.prepare_cached(query)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(query.query_row([id], &mut read).optional()?);
    }
    Ok(found)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Store;

    /// A store in a directory that goes away with the value.
    pub(crate) struct TempStore {
        pub(crate) store: Store,
        _dir: tempfile::TempDir,
    }

    impl std::ops::Deref for TempStore {
        type Target = Store;

        fn deref(&self) -> &Store {
            &self.store
        }
    }

    /// An empty store.
    pub(crate) fn store() -> TempStore {
        let dir = tempfile::tempdir().unwrap();
        TempStore { store: Store::open(&dir.path().join("test.db")).unwrap(), _dir: dir }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_change_leaves_nothing() {
        let store = testing::store();
        let outcome: Result<()> = store.write_now(|tx| {
            tx.execute("INSERT INTO groups (name, created_on) VALUES ('g1', 0)", [])?;
            Err(StoreError::Corrupt("on purpose".into()))
        });
        assert!(outcome.is_err());
        let count: i64 = store
            .read_now(|db| {
                Ok::<_, StoreError>(db.query_row("SELECT count(*) FROM groups", [], |r| r.get(0))?)
            })
            .unwrap();
        assert_eq!(count, 0);
    }

    #[test]
    fn readers_cannot_write() {
        let store = testing::store();
        let outcome = store.read_now(|db| {
            db.execute("INSERT INTO groups (name, created_on) VALUES ('g1', 0)", [])?;
            Ok::<_, StoreError>(())
        });
        assert!(outcome.is_err());
    }

    #[test]
    fn a_read_sees_one_state_and_leaves_nothing_open() {
        let store = testing::store();
        let count = |db: &Connection| {
            db.query_row("SELECT count(*) FROM groups", [], |row| row.get::<_, i64>(0))
        };
        let seen = store.read_now(|db| {
            let before = count(db)?;
            store.write_now(|tx| {
                tx.execute("INSERT INTO groups (name, created_on) VALUES ('g1', 0)", [])?;
                Ok::<_, StoreError>(())
            })?;
            Ok::<_, StoreError>((before, count(db)?))
        });
        assert_eq!(seen.unwrap(), (0, 0));
        let failed = store.read_now(|_| Err::<(), _>(StoreError::Stopped));
        assert!(failed.is_err());
        assert_eq!(store.read_now(|db| Ok::<_, StoreError>(count(db)?)).unwrap(), 1);
    }

    #[test]
    fn a_store_opens_twice_and_keeps_its_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let insert = "INSERT INTO groups (name, created_on) VALUES ('g1', 0)";
        Store::open(&path)
            .unwrap()
            .write_now(|tx| Ok::<_, StoreError>(tx.execute(insert, [])?))
            .unwrap();
        let again = Store::open(&path).unwrap();
        let name: String = again
            .read_now(|db| {
                Ok::<_, StoreError>(db.query_row("SELECT name FROM groups", [], |r| r.get(0))?)
            })
            .unwrap();
        assert_eq!(name, "g1");
    }
}
