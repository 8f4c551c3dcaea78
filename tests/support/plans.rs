//! No statement may read a whole table that grows: every statement that a test has the server make
//! is explained when the test ends, and one that scans such a table fails it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use coprbox::store::{Connection, Store, StoreError};
use rusqlite::trace::{TraceEvent, TraceEventCodes};

/// The tables that grow as long as a server runs.
const LARGE: [&str; 18] = [
    "projects",
    "dirs",
    "packages",
    "builds",
    "build_chroots",
    "built_packages",
    "batches",
    "jobs",
    "deliveries",
    "polls",
    "delivery_contents",
    "queue_samples",
    "chroot_counts",
    "project_counts",
    "project_sizes",
    "package_headers",
    "package_links",
    "pins",
];

/// The statements that may all the same: part of each, and why.
const MEANT: [(&str, &str); 11] = [
    ("SELECT id FROM projects ORDER BY", "all projects, to the limit; or sorted by their texts"),
    ("SELECT p.id FROM projects p WHERE p.owner LIKE", "a text inside a text has no index"),
    ("SELECT b.id FROM builds b JOIN projects p ON", "the newest of all, which ends at its limit"),
    (
        "SELECT project_id FROM ( SELECT id, project_id FROM builds",
        "the inner one ends at its limit",
    ),
    ("SELECT source_ended_on - source_started_on AS seconds", "the newest of all, to the limit"),
    ("FROM built_packages WHERE ?1 IS NULL ORDER BY id DESC LIMIT", "the newest, to the limit"),
    ("SELECT count(*) FROM projects", "how many there are can only be counted"),
    ("SELECT json_extract(source, '$.dir') FROM packages", "once, when a server starts"),
    ("SELECT 1 FROM jobs LIMIT 1", "whether there is any ends at the first"),
    ("UPDATE packages SET max_builds = ?1", "a test's own"),
    ("UPDATE project_chroots SET retire_after", "once, when a release of a distribution ends"),
];

/// Indexes that hold what is under way now and no more, so that all of each may be read; one of the
/// projects on the home page, which reads as far as it shows; and one of the packages that were
/// uploaded, whose files a start of the server keeps.
const SHORT: [&str; 7] = [
    "builds_unfinished",
    "jobs_of_tree",
    "jobs_publishing",
    "jobs_running",
    "packages_by_upload",
    "project_sizes_stale",
    "projects_listed",
];

/// What the tests of this program have had made so far.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// What of it was explained.
static EXPLAINED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Explains the statements when it goes.
pub struct Watch(Store);

/// The store at `path`, watched.
pub fn open(path: &Path) -> (Store, Watch) {
    let store = Store::open_with(path, |connection| {
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
        Ok(())
    });
    let store = store.unwrap();
    (store.clone(), Watch(store))
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(sql) {
            seen.insert(sql.to_owned());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let new: Vec<String> = {
            let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
            let mut explained = EXPLAINED.lock().unwrap_or_else(PoisonError::into_inner);
            let words = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
            let is_new = |sql: &&String| {
                words.iter().any(|word| sql.trim_start().starts_with(word))
                    && explained.insert((*sql).clone())
            };
            seen.iter().filter(is_new).cloned().collect()
        };
        let scans: Vec<String> = new.iter().flat_map(|sql| scans(&self.0, sql)).collect();
        assert!(scans.is_empty(), "an index is missing:\n{}", scans.join("\n\n"));
    }
}

/// The lines of a statement's plan that read all of a large table.
fn scans(store: &Store, sql: &str) -> Vec<String> {
    let plan = |db: &Connection| {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let mut rows = plan.raw_query();
        let mut lines: Vec<String> = Vec::new();
        while let Some(row) = rows.next()? {
            lines.push(row.get("detail")?);
        }
        Ok::<_, StoreError>(lines)
    };
    if MEANT.iter().any(|(part, _)| sql.contains(part)) {
        return Vec::new();
    }
    let is_scan = |line: &String| {
        let Some(scan) = line.strip_prefix("SCAN ") else { return false };
        let (name, way) = scan.split_once(' ').unwrap_or((scan, ""));
        let is_short = SHORT.contains(&way.rsplit(' ').next().unwrap_or_default());
        LARGE.contains(&table(sql, name)) && !is_short
    };
    let lines = store.read_now(plan).unwrap().into_iter().filter(is_scan);
    lines.map(|line| format!("{line}: {sql}")).collect()
}

/// The table that a statement calls `name`; plans know tables by these names.
fn table<'a>(sql: &'a str, name: &'a str) -> &'a str {
    let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let named = words.windows(2).find(|pair| LARGE.contains(&pair[0]) && pair[1] == name);
    named.map_or(name, |pair| pair[0])
}

#[test]
fn a_scan_is_found_under_any_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("a.db")).unwrap();
    let found = |sql: &str| scans(&store, sql).len();
    assert_eq!(found("SELECT id FROM builds WHERE srpm = 'a'"), 1);
    assert_eq!(found("SELECT b.id FROM builds b WHERE b.srpm = 'a'"), 1);
    assert_eq!(found("DELETE FROM jobs WHERE attempt > 3"), 1);
    assert_eq!(found("SELECT b.id FROM builds b WHERE b.project_id = 1"), 0);
    assert_eq!(found("SELECT name FROM chroots"), 0);
}
