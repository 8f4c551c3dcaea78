//! The one writer. Changes that wait while it is busy are committed together: a commit waits for
//! the disk, and one wait does for all of them.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};
use tokio::sync::{oneshot, watch};

use super::{Result, StoreError};

/// How many changes are committed together at the most: all of them wait for the last one.
const MOST: usize = 64;

/// What becomes of a change: its result, or the panic that ended it.
pub(super) type Outcome<T, E> = std::thread::Result<Result<T, E>>;

/// The connection that writes, and the changes that wait for it.
pub(super) struct Writer {
    connection: Mutex<Connection>,
    queue: Mutex<Queue>,
    /// Counts commits.
    pub(super) commits: watch::Sender<u64>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn Change>>,
    /// Somebody is at work on them.
    is_served: bool,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Writer {
        Writer {
            connection: Mutex::new(connection),
            queue: Mutex::default(),
            commits: watch::Sender::new(0),
        }
    }

    /// The connection, once nobody else has it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in a transaction has rolled it back: the connection is as good as before.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a change. Where the second value is true, nobody is at work on the queue: whoever is
    /// told so has [`Writer::serve`] called.
    pub(super) fn queue<T, E, F>(&self, change: F) -> (oneshot::Receiver<Outcome<T, E>>, bool)
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting { change: Some(change), outcome: None, answer };
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push_back(Box::new(waiting));
        (outcome, !std::mem::replace(&mut queue.is_served, true))
    }

    /// Works on the queue until it is empty.
    pub(super) fn serve(&self) {
        while let Some(batch) = self.next_batch() {
            self.commit(batch);
        }
    }

    fn next_batch(&self) -> Option<Vec<Box<dyn Change>>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_served = !queue.waiting.is_empty();
        let count = queue.waiting.len().min(MOST);
        queue.is_served.then(|| queue.waiting.drain(..count).collect())
    }

    fn commit(&self, mut batch: Vec<Box<dyn Change>>) {
        let committed = make(&mut self.lock(), &mut batch);
        if committed.is_ok() {
            self.commits.send_modify(|count| *count += 1);
        }
        for change in batch {
            change.answer(committed.as_ref().err());
        }
    }
}

/// Makes all changes in one transaction, each undone by itself if it fails.
fn make(connection: &mut Connection, batch: &mut [Box<dyn Change>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let [only] = batch {
        return if only.make(&transaction) { transaction.commit() } else { transaction.rollback() };
    }
    for change in batch {
        transaction.prepare_cached("SAVEPOINT change")?.execute([])?;
        if !change.make(&transaction) && !transaction.is_autocommit() {
            transaction.prepare_cached("ROLLBACK TO change")?.execute([])?;
        }
        if transaction.is_autocommit() {
            // SQLite itself has undone everything: the disk is full, or fails.
            let code = ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK);
            let why = "the changes made together with one that could not be made are undone";
            return Err(rusqlite::Error::SqliteFailure(code, Some(why.to_owned())));
        }
        transaction.prepare_cached("RELEASE change")?.execute([])?;
    }
    transaction.commit()
}

/// A change in the queue.
trait Change: Send {
    /// Makes the change; false if it is to be undone.
    fn make(&mut self, transaction: &Transaction<'_>) -> bool;
    /// Tells whoever waits for it; with an error when it could not be committed.
    fn answer(self: Box<Self>, error: Option<&rusqlite::Error>);
}

struct Waiting<T, E, F> {
    change: Option<F>,
    outcome: Option<Result<Result<T, E>, Box<dyn Any + Send>>>,
    answer: oneshot::Sender<Outcome<T, E>>,
}

impl<T, E, F> Change for Waiting<T, E, F>
where
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send,
    E: From<StoreError> + Send,
    T: Send,
{
    fn make(&mut self, transaction: &Transaction<'_>) -> bool {
        let Some(change) = self.change.take() else { return false };
        // What a panic leaves half done is undone with the change.
        let outcome = catch_unwind(AssertUnwindSafe(|| change(transaction)));
        let stays = matches!(outcome, Ok(Ok(_)));
        self.outcome = Some(outcome);
        stays
    }

    fn answer(self: Box<Self>, error: Option<&rusqlite::Error>) {
        let failed = |error| Ok(Err(StoreError::Sqlite(again(error)).into()));
        let outcome = match (self.outcome, error) {
            (Some(Ok(Ok(_))) | None, Some(error)) => failed(error),
            (Some(outcome), _) => outcome,
            // Not made, and no error: cannot be, but nobody may wait for ever.
            (None, None) => failed(&rusqlite::Error::InvalidQuery),
        };
        // Whoever asked may have left.
        let _ = self.answer.send(outcome);
    }
}

/// The same error for one more who waits; errors cannot be cloned.
fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => {
            rusqlite::Error::SqliteFailure(*code, text.clone())
        }
        other => rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(tx: &Transaction<'_>, name: &str) -> Result<()> {
        tx.execute("INSERT INTO groups (name, created_on) VALUES (?1, 0)", [name])?;
        Ok(())
    }

    fn names(store: &super::super::Store) -> Vec<String> {
        let read = |db: &Connection| {
            let mut all = db.prepare("SELECT name FROM groups ORDER BY name LIMIT 100")?;
            let names = all.query_map([], |row| row.get(0))?;
            Ok::<_, StoreError>(names.collect::<rusqlite::Result<_>>()?)
        };
        store.read_now(read).unwrap()
    }

    #[test]
    fn a_failed_change_does_not_harm_those_it_was_made_with() {
        let store = super::super::testing::store();
        let writer = &store.writer;
        let (mut good, first) = writer.queue(|tx| add(tx, "good"));
        let (mut bad, second) = writer.queue(|tx| {
            add(tx, "bad")?;
            Err::<(), _>(StoreError::Corrupt("on purpose".into()))
        });
        let (mut worse, _) = writer.queue(|tx| -> Result<()> {
            add(tx, "worse")?;
            panic!("on purpose")
        });
        let (mut last, _) = writer.queue(|tx| add(tx, "last"));
        assert!(first && !second, "one serves all");
        let commits = *writer.commits.borrow();
        writer.serve();
        assert_eq!(*writer.commits.borrow(), commits + 1, "in one commit");
        assert!(matches!(good.try_recv(), Ok(Ok(Ok(())))));
        assert!(matches!(bad.try_recv(), Ok(Ok(Err(StoreError::Corrupt(_))))));
        assert!(matches!(worse.try_recv(), Ok(Err(_))));
        assert!(matches!(last.try_recv(), Ok(Ok(Ok(())))));
        assert_eq!(names(&store), ["good", "last"]);
        let (_, serve) = writer.queue(|tx| add(tx, "next"));
        assert!(serve, "the queue is nobody's again");
    }

    #[test]
    fn what_cannot_be_committed_is_an_error_for_all() {
        let store = super::super::testing::store();
        let writer = &store.writer;
        let (mut good, _) = writer.queue(|tx| add(tx, "good"));
        let (mut bad, _) = writer.queue(|tx| {
            // As SQLite does by itself when the disk is full.
            tx.execute_batch("ROLLBACK")?;
            Err::<(), _>(StoreError::Corrupt("on purpose".into()))
        });
        let (mut never, _) = writer.queue(|tx| add(tx, "never"));
        writer.serve();
        assert!(matches!(good.try_recv(), Ok(Ok(Err(StoreError::Sqlite(_))))));
        assert!(matches!(bad.try_recv(), Ok(Ok(Err(StoreError::Corrupt(_))))));
        assert!(matches!(never.try_recv(), Ok(Ok(Err(StoreError::Sqlite(_))))));
        assert!(names(&store).is_empty());
    }
}
