//! Packing a directory for its way to the server.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::Ended;
use super::interrupt::Interrupt;
use crate::cli::out;
use crate::config::Size;
use crate::process::{Exit, Program};

/// How many files a message names.
const NAMED: usize = 5;

/// Packs these files of a directory into a temporary file.
pub(super) fn pack(
    dir: &Path,
    files: &BTreeSet<PathBuf>,
    limit: Size,
    interrupt: &Interrupt,
) -> Result<TempPath, Ended> {
    let size = measure(dir, files, limit)?;
    out::say(&format!("sending {} files, {}", files.len(), rough(size)));
    let temporary = |error| Ended::refused(format!("cannot make a temporary file: {error}"));
    let list = tempfile::NamedTempFile::new().map_err(temporary)?;
    let names = files.iter().flat_map(|file| [file.as_os_str().as_bytes(), b"\0"].concat());
    fs::write(list.path(), names.collect::<Vec<u8>>()).map_err(temporary)?;
    let packed = tempfile::NamedTempFile::new().map_err(temporary)?.into_temp_path();
    // It travels once: what stronger packing saves takes longer than the way.
    let tar = Program::new("tar")
        .args(["--create", "--use-compress-program", "gzip -1", "--file"])
        .arg(&packed)
        .arg("--directory")
        .arg(dir)
        .args(["--owner=0", "--group=0", "--numeric-owner"])
        .args(["--null", "--no-recursion", "--verbatim-files-from", "--files-from"])
        .arg(list.path());
    let ended = interrupt.block_on(tar.capture(&interrupt.token()));
    let ended = ended.map_err(|error| Ended::refused(error.to_string()))?;
    match ended.exit {
        // 1: a file changed meanwhile. It is as good as before or after that.
        Exit::Code(0 | 1) => Ok(packed),
        Exit::Canceled => Err(Ended::interrupted("stopped; nothing was handed in")),
        other => {
            let why = String::from_utf8_lossy(&ended.stderr);
            let why = why.lines().next().map_or_else(|| other.to_string(), ToOwned::to_owned);
            Err(Ended::refused(format!("{} cannot be packed: {why}", dir.display())))
        }
    }
}

/// How much there is to be packed; more than the limit is refused.
fn measure(dir: &Path, files: &BTreeSet<PathBuf>, limit: Size) -> Result<u64, Ended> {
    let mut sizes: Vec<(u64, &PathBuf)> = Vec::with_capacity(files.len());
    for file in files {
        let meta = fs::symlink_metadata(dir.join(file));
        let meta = meta.map_err(|error| {
            Ended::refused(format!("cannot read {}: {error}", dir.join(file).display()))
        })?;
        sizes.push((meta.len(), file));
    }
    let sum = sizes.iter().map(|(size, _)| size).sum();
    if sum <= limit.0 {
        return Ok(sum);
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let large = sizes.iter().take(NAMED);
    let large: Vec<String> =
        large.map(|(size, file)| format!("{} ({})", file.display(), rough(*size))).collect();
    Err(Ended::refused(format!(
        "{} has {} in {} files, and {limit} may be sent; the largest are {}. Have git ignore what \
         is not needed, or say --max-size",
        dir.display(),
        rough(sum),
        files.len(),
        large.join(", ")
    )))
}

/// A size in three digits.
fn rough(size: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| size >> shift > 0) {
        Some((shift, unit)) => {
            let tenths = (size >> (shift - 10)) * 10 / 1024;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{size} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_refused_with_the_names_of_what_is_large() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("large"), [0; 3000]).unwrap();
        fs::write(dir.path().join("small"), "x").unwrap();
        let files: BTreeSet<PathBuf> = ["large", "small"].map(PathBuf::from).into();
        assert_eq!(measure(dir.path(), &files, Size(3001)).unwrap(), 3001);
        let why = measure(dir.path(), &files, Size(3000)).unwrap_err().to_string();
        assert!(why.contains("has 2.9 KiB in 2 files") && why.contains("large (2.9 KiB)"), "{why}");
    }

    #[test]
    fn sizes_are_told_roughly() {
        let told: Vec<String> = [0, 1023, 1536, 5 << 20, (1 << 30) + (1 << 29)].map(rough).into();
        assert_eq!(told, ["0 B", "1023 B", "1.5 KiB", "5.0 MiB", "1.5 GiB"]);
    }
}
