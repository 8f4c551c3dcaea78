//! Deciding what to say about a path. Runs on the blocking pool, knows no Rocket.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::time::SystemTime;

use super::conditions::Conditions;
use super::kind::{self, Kind};
use super::listing;
use super::path::TreePath;
use super::range::{self, Span};
use super::tree::{Entry, OpenFile, Root};

/// Parts up to this size are read where they are opened: one visit to the blocking pool is much of
/// what a small file costs.
const SMALL: u64 = 64 << 10;

/// What a request asks, apart from Rocket's types.
pub(super) struct Question {
    pub(super) path: TreePath,
    /// The path as the client wrote it, for redirects and headings.
    pub(super) address: String,
    /// Whether only the headers are wanted.
    pub(super) head: bool,
    pub(super) unpacks: bool,
    pub(super) conditions: Conditions,
}

/// What to answer.
pub(super) enum Answer {
    Missing,
    /// To the same thing under its proper address.
    Moved(String),
    /// To where it is at the moment.
    Elsewhere(String),
    Listing(String),
    File(FileAnswer),
}

/// A file, or why it is not sent.
pub(super) struct FileAnswer {
    pub(super) kind: Kind,
    pub(super) etag: String,
    pub(super) modified: SystemTime,
    pub(super) len: u64,
    pub(super) content: Content,
}

/// What of a file is sent.
pub(super) enum Content {
    /// The client has it already.
    NotModified,
    /// The client asks for bytes behind the end.
    Beyond,
    /// The headers alone, for this part.
    Head(Part),
    /// A part that has been read.
    Small(Part, Vec<u8>),
    /// A part to be streamed; the file stands at its beginning.
    Large(Part, File),
}

/// The bytes that are sent.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) bytes: Range<u64>,
    /// Whether a range was asked for.
    pub(super) partial: bool,
}

impl Part {
    pub(super) fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }
}

/// Looks `question` up beneath `root`.
pub(super) fn find(root: &Root, question: &Question) -> io::Result<Answer> {
    let ends_in_slash = question.address.ends_with('/');
    match root.entry(question.path.as_str())? {
        Entry::Directory(_) if !ends_in_slash => {
            Ok(Answer::Moved(format!("{}/", question.address)))
        }
        Entry::Directory(fd) => {
            listing::page(&fd, &question.address, question.path.is_root()).map(Answer::Listing)
        }
        Entry::File(file) if !ends_in_slash => describe(file, question).map(Answer::File),
        Entry::Nothing if !ends_in_slash => log_twin(root, question),
        Entry::File(_) | Entry::Nothing => Ok(Answer::Missing),
    }
}

/// A log that was packed since the client learned its name, or is not packed yet.
fn log_twin(root: &Root, question: &Question) -> io::Result<Answer> {
    let Some(twin) = question.path.log_twin() else { return Ok(Answer::Missing) };
    if !root.has_file(twin.as_str())? {
        return Ok(Answer::Missing);
    }
    let address = &question.address;
    Ok(match address.strip_suffix(".gz") {
        Some(plain) => Answer::Elsewhere(plain.to_owned()),
        None => Answer::Elsewhere(format!("{address}.gz")),
    })
}

fn describe(open: OpenFile, question: &Question) -> io::Result<FileAnswer> {
    let OpenFile { mut file, len, modified, tag } = open;
    let kind = kind::of(question.path.name(), question.unpacks);
    // The text and the packed file are different answers and must not share a tag.
    let etag = if kind.unpacked { format!("\"{tag}-text\"") } else { format!("\"{tag}\"") };
    let content = if question.conditions.not_modified(&etag, modified) {
        Content::NotModified
    } else {
        let span =
            question.conditions.range(&etag, modified).map(|header| range::parse(header, len));
        match span.unwrap_or(Span::Whole) {
            Span::Beyond => Content::Beyond,
            Span::Part(bytes) => load(&mut file, Part { bytes, partial: true }, question.head)?
                .unwrap_or_else(|part| Content::Large(part, file)),
            Span::Whole => load(&mut file, Part { bytes: 0..len, partial: false }, question.head)?
                .unwrap_or_else(|part| Content::Large(part, file)),
        }
    };
    Ok(FileAnswer { kind, etag, modified, len, content })
}

/// Reads `part` if it is small; hands it back, with the file at its beginning, if it is not.
fn load(file: &mut File, part: Part, head: bool) -> io::Result<Result<Content, Part>> {
    if head {
        return Ok(Ok(Content::Head(part)));
    }
    if part.bytes.start > 0 {
        file.seek(SeekFrom::Start(part.bytes.start))?;
    }
    if part.len() > SMALL {
        return Ok(Err(part));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(part.len()).unwrap_or(0));
    file.take(part.len()).read_to_end(&mut bytes)?;
    Ok(Ok(Content::Small(part, bytes)))
}
