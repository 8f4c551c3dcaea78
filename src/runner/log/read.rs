//! Reading logs from any byte or line on, be they growing or packed. Neither form is ever in
//! memory as a whole. All of this blocks: not for async threads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::pack::Index;
use super::stage::Mark;

/// How much is read at once.
pub const PIECE: usize = 64 * 1024;

/// The packed form of the log at `path`.
pub fn packed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// Reads a log onward from some byte. Holds the file open, so that packing does not disturb it.
pub struct LogReader {
    form: Form,
    /// The next byte, counted in the plain log.
    pub at: u64,
}

enum Form {
    Growing(File),
    /// Packed by us.
    Indexed {
        file: File,
        index: Index,
        decoder: Box<DeflateDecoder<File>>,
    },
    /// Packed by something else: only from the start.
    Packed(Box<MultiGzDecoder<File>>),
}

impl LogReader {
    /// Opens the log at `path` in whichever form it has; `None` when it has none yet.
    pub fn open(path: &Path) -> io::Result<Option<LogReader>> {
        let growing = |file| LogReader { form: Form::Growing(file), at: 0 };
        if let Some(file) = open(path)? {
            return Ok(Some(growing(file)));
        }
        if let Some(file) = open(&packed(path))? {
            return LogReader::of_packed(file).map(Some);
        }
        // It may have been packed between the two looks.
        Ok(open(path)?.map(growing))
    }

    fn of_packed(mut file: File) -> io::Result<LogReader> {
        let Some(index) = Index::read(&mut file)? else {
            file.rewind()?;
            return Ok(LogReader {
                form: Form::Packed(Box::new(MultiGzDecoder::new(file))),
                at: 0,
            });
        };
        let decoder = Box::new(DeflateDecoder::new(file.try_clone()?));
        let mut reader = LogReader { form: Form::Indexed { file, index, decoder }, at: 0 };
        reader.seek(0)?;
        Ok(reader)
    }

    /// Whether it may still grow.
    pub fn is_growing(&self) -> bool {
        matches!(self.form, Form::Growing(_))
    }

    /// How long it is now; `None` where only reading it would tell.
    pub fn length(&self) -> io::Result<Option<u64>> {
        Ok(match &self.form {
            Form::Growing(file) => Some(file.metadata()?.len()),
            Form::Indexed { index, .. } => Some(index.length),
            Form::Packed(_) => None,
        })
    }

    /// Where its stages begin, if that was noted when it was packed.
    pub fn marks(&self) -> &[Mark] {
        match &self.form {
            Form::Indexed { index, .. } => &index.marks,
            _ => &[],
        }
    }

    /// Goes to byte `at`, or to the end when there are not so many.
    pub fn seek(&mut self, at: u64) -> io::Result<()> {
        let start = match &mut self.form {
            Form::Growing(file) => {
                let length = file.metadata()?.len();
                self.at = file.seek(SeekFrom::Start(at.min(length)))?;
                return Ok(());
            }
            Form::Indexed { file, index, decoder } => {
                let at = at.min(index.length);
                let block = usize::try_from(at / index.block).unwrap_or(usize::MAX);
                // Past the last block's end nothing is left, which the decoder finds by itself.
                let block = block.min(index.blocks.len().saturating_sub(1));
                if let Some((place, _)) = index.blocks.get(block) {
                    file.seek(SeekFrom::Start(*place))?;
                    **decoder = DeflateDecoder::new(file.try_clone()?);
                }
                block as u64 * index.block
            }
            Form::Packed(decoder) if at < self.at => {
                // It goes forward only: begin anew.
                let mut file = decoder.get_ref().try_clone()?;
                file.rewind()?;
                **decoder = MultiGzDecoder::new(file);
                0
            }
            Form::Packed(_) => self.at,
        };
        self.at = start;
        self.at += self.skip(at - start)?;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        match &mut self.form {
            Form::Growing(file) => io::copy(&mut file.take(bytes), &mut io::sink()),
            Form::Indexed { decoder, .. } => io::copy(&mut decoder.take(bytes), &mut io::sink()),
            Form::Packed(decoder) => io::copy(&mut decoder.take(bytes), &mut io::sink()),
        }
    }

    /// Goes to the beginning of line `line` (from 1), or to the end when there are not so many.
    pub fn seek_line(&mut self, line: u64) -> io::Result<()> {
        let wanted = line.saturating_sub(1);
        let (start, mut before) = match &self.form {
            Form::Indexed { index, .. } => {
                let after = index.blocks.partition_point(|(_, lines)| *lines < wanted);
                let block = after.saturating_sub(1);
                (block as u64 * index.block, index.blocks.get(block).map_or(0, |(_, l)| *l))
            }
            _ => (0, 0),
        };
        self.seek(start)?;
        while before < wanted {
            let from = self.at;
            let piece = self.piece()?;
            if piece.is_empty() {
                return Ok(());
            }
            let mut ends = piece.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            let left = usize::try_from(wanted - before - 1).unwrap_or(usize::MAX);
            if let Some((at, _)) = ends.nth(left) {
                return self.seek(from + at as u64 + 1);
            }
            before += line_ends(&piece);
        }
        Ok(())
    }

    /// How many line ends come before byte `at`. Leaves the reader there.
    pub fn lines_before(&mut self, at: u64) -> io::Result<u64> {
        let mut lines = 0;
        let start = match &self.form {
            Form::Indexed { index, .. } => {
                let block = usize::try_from(at.min(index.length) / index.block).unwrap_or(0);
                let block = block.min(index.blocks.len().saturating_sub(1));
                lines = index.blocks.get(block).map_or(0, |(_, lines)| *lines);
                block as u64 * index.block
            }
            _ => 0,
        };
        self.seek(start)?;
        while self.at < at {
            let piece = self.piece_of(at - self.at)?;
            if piece.is_empty() {
                break;
            }
            lines += line_ends(&piece);
        }
        Ok(lines)
    }

    /// The next piece; empty at the end, which may be the end only for now.
    pub fn piece(&mut self) -> io::Result<Vec<u8>> {
        self.piece_of(PIECE as u64)
    }

    /// As [`LogReader::piece`], of at most so many bytes.
    pub fn piece_of(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let limit = most.min(PIECE as u64);
        let mut piece = Vec::with_capacity(usize::try_from(limit).unwrap_or(PIECE));
        match &mut self.form {
            Form::Growing(file) => file.take(limit).read_to_end(&mut piece)?,
            Form::Indexed { decoder, .. } => decoder.take(limit).read_to_end(&mut piece)?,
            Form::Packed(decoder) => decoder.take(limit).read_to_end(&mut piece)?,
        };
        self.at += piece.len() as u64;
        Ok(piece)
    }
}

/// How many lines end in `text`.
#[expect(clippy::naive_bytecount, reason = "the compiler makes it fast enough")]
pub fn line_ends(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::pack;
    use super::*;

    /// The same log in each of its forms.
    fn forms(text: &[u8]) -> Vec<(tempfile::TempDir, PathBuf)> {
        let place = || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.log");
            (dir, path)
        };
        let (plain, ours, foreign) = (place(), place(), place());
        std::fs::write(&plain.1, text).unwrap();
        let mut file = File::create(packed(&ours.1)).unwrap();
        pack::pack(&mut File::open(&plain.1).unwrap(), &mut file, &[]).unwrap();
        let file = File::create(packed(&foreign.1)).unwrap();
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap();
        vec![plain, ours, foreign]
    }

    #[test]
    fn a_reader_goes_on_from_any_byte_in_every_form() {
        for (_dir, path) in forms(b"0123456789") {
            let mut reader = LogReader::open(&path).unwrap().unwrap();
            reader.seek(7).unwrap();
            assert_eq!(reader.piece().unwrap(), b"789");
            assert_eq!(reader.at, 10);
            assert!(reader.piece().unwrap().is_empty());
            reader.seek(99).unwrap();
            assert_eq!(reader.at, 10);
            reader.seek(2).unwrap();
            assert_eq!(reader.piece().unwrap(), b"23456789", "and back");
        }
        assert!(LogReader::open(Path::new("/nowhere/x.log")).unwrap().is_none());
    }

    #[test]
    fn lines_are_found_and_counted_in_every_form() {
        let mut text = Vec::new();
        for number in 1..=60_000 {
            writeln!(text, "line {number}").unwrap();
        }
        for (_dir, path) in forms(&text) {
            for wanted in [1_u64, 2, 20_000, 59_999, 60_000] {
                let mut reader = LogReader::open(&path).unwrap().unwrap();
                reader.seek_line(wanted).unwrap();
                let at = reader.at;
                let piece = reader.piece().unwrap();
                assert!(piece.starts_with(format!("line {wanted}\n").as_bytes()), "{wanted}");
                let mut reader = LogReader::open(&path).unwrap().unwrap();
                assert_eq!(reader.lines_before(at).unwrap(), wanted - 1);
            }
            let mut reader = LogReader::open(&path).unwrap().unwrap();
            reader.seek_line(70_000).unwrap();
            assert_eq!(reader.at, text.len() as u64);
        }
    }
}
