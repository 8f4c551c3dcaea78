//! The headers of an RPM file: signature and main header, as tags with values.
//!
//! An RPM is a fixed lead, the signature header, the main header and the payload. A header is an
//! index of 16-byte entries and a block of data that they point into. Both are read into one
//! buffer each, which grows only as bytes really arrive; every value is then a slice of it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const LEAD_SIZE: usize = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
const HEADER_MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
/// Where a header's data may start to matter: magic, reserved bytes and two counts.
const INTRO_SIZE: usize = 16;
const ENTRY_SIZE: usize = 16;

/// rpm itself stops at 65,535 tags and 256 MiB of data; the largest packages of Fedora have
/// headers of a few MiB.
const MAX_TAGS: usize = 65_535;
const MAX_DATA: usize = 32 << 20;
/// No tag that is read here lists more values than this.
const MAX_VALUES: usize = 65_535;

/// The numbers of the tags that are read here.
pub mod tag {
    #![expect(missing_docs, reason = "the names are rpm's own")]
    pub const NAME: u32 = 1000;
    pub const VERSION: u32 = 1001;
    pub const RELEASE: u32 = 1002;
    pub const EPOCH: u32 = 1003;
    pub const SUMMARY: u32 = 1004;
    pub const LICENSE: u32 = 1014;
    pub const ARCH: u32 = 1022;
    pub const FILEFLAGS: u32 = 1037;
    pub const SOURCERPM: u32 = 1044;
    pub const PROVIDENAME: u32 = 1047;
    pub const REQUIREFLAGS: u32 = 1048;
    pub const REQUIRENAME: u32 = 1049;
    pub const REQUIREVERSION: u32 = 1050;
    pub const EXCLUDEARCH: u32 = 1059;
    pub const EXCLUSIVEARCH: u32 = 1061;
    pub const BUILDARCHS: u32 = 1089;
    pub const DIRINDEXES: u32 = 1116;
    pub const BASENAMES: u32 = 1117;
    pub const DIRNAMES: u32 = 1118;

    /// Tags of the signature header, which has numbers of its own.
    pub mod signature {
        pub const DSA: u32 = 267;
        pub const RSA: u32 = 268;
        pub const LONG_SIZE: u32 = 270;
        pub const OPENPGP: u32 = 278;
        pub const SIZE: u32 = 1000;
        pub const PGP: u32 = 1002;
        pub const GPG: u32 = 1005;
    }
}

/// Why a file cannot be read as a package.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("the package cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Something else altogether.
    #[error("this is not an RPM package")]
    NotRpm,
    /// A binary package where sources are needed.
    #[error("this is a binary package; a source package (.src.rpm) is needed")]
    NotSource,
    /// Shorter than the package says it is.
    #[error("the RPM package is incomplete: it ends after {have} of {want} bytes")]
    Truncated {
        /// Bytes that are there.
        have: u64,
        /// Bytes that there should be.
        want: u64,
    },
    /// The file ends within the headers.
    #[error("the RPM package is incomplete: it ends within its header")]
    HeaderCut,
    /// More tags or data than any real package has.
    #[error("the header of the RPM package is larger than is allowed")]
    TooBig,
    /// Bytes that contradict each other.
    #[error("the header of the RPM package is damaged: {0}")]
    Damaged(&'static str),
}

/// One header: tags with values.
pub struct Header {
    index: Vec<u8>,
    data: Vec<u8>,
}

/// An index entry.
struct Entry {
    kind: u32,
    offset: usize,
    count: usize,
}

impl Header {
    /// Reads a header; what follows it stays unread.
    fn read(source: &mut impl Read) -> Result<Header, Error> {
        let intro = take(source, INTRO_SIZE)?;
        if intro[..4] != HEADER_MAGIC {
            return Err(Error::Damaged("a header does not begin where it should"));
        }
        let (tags, data) = (size_at(&intro, 8), size_at(&intro, 12));
        if tags > MAX_TAGS || data > MAX_DATA {
            return Err(Error::TooBig);
        }
        Ok(Header { index: take(source, tags * ENTRY_SIZE)?, data: take(source, data)? })
    }

    /// Bytes that the header takes in the file.
    fn len(&self) -> usize {
        INTRO_SIZE + self.index.len() + self.data.len()
    }

    /// Whether `tag` is there.
    pub fn has(&self, tag: u32) -> bool {
        self.entry(tag).is_some()
    }

    /// The strings of `tag`, none if it is absent. Bytes that are not UTF-8 are replaced: old
    /// packages have summaries in Latin-1.
    pub fn strings(&self, tag: u32) -> Result<Vec<String>, Error> {
        const STRING: u32 = 6;
        const STRING_ARRAY: u32 = 8;
        const TRANSLATED: u32 = 9;
        let Some(entry) = self.entry(tag) else { return Ok(Vec::new()) };
        if !matches!(entry.kind, STRING | STRING_ARRAY | TRANSLATED) {
            return Err(Error::Damaged("a text has another type"));
        }
        if entry.count > MAX_VALUES {
            return Err(Error::TooBig);
        }
        let mut rest = self.data.get(entry.offset..).ok_or(OUTSIDE)?;
        let mut strings = Vec::new();
        for _ in 0..entry.count {
            let end = rest.iter().position(|&b| b == 0).ok_or(OUTSIDE)?;
            strings.push(String::from_utf8_lossy(&rest[..end]).into_owned());
            rest = &rest[end + 1..];
        }
        Ok(strings)
    }

    /// The first string of `tag`: for translated texts the untranslated one.
    pub fn string(&self, tag: u32) -> Result<Option<String>, Error> {
        let strings = self.strings(tag)?;
        Ok(strings.into_iter().next())
    }

    /// The 32-bit numbers of `tag`, none if it is absent.
    pub fn numbers(&self, tag: u32) -> Result<Vec<u32>, Error> {
        const INT32: u32 = 4;
        let bytes = self.values(tag, INT32, 4)?.unwrap_or_default();
        Ok(bytes.as_chunks().0.iter().map(|chunk| u32::from_be_bytes(*chunk)).collect())
    }

    /// The first 64-bit number of `tag`.
    pub fn long(&self, tag: u32) -> Result<Option<u64>, Error> {
        const INT64: u32 = 5;
        let bytes = self.values(tag, INT64, 8)?;
        Ok(bytes.and_then(|bytes| bytes.first_chunk()).map(|chunk| u64::from_be_bytes(*chunk)))
    }

    /// The bytes of `tag`.
    pub fn bytes(&self, tag: u32) -> Result<Option<&[u8]>, Error> {
        const BINARY: u32 = 7;
        self.values(tag, BINARY, 1)
    }

    fn values(&self, tag: u32, kind: u32, width: usize) -> Result<Option<&[u8]>, Error> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        if entry.kind != kind {
            return Err(Error::Damaged("a value has another type"));
        }
        let end = entry
            .count
            .checked_mul(width)
            .and_then(|length| length.checked_add(entry.offset))
            .ok_or(OUTSIDE)?;
        self.data.get(entry.offset..end).map(Some).ok_or(OUTSIDE)
    }

    fn entry(&self, tag: u32) -> Option<Entry> {
        let entry = self.index.chunks_exact(ENTRY_SIZE).find(|e| number_at(e, 0) == tag)?;
        Some(Entry {
            kind: number_at(entry, 4),
            offset: size_at(entry, 8),
            count: size_at(entry, 12),
        })
    }
}

const OUTSIDE: Error = Error::Damaged("a value lies outside of it");

/// Both headers of a package file.
pub struct Rpm {
    /// The signature header: digests, sizes, signatures.
    pub signature: Header,
    /// The main header: what the package is.
    pub main: Header,
    /// Where the main header begins.
    main_offset: u64,
}

impl Rpm {
    /// Reads the headers of the file at `path`, which must be as long as they say.
    pub fn open(path: &Path) -> Result<Rpm, Error> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let rpm = Rpm::read(&mut BufReader::new(file))?;
        rpm.check_length(length)?;
        Ok(rpm)
    }

    /// Reads the headers from `source`; the payload stays unread.
    pub fn read(source: &mut impl Read) -> Result<Rpm, Error> {
        let lead = take(source, LEAD_SIZE).map_err(|error| match error {
            Error::HeaderCut => Error::NotRpm,
            other => other,
        })?;
        if lead[..4] != LEAD_MAGIC {
            return Err(Error::NotRpm);
        }
        let signature = Header::read(source)?;
        let padding = signature.len().next_multiple_of(8) - signature.len();
        take(source, padding)?;
        let main_offset = (LEAD_SIZE + signature.len() + padding) as u64;
        Ok(Rpm { signature, main: Header::read(source)?, main_offset })
    }

    /// Refuses a file of `length` bytes that ends before the payload does.
    fn check_length(&self, length: u64) -> Result<(), Error> {
        let size = match self.signature.long(tag::signature::LONG_SIZE)? {
            Some(size) => Some(size),
            None => self.signature.numbers(tag::signature::SIZE)?.first().map(|&n| n.into()),
        };
        // Without a recorded size at least something must follow the headers.
        let size = size.unwrap_or(self.main.len() as u64 + 1);
        let want = self.main_offset.saturating_add(size);
        if length < want { Err(Error::Truncated { have: length, want }) } else { Ok(()) }
    }

    /// Whether somebody has signed the package.
    pub fn is_signed(&self) -> bool {
        SIGNATURES.iter().any(|&tag| self.signature.has(tag))
    }

    /// Whether a signature names `fingerprint` as its maker. The signature itself is not checked.
    pub fn names_signer(&self, fingerprint: &[u8]) -> bool {
        let holds =
            |packet: &[u8]| packet.windows(fingerprint.len()).any(|part| part == fingerprint);
        let rsa = self.signature.bytes(tag::signature::RSA).ok().flatten();
        // Only in the format of rpm 6, where there may be several, in base64.
        let open_pgp = self.signature.strings(tag::signature::OPENPGP).unwrap_or_default();
        rsa.is_some_and(holds) || open_pgp.iter().any(|text| holds(&decode_base64(text)))
    }
}

/// The bytes that `text` stands for; what is no digit is passed over.
fn decode_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter_map(|byte| (0u32..).zip(DIGITS).find(|(_, d)| **d == byte)) {
        bits = bits << 6 | digit.0;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
        }
    }
    bytes
}

const SIGNATURES: [u32; 5] = [
    tag::signature::RSA,
    tag::signature::DSA,
    tag::signature::PGP,
    tag::signature::GPG,
    tag::signature::OPENPGP,
];

fn number_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn size_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(number_at(bytes, at)).unwrap_or(usize::MAX)
}

/// Reads exactly `count` bytes.
fn take(source: &mut impl Read, count: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(count.min(64 << 10));
    source.take(count as u64).read_to_end(&mut bytes)?;
    if bytes.len() == count { Ok(bytes) } else { Err(Error::HeaderCut) }
}
