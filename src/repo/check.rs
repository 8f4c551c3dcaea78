//! Whether a repository is what its index says.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Error;
use super::metadata::{self, Listed, REPOMD};

/// How closely packages are looked at. The metadata are always read in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// That they are there and have the size that is listed.
    Sizes,
    /// Also that their content fits the checksum: reads everything.
    Contents,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The packages that are listed, relative to the repository.
    pub packages: Vec<String>,
    /// What is wrong, as sentences; none if nothing is.
    pub problems: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Looks at the repository in `dir`. It may be published meanwhile.
pub fn check(dir: &Path, depth: Depth) -> Report {
    let mut report = Report::default();
    let repomd = dir.join("repodata").join(REPOMD);
    let files = metadata::read_repomd(&repomd).unwrap_or_else(|error| {
        report.problems.push(error.to_string());
        Vec::new()
    });
    for file in files {
        let found = check_file(dir, &file, Depth::Contents);
        let is_good = found.is_ok();
        report.problems.extend(found.err());
        if file.kind == "primary" && is_good {
            let read = metadata::read_primary(&dir.join(&file.href), &mut |package| {
                report.problems.extend(check_file(dir, &package, depth).err());
                report.packages.push(package.href);
            });
            report.problems.extend(read.err().map(|error| error.to_string()));
        }
    }
    report
}

/// Whether `file` is in `dir` and is what is listed.
fn check_file(dir: &Path, file: &Listed, depth: Depth) -> Result<(), String> {
    let path = dir.join(&file.href);
    let problem = |why: &str| Err(format!("{}: {why}", path.display()));
    let length = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return problem("is no file"),
        Err(error) => return problem(&format!("is listed, but: {error}")),
    };
    if file.size.is_some_and(|size| size != length) {
        return problem("has another size than is listed");
    }
    if depth == Depth::Sizes || file.sha256.is_empty() {
        return Ok(());
    }
    match sha256(&path) {
        Ok(sum) if sum == file.sha256 => Ok(()),
        Ok(_) => problem("has another checksum than is listed"),
        Err(error) => problem(&error.to_string()),
    }
}

/// The SHA-256 sum of a file, in hexadecimal.
pub fn sha256(path: &Path) -> Result<String, Error> {
    let mut sum = Sha256::new();
    let mut file = File::open(path).map_err(Error::disk(path))?;
    io::copy(&mut file, &mut Hasher(&mut sum)).map_err(Error::disk(path))?;
    let mut digits = String::new();
    for byte in sum.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

/// Hashes what is written to it.
struct Hasher<'a>(&'a mut Sha256);

impl io::Write for Hasher<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
