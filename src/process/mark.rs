//! Marks on the processes of a job, and the end of those an earlier server left behind.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::model::JobId;

/// A job of this server, as it is written into the environment of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobMark {
    value: OsString,
}

impl JobMark {
    /// The environment variable: `COPRBOX_JOB=<data dir>#<job id>`.
    pub const VARIABLE: &str = "COPRBOX_JOB";

    /// The mark of a job of the server on `data_dir`.
    pub fn new(data_dir: &Path, job: JobId) -> JobMark {
        let mut value = one_spelling(data_dir).into_os_string();
        value.push(format!("#{}", job.0));
        JobMark { value }
    }

    /// The variable's value.
    pub fn value(&self) -> &OsStr {
        &self.value
    }
}

/// Kills every process that carries the mark of a server on `data_dir`, with what they started,
/// and waits until they are gone; says how many were found. For the start of a server, which holds
/// the lock on the directory: whatever is marked then belongs to nobody. Blocks for up to a few
/// seconds.
///
/// An ordinary user sees and reaches only its own processes.
pub fn kill_marked(data_dir: &Path) -> usize {
    let mut wanted = b"COPRBOX_JOB=".to_vec();
    wanted.extend_from_slice(one_spelling(data_dir).as_os_str().as_bytes());
    wanted.push(b'#');
    kill_until_gone(Duration::from_millis(20), || marked(&wanted))
}

/// Kills every process that has `argument` in its command line, and waits until they are gone;
/// says how many were found. For daemons that leave the group, and hide the environment, of whoever
/// started them. Blocks for a few milliseconds.
pub fn kill_with_argument(argument: &OsStr) -> usize {
    kill_until_gone(Duration::from_millis(1), || {
        let Ok(entries) = fs::read_dir("/proc") else { return HashSet::new() };
        let pids = entries.flatten().filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let words = fs::read(entry.path().join("cmdline")).ok()?;
            let has_it = words.split(|byte| *byte == 0).any(|word| word == argument.as_bytes());
            (has_it && pid != getpid()).then_some(pid)
        });
        pids.collect()
    })
}

fn kill_until_gone(pause: Duration, find: impl Fn() -> HashSet<Pid>) -> usize {
    let mut killed = HashSet::new();
    for _ in 0..200 {
        let found = find();
        if found.is_empty() {
            break;
        }
        for pid in &found {
            // Gone in between, or not ours: the next round tells.
            let _ = kill_process(*pid, Signal::KILL);
        }
        killed.extend(found);
        thread::sleep(pause);
    }
    killed.len()
}

/// The directory without symlinks and dots, so that two starts of a server agree.
fn one_spelling(dir: &Path) -> PathBuf {
    dir.canonicalize().or_else(|_| std::path::absolute(dir)).unwrap_or_else(|_| dir.to_owned())
}

/// The marked processes and all their descendants: some programs clear their environment.
fn marked(wanted: &[u8]) -> HashSet<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashSet::new() };
    let mut children: BTreeMap<i32, Vec<Pid>> = BTreeMap::new();
    let mut todo = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Some(pid) = Pid::from_raw(pid).filter(|pid| *pid != getpid()) else { continue };
        let Some(parent) = parent_of_living(&entry.path()) else { continue };
        children.entry(parent).or_default().push(pid);
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environ.split(|byte| *byte == 0).any(|variable| variable.starts_with(wanted)) {
            todo.push(pid);
        }
    }
    let mut found = HashSet::new();
    while let Some(pid) = todo.pop() {
        if found.insert(pid) {
            todo.extend(children.remove(&pid.as_raw_nonzero().get()).unwrap_or_default());
        }
    }
    found
}

/// The parent of a process that is not a zombie; a zombie is dead, only not yet waited for.
fn parent_of_living(process: &Path) -> Option<i32> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // The name in parentheses may itself contain spaces and parentheses.
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let state = after_name.next()?;
    let parent = after_name.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}
