//! Reading a checkout: nothing in it is trusted, and no symlink leads us out of it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::runner::source::error::SourceError;

/// The longest spec that is read here.
const MAX_SPEC: u64 = 8 << 20;
/// How far below a directory its only spec file is looked for.
const DEPTH: usize = 4;
/// How many files are named in a message.
const NAMED: usize = 8;
/// How rpkg marks a spec file with templates in it.
const TEMPLATE: &str = ".spec.rpkg";

/// A spec file in a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runner::source) struct Found {
    /// Where it is, seen from the checkout.
    pub(in crate::runner::source) path: PathBuf,
    /// What is in it.
    pub(in crate::runner::source) text: Vec<u8>,
}

impl Found {
    /// What to call it: its file name, without the end that marks templates.
    pub(in crate::runner::source) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_suffix(".rpkg").unwrap_or(&name).to_owned()
    }

    /// The directory it is in, seen from the checkout; empty for the checkout itself.
    pub(in crate::runner::source) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// Whether a checkout has this directory.
pub(in crate::runner::source) fn check_dir(top: &Path, dir: &Path) -> Result<(), SourceError> {
    let exists =
        dir.as_os_str().is_empty() || open(top, dir, OFlags::DIRECTORY | OFlags::PATH).is_ok();
    if exists {
        return Ok(());
    }
    let why = format!("the repository has no directory {}", dir.display());
    Err(SourceError::Directory(why))
}

/// The spec file: the one that is named, or else the only one in `dir`, or else the only one
/// below. Blocks.
pub(in crate::runner::source) fn find_spec(
    top: &Path,
    dir: &Path,
    named: Option<&Path>,
) -> Result<Found, SourceError> {
    check_dir(top, dir)?;
    let path = match named {
        Some(named) => {
            let path = dir.join(named);
            let template = PathBuf::from(format!("{}.rpkg", path.display()));
            let exists = |path: &Path| fs::symlink_metadata(top.join(path)).is_ok();
            if !exists(&path) && exists(&template) { template } else { path }
        }
        None => only_spec(top, dir)?,
    };
    let text = read(top, &path, MAX_SPEC).map_err(|error| {
        let shown = path.display();
        let why = match error.kind() {
            io::ErrorKind::NotFound => format!("the repository has no file {shown}"),
            _ => format!("{shown} cannot be used as a spec file: {error}"),
        };
        SourceError::Directory(why)
    })?;
    Ok(Found { path, text })
}

fn only_spec(top: &Path, dir: &Path) -> Result<PathBuf, SourceError> {
    let start = top.join(dir);
    for depth in [1, DEPTH] {
        let mut found = specs_below(top, &start, depth);
        match (found.pop(), found.is_empty()) {
            (Some(path), true) => return Ok(path),
            (Some(path), false) => {
                found.push(path);
                found.sort();
                let mut names: Vec<String> =
                    found.iter().take(NAMED).map(|path| path.display().to_string()).collect();
                if found.len() > NAMED {
                    names.push("…".to_owned());
                }
                let why = format!("there are several spec files, name one: {}", names.join(", "));
                return Err(SourceError::Directory(why));
            }
            (None, _) => {}
        }
    }
    let place = if dir.as_os_str().is_empty() { "the repository" } else { "the directory" };
    Err(SourceError::Directory(format!("{place} has no spec file")))
}

/// Files that are named like specs, not through symlinks of directories. A template stands for the
/// spec beside it that was made from it.
fn specs_below(top: &Path, start: &Path, depth: usize) -> Vec<PathBuf> {
    let hidden = |name: &std::ffi::OsStr| name.as_bytes().starts_with(b".");
    let walk = walkdir::WalkDir::new(start).min_depth(1).max_depth(depth).into_iter();
    let mut found: Vec<PathBuf> = walk
        .filter_entry(|entry| !hidden(entry.file_name()))
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir())
        .filter(|entry| {
            let name = entry.file_name().as_bytes();
            name.ends_with(b".spec") || name.ends_with(TEMPLATE.as_bytes())
        })
        .filter_map(|entry| entry.path().strip_prefix(top).map(Path::to_owned).ok())
        .collect();
    let templates: Vec<PathBuf> = found
        .iter()
        .filter(|path| path.as_os_str().as_bytes().ends_with(TEMPLATE.as_bytes()))
        .map(|path| path.with_extension(""))
        .collect();
    found.retain(|path| !templates.contains(path));
    found
}

/// Reads a file of a checkout.
pub(in crate::runner::source) fn read(top: &Path, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::from(open(top, path, OFlags::NONBLOCK)?);
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = Vec::new();
    file.take(limit + 1).read_to_end(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(text)
}

/// Copies the files that are directly in a directory of a checkout to `to`, for rpmbuild: what a
/// spec names as sources has no directories. Files that are there already stay. Blocks.
pub(in crate::runner::source) fn copy_files(top: &Path, dir: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(top.join(dir))? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() || target.symlink_metadata().is_ok() {
            continue;
        }
        // A symlink may lead to another place of the checkout, nowhere else.
        let Ok(file) = open(top, &dir.join(entry.file_name()), OFlags::NONBLOCK) else { continue };
        let mut file = File::from(file);
        if file.metadata()?.is_file() {
            io::copy(&mut file, &mut File::create_new(&target)?)?;
        }
    }
    Ok(())
}

/// Opens a path below `top`. Symlinks that stay below are followed.
fn open(top: &Path, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let top = File::open(top)?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | flags;
    match openat2(&top, path, flags, Mode::empty(), resolve) {
        Ok(file) => Ok(file),
        Err(rustix::io::Errno::XDEV | rustix::io::Errno::LOOP) => {
            Err(io::Error::other("it leads out of the repository"))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "Name: x\n").unwrap();
        }
        dir
    }

    fn found(top: &Path, dir: &str, named: Option<&str>) -> Result<String, String> {
        find_spec(top, Path::new(dir), named.map(Path::new))
            .map(|found| found.path.display().to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_spec_is_found_and_several_are_named() {
        let dir = tree(&["a/x.spec", "b/y.spec", "b/z/w.spec", "c/.git/v.spec", "README"]);
        assert_eq!(found(dir.path(), "a", None).unwrap(), "a/x.spec");
        assert_eq!(found(dir.path(), "b", None).unwrap(), "b/y.spec", "the nearer one");
        assert_eq!(found(dir.path(), "b/z", None).unwrap(), "b/z/w.spec");
        let several = found(dir.path(), "", None).unwrap_err();
        assert!(several.contains("a/x.spec, b/y.spec, b/z/w.spec"), "{several}");
        assert!(found(dir.path(), "c", None).unwrap_err().contains("has no spec file"));
        assert!(found(dir.path(), "d", None).unwrap_err().contains("no directory d"));
        assert_eq!(found(dir.path(), "b", Some("z/w.spec")).unwrap(), "b/z/w.spec");
        assert!(found(dir.path(), "b", Some("n.spec")).unwrap_err().contains("no file b/n.spec"));
    }

    #[test]
    fn a_template_goes_before_the_spec_made_of_it() {
        let dir = tree(&["x.spec", "x.spec.rpkg", "d/y.spec.rpkg"]);
        assert_eq!(found(dir.path(), "", None).unwrap(), "x.spec.rpkg");
        assert_eq!(found(dir.path(), "d", Some("y.spec")).unwrap(), "d/y.spec.rpkg");
        let spec = find_spec(dir.path(), Path::new("d"), None).unwrap();
        assert_eq!((spec.name(), spec.dir()), ("y.spec".to_owned(), Path::new("d")));
    }

    #[test]
    fn symlinks_lead_only_to_what_is_in_the_checkout() {
        let dir = tree(&["real/x.spec", "real/a.tar"]);
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("d")).unwrap();
        symlink("../real/x.spec", at("d/good.spec")).unwrap();
        symlink("../real/a.tar", at("d/a.tar")).unwrap();
        symlink("/etc/passwd", at("d/evil.spec")).unwrap();
        symlink("../../../../etc/passwd", at("d/up.spec")).unwrap();
        symlink("/etc", at("out")).unwrap();
        assert!(found(dir.path(), "d", Some("good.spec")).is_ok());
        for evil in ["evil.spec", "up.spec"] {
            let why = found(dir.path(), "d", Some(evil)).unwrap_err();
            assert!(why.contains("out of the repository"), "{why}");
        }
        assert!(found(dir.path(), "out", None).is_err());
        let to = tempfile::tempdir().unwrap();
        copy_files(dir.path(), Path::new("d"), to.path()).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.tar", "good.spec"]);
        assert!(!to.path().join("a.tar").symlink_metadata().unwrap().is_symlink());
    }
}
