//! Logs of builds: files that grow while others read them.
//!
//! The file is the log. A [`LiveLog`] appends to it and publishes its length, so that whoever
//! follows it reads on from where it was whenever there is more; a slow reader costs nothing and
//! loses nothing. At the end the file becomes `<name>.gz`. No log is ever in memory as a whole.

mod filter;
mod pack;
mod read;
mod stage;
mod tail;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::process::Sink;
use filter::Filter;

pub use read::{LogReader, PIECE, line_ends, packed};
pub use stage::{Mark, Marker, Stage};
pub use tail::Tail;

/// Where a log is cut off unless the settings say otherwise.
pub const DEFAULT_LIMIT: u64 = 1 << 30;

/// How far a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Its length in bytes.
    pub length: u64,
    /// Nothing more will come.
    pub finished: bool,
}

/// A log that is being written.
pub struct LiveLog {
    path: PathBuf,
    state: Mutex<State>,
    marker: Arc<Mutex<Marker>>,
    progress: watch::Sender<Progress>,
}

struct State {
    file: File,
    filter: Filter,
    length: u64,
    limit: u64,
    /// The limit is reached, or the disk refused more.
    closed: bool,
    failure: Option<io::Error>,
}

impl LiveLog {
    /// A new log of at most [`DEFAULT_LIMIT`] bytes at `path`, in place of an earlier one.
    pub fn create(path: &Path) -> io::Result<LiveLog> {
        LiveLog::with_limit(path, DEFAULT_LIMIT)
    }

    /// A new log of at most `limit` bytes and a line that says so.
    pub fn with_limit(path: &Path, limit: u64) -> io::Result<LiveLog> {
        // Whoever still reads the log of an attempt before keeps that file.
        remove_if_there(path)?;
        let file = OpenOptions::new().append(true).create_new(true).open(path)?;
        let filter = Filter::default();
        let state = State { file, filter, length: 0, limit, closed: false, failure: None };
        let progress = watch::Sender::new(Progress::default());
        let (state, marker) = (Mutex::new(state), Arc::default());
        Ok(LiveLog { path: path.to_owned(), state, marker, progress })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line of our own.
    pub fn line(&self, text: impl AsRef<str>) {
        self.write(format!("{}\n", text.as_ref()).as_bytes());
    }

    /// Tells of every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Tells readers that nothing more will come, and packs the file; returns the packed one's
    /// path. An error of writing that was met on the way comes to light here.
    pub async fn finish(&self) -> io::Result<PathBuf> {
        let failure = {
            let mut state = self.lock();
            state.closed = true;
            state.failure.take()
        };
        self.progress.send_modify(|progress| progress.finished = true);
        let (path, marks) = (self.path.clone(), lock(&self.marker).marks.clone());
        let packed = tokio::task::spawn_blocking(move || compress(&path, &marks))
            .await
            .map_err(io::Error::other)??;
        failure.map_or(Ok(packed), Err)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// A panic elsewhere leaves a log that is shorter, not wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970.
fn now() -> Option<u64> {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(passed.as_millis()).ok()
}

impl Sink for LiveLog {
    fn write(&self, bytes: &[u8]) {
        let length = {
            let mut state = self.lock();
            let written = state.append(bytes);
            // Noted under the same lock, so that the pieces stay in their order.
            lock(&self.marker).take(&written, now());
            state.length
        };
        self.progress.send_if_modified(|progress| {
            let changed = progress.length != length;
            progress.length = length;
            changed
        });
    }
}

impl Drop for LiveLog {
    fn drop(&mut self) {
        self.progress.send_modify(|progress| progress.finished = true);
    }
}

impl State {
    /// What of it was written.
    fn append(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.closed {
            return Vec::new();
        }
        let mut clean = self.filter.clean(bytes);
        let room = usize::try_from(self.limit - self.length).unwrap_or(usize::MAX);
        if clean.len() > room {
            clean.truncate(room);
            let limit = self.limit;
            clean.extend_from_slice(
                format!("\n[this log ends here: it is longer than {limit} bytes]\n").as_bytes(),
            );
            self.closed = true;
        }
        match self.file.write_all(&clean) {
            Ok(()) => self.length += clean.len() as u64,
            Err(error) => {
                self.closed = true;
                self.length = self.file.metadata().map_or(self.length, |meta| meta.len());
                self.failure = Some(error);
                return Vec::new();
            }
        }
        clean
    }
}

/// Writes to two sinks: a log of its own and the live one.
pub struct Both<'a>(pub &'a dyn Sink, pub &'a dyn Sink);

impl Sink for Both<'_> {
    fn write(&self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }
}

/// The logs that are growing now, by path, for those who follow them.
#[derive(Clone, Default)]
pub struct LiveLogs {
    running: Arc<Mutex<HashMap<PathBuf, Running>>>,
}

struct Running {
    progress: watch::Receiver<Progress>,
    marker: Arc<Mutex<Marker>>,
}

impl LiveLogs {
    /// Makes a log that can be followed under its path until it is finished or dropped.
    pub fn create(&self, path: &Path, limit: u64) -> io::Result<LiveLog> {
        let log = LiveLog::with_limit(path, limit)?;
        let mut running = self.lock();
        running.retain(|_, log| !log.progress.borrow().finished);
        let marker = Arc::clone(&log.marker);
        running.insert(path.to_owned(), Running { progress: log.subscribe(), marker });
        Ok(log)
    }

    /// The progress of the log at `path`; `None` when none is being written there.
    pub fn follow(&self, path: &Path) -> Option<watch::Receiver<Progress>> {
        let progress = self.lock().get(path)?.progress.clone();
        let running = !progress.borrow().finished;
        running.then_some(progress)
    }

    /// Where the stages begin in the log that is being written at `path`.
    pub fn marks(&self, path: &Path) -> Option<Vec<Mark>> {
        self.lock().get(path).map(|running| lock(&running.marker).marks.clone())
    }

    /// How many lines and bytes the log has that is being written at `path`.
    pub fn extent(&self, path: &Path) -> Option<(u64, u64)> {
        let running = self.lock();
        let marker = lock(&running.get(path)?.marker);
        Some((marker.lines, marker.bytes))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Running>> {
        lock(&self.running)
    }
}

/// Packs a finished log: `<name>` becomes `<name>.gz`. There is one or the other under its final
/// name at every moment. `marks` are the stages of which the time is known. Blocks.
pub fn compress(path: &Path, marks: &[Mark]) -> io::Result<PathBuf> {
    let (packed, unfinished) = (packed(path), path.with_added_extension("gz.new"));
    let result =
        pack_file(path, &unfinished, marks).and_then(|()| fs::rename(&unfinished, &packed));
    if let Err(error) = result {
        remove_if_there(&unfinished)?;
        return Err(error);
    }
    fs::remove_file(path)?;
    Ok(packed)
}

fn pack_file(from: &Path, to: &Path, marks: &[Mark]) -> io::Result<()> {
    let mut source = File::open(from)?;
    remove_if_there(to)?;
    let mut target = OpenOptions::new().write(true).create_new(true).open(to)?;
    pack::pack(&mut source, &mut target, marks)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use tempfile::TempDir;

    use super::*;

    fn unpacked(path: &Path) -> String {
        let mut text = String::new();
        GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        text
    }

    #[tokio::test]
    async fn a_log_can_be_followed_until_it_is_packed() {
        let dir = TempDir::new().unwrap();
        let (logs, path) = (LiveLogs::default(), dir.path().join("builder-live.log"));
        assert!(logs.follow(&path).is_none());
        let log = logs.create(&path, DEFAULT_LIMIT).unwrap();
        let mut progress = logs.follow(&path).unwrap();
        log.line("one");
        progress.changed().await.unwrap();
        assert_eq!(*progress.borrow_and_update(), Progress { length: 4, finished: false });
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        log.write(b"two\x07\n");
        let packed = log.finish().await.unwrap();
        assert_eq!(*progress.borrow_and_update(), Progress { length: 8, finished: true });
        assert!(logs.follow(&path).is_none() && !path.exists());
        assert_eq!(packed, dir.path().join("builder-live.log.gz"));
        assert_eq!(unpacked(&packed), "one\ntwo\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_log_that_is_too_long_says_so_and_stops() {
        let dir = TempDir::new().unwrap();
        let log = LiveLog::with_limit(&dir.path().join("x.log"), 10).unwrap();
        for _ in 0..100 {
            log.write(b"1234567");
        }
        let text = fs::read_to_string(log.path()).unwrap();
        assert_eq!(text, "1234567123\n[this log ends here: it is longer than 10 bytes]\n");
        assert_eq!(log.subscribe().borrow().length, text.len() as u64);
    }

    #[test]
    fn a_dropped_log_is_finished() {
        let dir = TempDir::new().unwrap();
        let (logs, path) = (LiveLogs::default(), dir.path().join("x.log"));
        let progress = logs.create(&path, 10).unwrap().subscribe();
        assert!(progress.borrow().finished);
        assert!(logs.follow(&path).is_none());
    }

    #[test]
    fn a_second_attempt_starts_a_new_file() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("x.log");
        LiveLog::create(&path).unwrap().line("first");
        let mut reader = File::open(&path).unwrap();
        LiveLog::create(&path).unwrap().line("second");
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "first\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "second\n");
    }

    #[test]
    fn packing_what_is_not_there_leaves_nothing() {
        let dir = TempDir::new().unwrap();
        assert!(compress(&dir.path().join("x.log"), &[]).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
