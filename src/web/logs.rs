//! Reading the logs of builds: their ends, the lines that say why something failed, and onward
//! from any byte. A log is plain while it grows and packed afterwards; neither form is ever in
//! memory as a whole. All of this blocks: not for async threads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::filters;

/// The name of the log that tells everything, in every result directory.
pub const LIVE_LOG: &str = "builder-live.log";

/// How much is read at once.
pub const PIECE: usize = 64 * 1024;

/// The end of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Its last lines, made harmless.
    pub lines: Vec<String>,
    /// There are earlier lines.
    pub is_cut: bool,
    /// The byte after the last of these lines, counted in the plain log.
    pub end: u64,
}

/// The packed form of the log at `path`.
pub fn packed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// The last `bytes` of the log at `path`, in whole lines; `None` when there is no log.
pub fn tail(path: &Path, bytes: usize) -> io::Result<Option<Tail>> {
    let Some(mut reader) = LogReader::open(path)? else { return Ok(None) };
    reader.skip_to_last(bytes as u64)?;
    let mut start = reader.at;
    let mut held: Vec<u8> = Vec::new();
    loop {
        let piece = reader.piece()?;
        if piece.is_empty() {
            break;
        }
        held.extend_from_slice(&piece);
        if held.len() > 2 * bytes + PIECE {
            let gone = held.len() - bytes;
            held.drain(..gone);
            start += gone as u64;
        }
    }
    if held.len() > bytes {
        let gone = held.len() - bytes;
        held.drain(..gone);
        start += gone as u64;
    }
    let is_cut = start > 0;
    let mut text = held.as_slice();
    if is_cut {
        let first = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1);
        text = &text[first..];
    }
    // What is being written has no end yet; whoever follows gets it whole.
    let whole = if reader.is_growing() { whole_lines(text) } else { text.len() };
    let unread = (text.len() - whole) as u64;
    Ok(Some(Tail { lines: lines(&text[..whole]), is_cut, end: reader.at - unread }))
}

/// Lines made harmless, without the last one's end.
pub fn lines(text: &[u8]) -> Vec<String> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == b'\n').map(filters::log_line).collect()
}

/// How many bytes of `text` are whole lines.
pub fn whole_lines(text: &[u8]) -> usize {
    text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// Reads a log onward from some byte. Holds the file open, so that packing does not disturb it.
pub struct LogReader {
    form: Form,
    /// The next byte, counted in the plain log.
    pub at: u64,
}

enum Form {
    Growing(File),
    Packed(Box<MultiGzDecoder<File>>),
}

impl LogReader {
    /// Opens the log at `path` in whichever form it has; `None` when it has none yet.
    pub fn open(path: &Path) -> io::Result<Option<LogReader>> {
        if let Some(file) = open(path)? {
            return Ok(Some(LogReader { form: Form::Growing(file), at: 0 }));
        }
        let decoder =
            |file| LogReader { form: Form::Packed(Box::new(MultiGzDecoder::new(file))), at: 0 };
        if let Some(file) = open(&packed(path))? {
            return Ok(Some(decoder(file)));
        }
        // It may have been packed between the two looks.
        Ok(open(path)?.map(|file| LogReader { form: Form::Growing(file), at: 0 }))
    }

    /// Whether it may still grow.
    pub fn is_growing(&self) -> bool {
        matches!(self.form, Form::Growing(_))
    }

    /// Goes to byte `at`, or to the end when there are not so many.
    pub fn seek(&mut self, at: u64) -> io::Result<()> {
        self.at = match &mut self.form {
            Form::Growing(file) => {
                let length = file.metadata()?.len();
                file.seek(SeekFrom::Start(at.min(length)))?
            }
            Form::Packed(decoder) => {
                self.at + io::copy(&mut decoder.take(at - self.at.min(at)), &mut io::sink())?
            }
        };
        Ok(())
    }

    /// Goes to where `bytes` are left, where that can be known beforehand.
    fn skip_to_last(&mut self, bytes: u64) -> io::Result<()> {
        if let Form::Growing(file) = &mut self.form {
            let length = file.metadata()?.len();
            self.at = file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        }
        Ok(())
    }

    /// The next piece; empty at the end, which may be the end only for now.
    pub fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE);
        let limit = PIECE as u64;
        match &mut self.form {
            Form::Growing(file) => file.take(limit).read_to_end(&mut piece)?,
            Form::Packed(decoder) => decoder.take(limit).read_to_end(&mut piece)?,
        };
        self.at += piece.len() as u64;
        Ok(piece)
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A line quoted from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The text.
    pub text: String,
    /// It is one that says what is wrong.
    pub loud: bool,
}

/// The lines that say why a build failed: the last ones that sound like an error, each with its
/// neighbours; the very last lines when none does.
pub fn why(lines: &[String]) -> Vec<Quote> {
    const LOUD: usize = 6;
    const QUIET_END: usize = 12;
    let loud: Vec<usize> = (0..lines.len()).filter(|at| is_loud(&lines[*at])).collect();
    let quote = |at: usize| Quote { text: lines[at].clone(), loud: is_loud(&lines[at]) };
    if loud.is_empty() {
        return (lines.len().saturating_sub(QUIET_END)..lines.len()).map(quote).collect();
    }
    let mut quotes = Vec::new();
    let mut next = 0;
    for at in &loud[loud.len().saturating_sub(LOUD)..] {
        let from = at.saturating_sub(1).max(next);
        if next > 0 && from > next {
            quotes.push(Quote { text: "…".into(), loud: false });
        }
        next = (at + 2).min(lines.len()).max(from);
        quotes.extend((from..next).map(quote));
    }
    quotes
}

/// Whether a line sounds like the reason for a failure. Compilers, make, rpm, dnf and mock all
/// say one of these; command lines with `-Werror=` do not count.
fn is_loud(line: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "error:",
        "error[",
        "Error:",
        "ERROR:",
        "fatal:",
        "FAILED",
        "RPM build errors",
        "Traceback (most recent call last)",
    ];
    const ANYWHERE: [&str; 10] = [
        ": error:",
        ": fatal error:",
        " Error ",
        "Bad exit status",
        "nothing provides",
        "No matching package",
        "Unable to find a match",
        "command not found",
        "No space left on device",
        "No such file or directory",
    ];
    let trimmed = line.trim_start();
    BEGINNINGS.iter().any(|text| trimmed.starts_with(text))
        || ANYWHERE.iter().any(|text| line.contains(text))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn log(text: &[u8], is_packed: bool) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(LIVE_LOG);
        if is_packed {
            let file = File::create(packed(&path)).unwrap();
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap();
        } else {
            std::fs::write(&path, text).unwrap();
        }
        (dir, path)
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_end_of_a_log_is_whole_lines_in_either_form() {
        let mut text: Vec<u8> = Vec::new();
        for number in 0..50_000 {
            writeln!(text, "line {number}").unwrap();
        }
        for is_packed in [false, true] {
            let (_dir, path) = log(&text, is_packed);
            let tail = tail(&path, 30).unwrap().unwrap();
            assert_eq!(tail.lines, strings(&["line 49998", "line 49999"]), "packed: {is_packed}");
            assert_eq!((tail.is_cut, tail.end), (true, text.len() as u64));
        }
    }

    #[test]
    fn a_line_being_written_is_left_for_later() {
        let (_dir, path) = log(b"one\ntw", false);
        let growing = tail(&path, 100).unwrap().unwrap();
        assert_eq!((growing.lines, growing.end), (strings(&["one"]), 4));
        let (_dir, path) = log(b"one\ntw", true);
        assert_eq!(tail(&path, 100).unwrap().unwrap().lines, strings(&["one", "tw"]));
        assert_eq!(tail(Path::new("/nowhere/x.log"), 9).unwrap(), None);
    }

    #[test]
    fn a_reader_goes_on_from_any_byte_in_either_form() {
        for is_packed in [false, true] {
            let (_dir, path) = log(b"0123456789", is_packed);
            let mut reader = LogReader::open(&path).unwrap().unwrap();
            reader.seek(7).unwrap();
            assert_eq!(reader.piece().unwrap(), b"789");
            assert_eq!(reader.at, 10);
            assert!(reader.piece().unwrap().is_empty());
            reader.seek(99).unwrap();
            assert_eq!(reader.at, 10);
        }
    }

    #[test]
    fn the_reason_is_quoted_with_its_neighbours() {
        let mut said = strings(&["cc -Werror=format -c main.c", "main.c:3: error: no prinft"]);
        said.extend(std::iter::repeat_n("noise".to_owned(), 40));
        said.push("make: *** [Makefile:8: main.o] Error 1".to_owned());
        let quotes = why(&said);
        let texts: Vec<(&str, bool)> =
            quotes.iter().map(|quote| (quote.text.as_str(), quote.loud)).collect();
        let expected = [
            ("cc -Werror=format -c main.c", false),
            ("main.c:3: error: no prinft", true),
            ("noise", false),
            ("…", false),
            ("noise", false),
            ("make: *** [Makefile:8: main.o] Error 1", true),
        ];
        assert_eq!(texts, expected);
        assert_eq!(why(&strings(&["a", "b"])).len(), 2, "without an error, the end");
    }
}
