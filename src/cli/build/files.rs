//! Which files of a directory are sent: what git knows and what is new, but not what it ignores.
//! Without git, all but version control and what builds leave.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Ended;
use super::interrupt::Interrupt;
use super::spec::Named;
use crate::model::glob;
use crate::process::{Error, Exit, Program};

/// What version control keeps for itself, and what is made anew everywhere.
const LEFT_OUT: [&str; 13] = [
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    "CVS",
    "_darcs",
    "__pycache__",
    "node_modules",
    "BUILD",
    "BUILDROOT",
    "RPMS",
    "SRPMS",
];

/// The files of a directory, seen from it. Symlinks are files, too: nothing follows them.
pub(super) fn choose(dir: &Path, interrupt: &Interrupt) -> Result<BTreeSet<PathBuf>, Ended> {
    let mut files = BTreeSet::new();
    if !git(dir, Path::new(""), &mut files, interrupt)? {
        walk(dir, &mut files)?;
    }
    Ok(files)
}

/// Adds what git lists below `dir/below`; `false` where there is no repository.
fn git(
    dir: &Path,
    below: &Path,
    files: &mut BTreeSet<PathBuf>,
    interrupt: &Interrupt,
) -> Result<bool, Ended> {
    let place = dir.join(below);
    let list = Program::new("git")
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .env("LC_ALL", "C")
        .current_dir(&place);
    let listed = match interrupt.block_on(list.capture(&interrupt.token())) {
        Ok(listed) => listed,
        Err(Error::Missing { .. }) => return Ok(false),
        Err(error) => return Err(Ended::refused(error.to_string())),
    };
    if listed.exit == Exit::Canceled {
        return Err(Ended::interrupted("stopped; nothing was handed in"));
    }
    if !listed.exit.success() {
        let why = String::from_utf8_lossy(&listed.stderr);
        if why.contains("not a git repository") {
            return Ok(false);
        }
        return Err(Ended::refused(format!("git ls-files in {}: {}", place.display(), why.trim())));
    }
    for name in listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let path = below.join(OsStr::from_bytes(name));
        // What was deleted is still listed.
        let Ok(meta) = fs::symlink_metadata(dir.join(&path)) else { continue };
        if !meta.is_dir() {
            files.insert(path);
        } else if dir.join(&path).join(".git").exists() {
            // A submodule, or a repository that lies in this one.
            git(dir, &path, files, interrupt)?;
        }
    }
    Ok(true)
}

fn walk(dir: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Ended> {
    let wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name();
        let is_target = name == "target" && entry.path().with_file_name("Cargo.toml").exists();
        entry.depth() == 0 || !(is_target || LEFT_OUT.iter().any(|left_out| name == *left_out))
    };
    for entry in walkdir::WalkDir::new(dir).into_iter().filter_entry(wanted) {
        let entry =
            entry.map_err(|error| Ended::refused(format!("cannot look around: {error}")))?;
        let kind = entry.file_type();
        // Sockets and pipes hold nothing.
        if (kind.is_file() || kind.is_symlink())
            && let Ok(path) = entry.path().strip_prefix(dir)
        {
            files.insert(path.to_owned());
        }
    }
    Ok(())
}

/// Adds sources that git ignores, as archives often are: files beside the spec file, at the top and
/// in SOURCES that fit what it names.
pub(super) fn add_ignored_sources(
    dir: &Path,
    spec: &Path,
    named: &[Named],
    files: &mut BTreeSet<PathBuf>,
) {
    // A pattern of hardly more than stars fits anything.
    let telling = |named: &&Named| named.pattern.bytes().filter(|b| *b != b'*').count() >= 4;
    let patterns: Vec<&str> =
        named.iter().filter(telling).map(|named| named.pattern.as_str()).collect();
    let beside = spec.parent().unwrap_or(Path::new(""));
    let sources = beside.parent().map(|above| above.join("SOURCES"));
    for place in [Some(beside.to_owned()), Some(PathBuf::new()), Some("SOURCES".into()), sources] {
        let Some(place) = place else { continue };
        let Ok(entries) = fs::read_dir(dir.join(&place)) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            let fits = |pattern: &&str| glob::fits(pattern, &name.to_string_lossy());
            if entry.file_type().is_ok_and(|kind| kind.is_file()) && patterns.iter().any(fits) {
                files.insert(place.join(&name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn put(dir: &Path, names: &[&str]) {
        for name in names {
            fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            fs::write(dir.join(name), "").unwrap();
        }
    }

    fn chosen(dir: &Path) -> Vec<String> {
        let interrupt = Interrupt::listen().unwrap();
        let files = choose(dir, &interrupt).unwrap();
        files.iter().map(|path| path.display().to_string()).collect()
    }

    fn init(dir: &Path) {
        let interrupt = Interrupt::listen().unwrap();
        let git = Program::new("git").args(["init", "-q"]).current_dir(dir);
        let ended = interrupt.block_on(git.capture(&interrupt.token())).unwrap();
        assert!(ended.exit.success());
    }

    #[test]
    fn what_git_ignores_stays_here_and_what_is_new_goes() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        put(
            top,
            &["a.c", "b/new.c", "target/out", "hello-1.tar.gz", "other.gz", "sub/c", "sub/d.o"],
        );
        fs::write(top.join(".gitignore"), "target\n*.gz\n").unwrap();
        fs::write(top.join("sub/.gitignore"), "*.o\n").unwrap();
        symlink("/etc/passwd", top.join("link")).unwrap();
        init(top);
        init(&top.join("sub"));
        let expected = [".gitignore", "a.c", "b/new.c", "link", "sub/.gitignore", "sub/c"];
        assert_eq!(chosen(top), expected);
        assert_eq!(chosen(&top.join("b")), ["new.c"]);
        let mut files = BTreeSet::new();
        let named = super::super::spec::named("Source: %{name}-%{version}.tar.gz\nSource1: %{x}\n");
        add_ignored_sources(top, Path::new("a.spec"), &named, &mut files);
        assert_eq!(files.into_iter().collect::<Vec<_>>(), [Path::new("hello-1.tar.gz")]);
    }

    #[test]
    fn without_git_all_goes_but_what_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        let all =
            ["a.c", ".hg/x", "x/.svn/y", "Cargo.toml", "target/o", "x/target/z", "RPMS/a.rpm"];
        put(top, &all);
        assert_eq!(chosen(top), ["Cargo.toml", "a.c", "x/target/z"]);
    }
}
