//! Takes what a build has made out of its home. The build's code could put anything there under
//! any name: only regular files leave it, as copies; in a result directory, only with the name of a
//! package.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, openat2};

use crate::runner::builder::BuildError;

/// The longest name that file systems take.
const LONGEST: usize = 255;
/// The most files that a script may leave.
const MOST: usize = 10_000;

/// Packages with this ending that are in a directory of the home or directly below it; they are
/// copied to `to`. Returns the copies, sorted. `home` itself must be ours.
pub fn collect(
    home: &Path,
    dir: &str,
    ending: &str,
    to: &Path,
) -> Result<Vec<PathBuf>, BuildError> {
    let mut copies = Vec::new();
    let open = |path: &Path, flags| open_beneath(home, path, flags);
    let Some(top) = open(Path::new(dir), OFlags::DIRECTORY)? else { return Ok(copies) };
    let mut todo = Vec::new();
    for (name, kind) in entries(top)? {
        let path = Path::new(dir).join(&name);
        if kind != FileType::Directory {
            todo.push(path);
        } else if let Some(below) = open(&path, OFlags::DIRECTORY)? {
            todo.extend(entries(below)?.into_iter().map(|(name, _)| path.join(name)));
        }
    }
    for path in todo {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.ends_with(ending) {
            continue;
        }
        let Some(file) = open(&path, OFlags::NONBLOCK)? else { continue };
        let file = File::from(file);
        if !file.metadata()?.is_file() {
            continue;
        }
        if !is_package_name(name) {
            return Err(BuildError::Failed(format!("the build made a file named {name:?}")));
        }
        copies.push(copy(file, &to.join(name))?);
    }
    copies.sort();
    Ok(copies)
}

/// Regular files directly in a directory of a tree, empty for the tree itself, copied to `to`;
/// together they may have `max_size` bytes. Returns the copies, sorted. `tree` itself must be ours.
pub fn collect_files(
    tree: &Path,
    dir: &str,
    to: &Path,
    max_size: u64,
) -> Result<Vec<PathBuf>, BuildError> {
    let dir = if dir.is_empty() { "." } else { dir };
    let Some(top) = open_beneath(tree, Path::new(dir), OFlags::DIRECTORY)? else {
        return Ok(Vec::new());
    };
    let (mut copies, mut left) = (Vec::new(), max_size);
    for (name, _) in entries(top)? {
        let Some(file) = open_beneath(tree, &Path::new(dir).join(&name), OFlags::NONBLOCK)? else {
            continue;
        };
        let file = File::from(file);
        let meta = file.metadata()?;
        if !meta.is_file() {
            continue;
        }
        let refuse = |why| Err(BuildError::BadSource(why));
        if name.to_string_lossy().contains(char::is_control) {
            return refuse(format!(
                "a file has control characters in its name: {}",
                name.display()
            ));
        }
        let Some(rest) = left.checked_sub(meta.len()).filter(|_| copies.len() < MOST) else {
            return refuse(format!("there are more than {max_size} bytes or {MOST} files"));
        };
        left = rest;
        copies.push(copy(file, &to.join(&name))?);
    }
    copies.sort();
    Ok(copies)
}

fn is_package_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.+~^".contains(c);
    name.len() <= LONGEST && name.chars().all(legal) && !name.starts_with(['.', '-'])
}

/// A copy that belongs to the server and is nothing but data. The kernel shares the blocks where
/// the file system can.
fn copy(mut from: File, to: &Path) -> io::Result<PathBuf> {
    // An attempt before this one may have come as far as this.
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o644).open(to)?;
    let length = from.metadata()?.size();
    let copied = io::copy(&mut from, &mut file);
    if !matches!(copied, Ok(copied) if copied == length) {
        fs::remove_file(to)?;
        copied?;
        return Err(io::Error::other("a file changed while it was copied"));
    }
    Ok(to.to_owned())
}

/// Opens a path below `home` without following symlinks; `None` where there is nothing of the
/// kind.
pub(super) fn open_beneath(home: &Path, path: &Path, flags: OFlags) -> io::Result<Option<OwnedFd>> {
    let home = File::open(home)?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | flags;
    match openat2(&home, path, flags, Mode::empty(), resolve) {
        Ok(file) => Ok(Some(file)),
        Err(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE | rustix::io::Errno::IO) => {
            Err(io::Error::other("the build's files cannot be read"))
        }
        // A symlink, another file system, a file in place of a directory, a socket: no package.
        Err(_) => Ok(None),
    }
}

fn entries(dir: OwnedFd) -> io::Result<Vec<(std::ffi::OsString, FileType)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(&dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            found.push((name.into(), entry.file_type()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_regular_files_named_like_packages_are_taken() {
        let (home, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let rpms = home.path().join("build/RPMS");
        fs::create_dir_all(rpms.join("noarch")).unwrap();
        fs::write(rpms.join("a-1-1.noarch.rpm"), "a").unwrap();
        fs::set_permissions(rpms.join("a-1-1.noarch.rpm"), fs::Permissions::from_mode(0o6777))
            .unwrap();
        fs::write(rpms.join("noarch/b-1-1.noarch.rpm"), "b").unwrap();
        fs::write(rpms.join("notes.txt"), "c").unwrap();
        fs::create_dir(rpms.join("dir.rpm")).unwrap();
        symlink("/etc/passwd", rpms.join("evil.rpm")).unwrap();
        symlink("/etc", rpms.join("etc")).unwrap();
        let found = collect(home.path(), "build/RPMS", ".rpm", to.path()).unwrap();
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["a-1-1.noarch.rpm", "b-1-1.noarch.rpm"]);
        let mode = fs::metadata(&found[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o7133, 0, "{mode:o}");
    }

    #[test]
    fn a_directory_that_became_a_symlink_holds_nothing() {
        let (home, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let elsewhere = TempDir::new().unwrap();
        fs::write(elsewhere.path().join("a.rpm"), "a").unwrap();
        fs::create_dir(home.path().join("build")).unwrap();
        symlink(elsewhere.path(), home.path().join("build/RPMS")).unwrap();
        assert!(collect(home.path(), "build/RPMS", ".rpm", to.path()).unwrap().is_empty());
        assert!(collect(home.path(), "build/none", ".rpm", to.path()).unwrap().is_empty());
    }

    #[test]
    fn names_that_no_repository_can_hold_fail_the_build() {
        let (home, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        fs::create_dir(home.path().join("RPMS")).unwrap();
        fs::write(home.path().join("RPMS/a b.rpm"), "a").unwrap();
        let error = collect(home.path(), "RPMS", ".rpm", to.path()).unwrap_err();
        assert!(error.to_string().contains("a b.rpm"), "{error}");
    }

    #[test]
    fn a_script_leaves_regular_files_of_a_limited_size() {
        let (tree, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let out = tree.path().join("out");
        fs::create_dir_all(out.join("below")).unwrap();
        fs::write(out.join("a b.tar"), "12345").unwrap();
        fs::write(out.join("below/deep"), "x").unwrap();
        symlink("/etc/passwd", out.join("x.spec")).unwrap();
        symlink("/etc", tree.path().join("etc")).unwrap();
        let found = |dir, size| collect_files(tree.path(), dir, to.path(), size);
        assert_eq!(found("out", 5).unwrap(), [to.path().join("a b.tar")]);
        assert!(found("out", 4).is_err());
        for nothing in ["", "etc", "none", "../"] {
            assert!(found(nothing, 5).unwrap().is_empty(), "{nothing}");
        }
        fs::write(out.join("a\nb"), "").unwrap();
        assert!(found("out", 5).is_err());
    }
}
