//! Packed logs that can be read from any place.
//!
//! A packed log is an ordinary gzip file of one member, which every browser and every `zcat`
//! reads. Between blocks of its text the compressor forgets what came before, so that reading can
//! begin at each of them; where they are, how many lines each has, and where the stages of the
//! build begin, stands in the extra field that gzip has for such things. So the end of a log of a
//! gigabyte, or its line 3 000 000, is there at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::stage::{Mark, Marker, Stage};

/// The smallest block.
const BLOCK: u64 = 256 * 1024;
/// More blocks do not fit into the extra field; those of longer logs are longer.
const MOST_BLOCKS: u64 = 6000;
/// The name of our part of the extra field.
const NAME: [u8; 2] = *b"CB";
/// Where that part's own bytes begin.
const PAYLOAD: u64 = 16;
const VERSION: u8 = 1;

/// What the extra field of a packed log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The length of the text.
    pub length: u64,
    /// The text's bytes in each block but the last.
    pub block: u64,
    /// For each block: where it begins in the file, and how many line ends come before it.
    pub blocks: Vec<(u64, u64)>,
    /// Line ends in all.
    pub lines: u64,
    /// Where stages begin.
    pub marks: Vec<Mark>,
}

/// Packs `from` into the empty file `to`. `known` are marks of which the time is known.
pub fn pack(from: &mut File, to: &mut File, known: &[Mark]) -> io::Result<()> {
    let length = from.metadata()?.len();
    let block = length.div_ceil(MOST_BLOCKS).div_ceil(BLOCK).max(1) * BLOCK;
    let room = usize::try_from(length.div_ceil(block)).map_err(io::Error::other)?;
    // The marks come last, and are known last.
    let (crc, blocks, marker) = {
        to.seek(SeekFrom::Start(PAYLOAD + most_bytes(room)))?;
        let mut out = io::BufWriter::new(&mut *to);
        let done = compress(&mut from.take(length), &mut out, block)?;
        out.flush()?;
        done
    };
    to.write_all(&crc.sum().to_le_bytes())?;
    to.write_all(&crc.amount().to_le_bytes())?;
    let mut marks = marker.marks;
    for mark in &mut marks {
        mark.at = known.iter().find(|known| known.line == mark.line).and_then(|known| known.at);
    }
    let payload = payload(marker.bytes, block, &blocks, &marks, most_bytes(room))?;
    to.seek(SeekFrom::Start(0))?;
    to.write_all(&payload)
}

/// What packing has found out: the check sum, the length and the lines of each block, the marks.
type Packed = (Crc, Vec<(u32, u32)>, Marker);

/// Compresses block by block; how long each has become, and how many lines it has.
fn compress(from: &mut impl Read, to: &mut impl Write, block: u64) -> io::Result<Packed> {
    let (mut crc, mut blocks, mut marker) = (Crc::new(), Vec::new(), Marker::default());
    let mut compressor = Compress::new(Compression::default(), false);
    let mut text = Vec::with_capacity(usize::try_from(block).unwrap_or_default());
    let number = |number: u64| u32::try_from(number).map_err(io::Error::other);
    loop {
        text.clear();
        from.take(block).read_to_end(&mut text)?;
        if text.is_empty() {
            break;
        }
        let lines = marker.lines;
        crc.update(&text);
        marker.take(&text, None);
        let packed = squeeze(&mut compressor, &text, FlushCompress::Full)?;
        to.write_all(&packed)?;
        blocks.push((number(packed.len() as u64)?, number(marker.lines - lines)?));
    }
    to.write_all(&squeeze(&mut compressor, &[], FlushCompress::Finish)?)?;
    Ok((crc, blocks, marker))
}

/// All that the compressor makes of `text`.
fn squeeze(compressor: &mut Compress, text: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 + 4096);
    let before = compressor.total_in();
    loop {
        let taken = usize::try_from(compressor.total_in() - before).map_err(io::Error::other)?;
        let status = compressor.compress_vec(&text[taken..], &mut out, flush)?;
        let is_all = compressor.total_in() - before == text.len() as u64;
        let has_room = out.len() < out.capacity();
        match (status, flush) {
            (Status::StreamEnd, _) => return Ok(out),
            (_, FlushCompress::Finish) => {}
            _ if is_all && has_room => return Ok(out),
            _ => {}
        }
        out.reserve(64 * 1024);
    }
}

/// What is kept for the field before its marks are known.
fn most_bytes(blocks: usize) -> u64 {
    const MARKS: usize = 256;
    (17 + 8 * blocks + MARKS * 21) as u64
}

/// The header of the file, with the extra field filled up to `size`.
fn payload(
    length: u64,
    block: u64,
    blocks: &[(u32, u32)],
    marks: &[Mark],
    size: u64,
) -> io::Result<Vec<u8>> {
    let small = |number: u64| u16::try_from(number).map_err(io::Error::other);
    let mut out = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255];
    out.extend(small(size + 4)?.to_le_bytes());
    out.extend(NAME);
    out.extend(small(size)?.to_le_bytes());
    out.push(VERSION);
    out.extend(length.to_le_bytes());
    out.extend(u32::try_from(block).map_err(io::Error::other)?.to_le_bytes());
    out.extend(small(blocks.len() as u64)?.to_le_bytes());
    out.extend(small(marks.len() as u64)?.to_le_bytes());
    for (packed, lines) in blocks {
        out.extend(packed.to_le_bytes());
        out.extend(lines.to_le_bytes());
    }
    for mark in marks {
        out.push(mark.stage.number());
        out.extend(u32::try_from(mark.line).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(mark.offset.to_le_bytes());
        out.extend(mark.at.unwrap_or_default().to_le_bytes());
    }
    out.resize(usize::try_from(PAYLOAD + size).map_err(io::Error::other)?, 0);
    Ok(out)
}

impl Index {
    /// Reads it; `None` for a file that was packed by something else.
    pub fn read(file: &mut File) -> io::Result<Option<Index>> {
        file.rewind()?;
        let mut head = [0; 16];
        let is_ours = match file.read_exact(&mut head) {
            Ok(()) => head[..4] == [0x1f, 0x8b, 8, 4] && head[12..14] == NAME,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(error),
        };
        if !is_ours {
            return Ok(None);
        }
        let size = u16::from_le_bytes([head[14], head[15]]);
        let mut field = vec![0; usize::from(size)];
        file.read_exact(&mut field)?;
        Ok(Index::parse(&field, PAYLOAD + u64::from(size)))
    }

    /// `start` is where the compressed text begins.
    fn parse(field: &[u8], start: u64) -> Option<Index> {
        let mut rest = field;
        let [version] = take(&mut rest)?;
        if version != VERSION {
            return None;
        }
        let length = u64::from_le_bytes(take(&mut rest)?);
        let block = u64::from(u32::from_le_bytes(take(&mut rest)?));
        let blocks = u16::from_le_bytes(take(&mut rest)?);
        let marks = u16::from_le_bytes(take(&mut rest)?);
        if block == 0 || length.div_ceil(block) != u64::from(blocks) {
            return None;
        }
        let mut index = Index { length, block, ..Index::default() };
        let mut at = start;
        for _ in 0..blocks {
            index.blocks.push((at, index.lines));
            at += u64::from(u32::from_le_bytes(take(&mut rest)?));
            index.lines += u64::from(u32::from_le_bytes(take(&mut rest)?));
        }
        for _ in 0..marks {
            let [stage] = take(&mut rest)?;
            let line = u64::from(u32::from_le_bytes(take(&mut rest)?));
            let offset = u64::from_le_bytes(take(&mut rest)?);
            let at = Some(u64::from_le_bytes(take(&mut rest)?)).filter(|at| *at > 0);
            let stage = Stage::from_number(stage)?;
            index.marks.push(Mark { stage, line, offset, at });
        }
        Some(index)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use flate2::read::{DeflateDecoder, MultiGzDecoder};

    use super::super::read::line_ends;
    use super::*;

    fn packed(text: &[u8], known: &[Mark]) -> File {
        let (mut from, mut to) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        from.write_all(text).unwrap();
        from.rewind().unwrap();
        pack(&mut from, &mut to, known).unwrap();
        to
    }

    fn text() -> Vec<u8> {
        let mut text = b"Executing(%prep): sh\n".to_vec();
        for number in 0..90_000_u32 {
            let noise = number.wrapping_mul(2_654_435_761);
            writeln!(text, "line {number} {noise:x}").unwrap();
        }
        text.extend(b"Executing(%build): sh\nthe end");
        text
    }

    #[test]
    fn any_gzip_reads_it_and_every_block_can_be_read_alone() {
        let text = text();
        let mark = Mark { stage: Stage::Build, line: 90_002, offset: 0, at: Some(77) };
        let mut file = packed(&text, &[mark]);
        let index = Index::read(&mut file).unwrap().unwrap();
        assert_eq!((index.length, index.lines), (text.len() as u64, 90_002));
        assert!(index.blocks.len() > 4, "{}", index.blocks.len());
        let marks: Vec<_> = index.marks.iter().map(|m| (m.stage, m.line, m.at)).collect();
        assert_eq!(marks, [(Stage::Prep, 1, None), (Stage::Build, 90_002, Some(77))]);
        for (number, (at, lines)) in index.blocks.iter().enumerate() {
            file.seek(SeekFrom::Start(*at)).unwrap();
            let mut rest = Vec::new();
            DeflateDecoder::new(&file).read_to_end(&mut rest).unwrap();
            let start = number * usize::try_from(index.block).unwrap();
            assert!(rest == text[start..], "block {number}");
            assert_eq!(*lines, line_ends(&text[..start]));
        }
        file.rewind().unwrap();
        let mut whole = Vec::new();
        MultiGzDecoder::new(&file).read_to_end(&mut whole).unwrap();
        assert!(whole == text);
    }

    #[test]
    fn an_empty_log_is_packed_too() {
        let mut file = packed(b"", &[]);
        assert_eq!(Index::read(&mut file).unwrap().unwrap().blocks, []);
        file.rewind().unwrap();
        let mut whole = Vec::new();
        MultiGzDecoder::new(&file).read_to_end(&mut whole).unwrap();
        assert!(whole.is_empty());
    }

    #[test]
    fn what_others_have_packed_has_no_index() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(Index::read(&mut file).unwrap(), None);
        file.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(Index::read(&mut file).unwrap(), None);
    }
}
