//! Why parts of builds failed, kept once it has been read out of their logs: a finished log does
//! not change, and a page is looked at more than once.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::ops::failure::{Finder, Summary};
use crate::runner::log::{LogReader, packed};
use crate::web::logs;

/// How much of a log's end is searched.
const SEARCHED: u64 = 8 * 1024 * 1024;
/// How many are kept.
const KEPT: usize = 512;

/// The reasons that have been read. Cheap to clone.
#[derive(Clone, Default)]
pub struct Reasons {
    known: Arc<Mutex<Known>>,
}

/// By the log, with when it was written.
type Known = HashMap<PathBuf, (SystemTime, Arc<Summary>)>;

impl Reasons {
    /// The reason in the finished log at `path`. Blocks. A log that cannot be read tells nothing:
    /// the page must not fail because of it.
    pub fn of(&self, path: &Path) -> Arc<Summary> {
        let written = fs::metadata(packed(path)).and_then(|meta| meta.modified()).ok();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, summary)) = known().get(path)
            && Some(*at) == written
        {
            return Arc::clone(summary);
        }
        let summary = Arc::new(read(path).unwrap_or_default());
        if let Some(written) = written {
            let mut known = known();
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(path.to_owned(), (written, Arc::clone(&summary)));
        }
        summary
    }
}

fn read(path: &Path) -> io::Result<Summary> {
    let Some(mut reader) = LogReader::open(path)? else { return Ok(Summary::default()) };
    let start = reader.length()?.unwrap_or(0).saturating_sub(SEARCHED);
    let before = reader.lines_before(start)?;
    let mut finder = Finder::from_line(before + 1);
    let mut held: Vec<u8> = Vec::new();
    loop {
        let piece = reader.piece()?;
        if piece.is_empty() {
            break;
        }
        held.extend(piece);
        let whole = logs::whole_lines(&held);
        logs::lines(&held[..whole]).for_each(|line| finder.take(line));
        held.drain(..whole);
        // A line without end is no line that tells a reason.
        if held.len() > 1024 * 1024 {
            held.truncate(4096);
        }
    }
    logs::lines(&held).for_each(|line| finder.take(line));
    Ok(finder.summary())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::log::compress;

    #[test]
    fn a_reason_is_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        fs::write(&path, "a.c:1: error: no\n").unwrap();
        let reasons = Reasons::default();
        assert_eq!(reasons.of(&path).first_line(), Some(1));
        fs::write(&path, "a\na.c:1: error: no\n").unwrap();
        assert_eq!(reasons.of(&path).first_line(), Some(2), "not yet finished");
        compress(&path, &[]).unwrap();
        let first = reasons.of(&path);
        assert!(Arc::ptr_eq(&first, &reasons.of(&path)));
        assert_eq!(reasons.of(&dir.path().join("y.log")).headline, None);
    }
}
