//! Parts of logs as pages show them: the end, or some lines around a place. All of this blocks:
//! not for async threads.

use std::io;
use std::path::Path;

use super::ansi::{self, Piece};
use crate::runner::log::{LogReader, line_ends};

/// The name of the log that tells everything, in every result directory.
pub const LIVE_LOG: &str = "builder-live.log";

/// Some lines of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The lines, made harmless.
    pub lines: Vec<Line>,
    /// The first byte of the first of them, counted in the plain log.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
    /// There are later ones.
    pub more: bool,
    /// The length of the log, as far as it is there.
    pub length: u64,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its text.
    pub pieces: Vec<Piece>,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the end.
    End,
    /// From this byte on.
    Byte(u64),
    /// Around this line.
    Line(u64),
}

impl Part {
    /// The number of the line after these.
    pub fn next_number(&self) -> u64 {
        self.lines.last().map_or(1, |line| line.number + 1)
    }
}

/// Reads whole lines of at most `bytes` from a log; `None` when there is no log. Of a log that is
/// being written, `extent` is how many lines and bytes it has.
pub fn part(
    path: &Path,
    place: Place,
    bytes: u64,
    extent: Option<(u64, u64)>,
) -> io::Result<Option<Part>> {
    let Some(mut reader) = LogReader::open(path)? else { return Ok(None) };
    let length = if let Some(length) = reader.length()? {
        length
    } else {
        reader.seek(u64::MAX)?;
        let length = reader.at;
        let Some(again) = LogReader::open(path)? else { return Ok(None) };
        reader = again;
        length
    };
    let wanted = match place {
        Place::End => length.saturating_sub(bytes),
        Place::Byte(at) => at.min(length),
        Place::Line(number) => {
            reader.seek_line(number)?;
            reader.at.saturating_sub(bytes / 4)
        }
    };
    let start = line_start(path, wanted, bytes)?;
    let known = extent.filter(|(_, size)| (start..=start + bytes).contains(size));
    let Some(mut reader) = LogReader::open(path)? else { return Ok(None) };
    let before = if known.is_some() { 0 } else { reader.lines_before(start)? };
    reader.seek(start)?;
    let mut text = Vec::new();
    while (text.len() as u64) < bytes {
        let piece = reader.piece_of(bytes - text.len() as u64)?;
        if piece.is_empty() {
            break;
        }
        text.extend(piece);
    }
    let before = match known {
        None => before,
        Some((lines, size)) => {
            let counted = usize::try_from(size - start).unwrap_or(usize::MAX).min(text.len());
            lines.saturating_sub(line_ends(&text[..counted]))
        }
    };
    // What is being written has no end yet; whoever follows gets it whole.
    let is_end = start + text.len() as u64 >= length && !reader.is_growing();
    let is_full = text.len() as u64 >= bytes;
    let whole = match whole_lines(&text) {
        0 if is_full || is_end => text.len(),
        _ if is_end => text.len(),
        whole => whole,
    };
    let end = start + whole as u64;
    let lines = lines(&text[..whole]);
    let numbered = lines
        .enumerate()
        .map(|(at, line)| Line { number: before + at as u64 + 1, pieces: ansi::pieces(line) });
    let more = end < length && is_full;
    Ok(Some(Part { lines: numbered.collect(), start, end, more, length }))
}

/// The first byte at or after `at` with which a line begins; `at` itself where the line is longer
/// than `bytes`.
fn line_start(path: &Path, at: u64, bytes: u64) -> io::Result<u64> {
    let Some(before) = at.checked_sub(1) else { return Ok(0) };
    let Some(mut reader) = LogReader::open(path)? else { return Ok(at) };
    reader.seek(before)?;
    let mut passed = before;
    while passed < at + bytes {
        let piece = reader.piece_of(bytes)?;
        if piece.is_empty() {
            break;
        }
        if let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            return Ok(passed + end as u64 + 1);
        }
        passed += piece.len() as u64;
    }
    Ok(at)
}

/// The lines of a text, without their ends.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_empty = text.is_empty();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|byte| *byte == b'\n').filter(move |_| !is_empty)
}

/// How many bytes of `text` are whole lines.
pub fn whole_lines(text: &[u8]) -> usize {
    text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

    use super::*;
    use crate::runner::log::compress;

    fn log(text: &[u8], is_packed: bool) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(LIVE_LOG);
        std::fs::write(&path, text).unwrap();
        if is_packed {
            compress(&path, &[]).unwrap();
        }
        (dir, path)
    }

    fn shown(part: &Part) -> Vec<(u64, String)> {
        let text = |line: &Line| line.pieces.iter().map(|piece| piece.text.as_str()).collect();
        part.lines.iter().map(|line| (line.number, text(line))).collect()
    }

    fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
    }

    fn many() -> Vec<u8> {
        let mut text: Vec<u8> = Vec::new();
        for number in 1..=50_000 {
            writeln!(text, "line {number:05}").unwrap();
        }
        text
    }

    #[test]
    fn the_end_of_a_log_is_whole_lines_with_their_numbers() {
        for is_packed in [false, true] {
            let (_dir, path) = log(&many(), is_packed);
            let end = part(&path, Place::End, 30, None).unwrap().unwrap();
            let expected = numbered(&[(49_999, "line 49999"), (50_000, "line 50000")]);
            assert_eq!(shown(&end), expected, "packed: {is_packed}");
            assert_eq!((end.start, end.end, end.more), (549_978, 550_000, false));
            assert_eq!(end.next_number(), 50_001);
        }
    }

    #[test]
    fn a_log_is_read_from_page_to_page() {
        for is_packed in [false, true] {
            let (_dir, path) = log(&many(), is_packed);
            let first = part(&path, Place::Byte(0), 25, None).unwrap().unwrap();
            assert_eq!(shown(&first), numbered(&[(1, "line 00001"), (2, "line 00002")]));
            assert!(first.more);
            let next = part(&path, Place::Byte(first.end), 25, None).unwrap().unwrap();
            assert_eq!(shown(&next), numbered(&[(3, "line 00003"), (4, "line 00004")]));
            let around = part(&path, Place::Line(777), 44, None).unwrap().unwrap();
            assert_eq!(shown(&around)[1], (777, "line 00777".to_owned()));
            let after = part(&path, Place::Line(60_000), 44, None).unwrap().unwrap();
            assert_eq!(after.end, 550_000);
        }
    }

    #[test]
    fn a_line_being_written_is_left_for_later() {
        let (_dir, path) = log(b"one\ntw", false);
        let growing = part(&path, Place::End, 100, None).unwrap().unwrap();
        assert_eq!((shown(&growing), growing.end), (numbered(&[(1, "one")]), 4));
        let told = part(&path, Place::End, 100, Some((41, 6))).unwrap().unwrap();
        assert_eq!(shown(&told), numbered(&[(41, "one")]));
        let (_dir, path) = log(b"one\ntw", true);
        let packed = part(&path, Place::End, 100, None).unwrap().unwrap();
        assert_eq!(shown(&packed), numbered(&[(1, "one"), (2, "tw")]));
        assert_eq!(part(Path::new("/nowhere/x.log"), Place::End, 9, None).unwrap(), None);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let (_dir, path) = log(&vec![b'a'; 5000], true);
        let cut = part(&path, Place::Byte(1000), 100, None).unwrap().unwrap();
        assert_eq!((cut.start, cut.end, cut.lines.len(), cut.more), (1000, 1100, 1, true));
        let empty = part(&log(b"", true).1, Place::End, 100, None).unwrap();
        assert!(empty.is_none_or(|part| part.lines.is_empty()));
    }
}
