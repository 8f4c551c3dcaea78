//! Programs that make sources, run in a chroot on a tree of files: what they are given, and what
//! comes out.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Component, Path, PathBuf};

use tokio::task::spawn_blocking;

use super::BuildError;
use crate::model::ChrootName;
use crate::runner::sandbox::collect::collect_files;

/// Where the tree is in the chroot, as in Copr.
pub const WORKDIR: &str = "/workdir";
/// Where the further files are in the chroot.
pub const FILES: &str = "/coprbox";

/// A command to be run in a chroot, as the unprivileged build user.
#[derive(Clone, Debug)]
pub struct Script {
    /// What has to be installed first: packages, groups, or files such as `/usr/bin/tito`.
    pub needs: Vec<String>,
    /// A directory of the caller's that appears as [`WORKDIR`], to be written to. It belongs to
    /// the build user from then on, and nothing in it can be trusted afterwards: what is wanted
    /// comes out by [`Script::out`].
    pub tree: PathBuf,
    /// Files that appear in [`FILES`], read-only: their names and what is in them.
    pub files: Vec<(String, Vec<u8>)>,
    /// Variables besides those that every build has.
    pub env: Vec<(String, String)>,
    /// Where the command starts, seen from the tree; empty for the tree itself.
    pub dir: String,
    /// A program of the chroot and its arguments. No shell reads them.
    pub command: Vec<String>,
    /// Whether it has network.
    pub network: bool,
    /// A directory of the tree, empty for the tree itself; the regular files in it, not those
    /// further below, are brought out when the command has ended well.
    pub out: String,
    /// Where they are copied to: a directory of the caller's, outside of the tree.
    pub to: PathBuf,
    /// The most bytes that are brought out.
    pub max_size: u64,
}

/// What came of a script that has run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The command's exit code.
    pub code: i32,
    /// The files brought out, sorted; none where the command has failed.
    pub files: Vec<PathBuf>,
    /// The end of what it has written.
    pub tail: String,
}

impl Ran {
    /// Whether the command says that it did what it should.
    pub fn success(&self) -> bool {
        self.code == 0
    }

    /// The last line it wrote that says anything.
    pub fn last_line(&self) -> &str {
        self.tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no output")
    }
}

impl Script {
    /// Refuses what would mean something else in a chroot than to its author.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let refuse = |why: String| Err(BuildError::BadSource(why));
        for (name, value) in &self.env {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts_well || !name.bytes().all(legal) || value.contains('\0') {
                return refuse(format!("{name:?} cannot be a variable with {value:?}"));
            }
        }
        for path in [&self.dir, &self.out] {
            let below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if !Path::new(path).components().all(below) || path.contains('\0') {
                return refuse(format!("{path:?} is no directory below {WORKDIR}"));
            }
        }
        if self.command.is_empty() || self.command.iter().any(|word| word.contains('\0')) {
            return refuse("there is no command that could be run".to_owned());
        }
        Ok(())
    }

    /// Writes [`Script::files`] into `dir`.
    pub(super) fn write_files(&self, dir: &Path) -> io::Result<()> {
        for (name, text) in &self.files {
            if Path::new(name).file_name() != Some(name.as_ref()) {
                return Err(io::Error::other(format!("{name:?} is not the name of a file")));
            }
            write_readable(&dir.join(name), text)?;
        }
        Ok(())
    }

    /// Gives the tree to a user.
    pub(super) async fn hand_over(&self, to: Option<(u32, u32)>) -> Result<(), BuildError> {
        let tree = self.tree.clone();
        Ok(spawn_blocking(move || hand_over(&tree, to)).await.map_err(io::Error::other)??)
    }

    /// Makes sure that the server's user can remove the tree. Root can anyhow.
    pub(super) async fn take_back(&self) -> Result<(), BuildError> {
        if rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let tree = self.tree.clone();
        Ok(spawn_blocking(move || make_removable(&tree)).await.map_err(io::Error::other)??)
    }

    /// Copies out what the script has left.
    pub(super) async fn bring_out(&self) -> Result<Vec<PathBuf>, BuildError> {
        let script = self.clone();
        let all = move || collect_files(&script.tree, &script.out, &script.to, script.max_size);
        spawn_blocking(all).await.map_err(io::Error::other)?
    }

    /// The error for packages that no repository has: a distinct one where it is about what the
    /// script needs.
    pub(super) fn lacks(&self, chroot: &ChrootName, missing: Vec<String>) -> BuildError {
        let plain = |name: &String| {
            let name = name.strip_prefix("nothing provides ").unwrap_or(name);
            name.split(" needed by ").next().unwrap_or(name).to_owned()
        };
        let names: Vec<String> = missing.iter().map(plain).collect();
        if names.iter().any(|name| self.needs.contains(name)) {
            return BuildError::MissingTools { chroot: chroot.clone(), names };
        }
        BuildError::MissingDependencies(missing)
    }
}

/// A new file that anybody may read.
pub(super) fn write_readable(path: &Path, text: &[u8]) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

/// Gives a tree to a user. Files that have further names elsewhere are copied first, so that
/// nothing outside of the tree changes hands. Blocks.
fn hand_over(tree: &Path, to: Option<(u32, u32)>) -> io::Result<()> {
    fs::set_permissions(tree, fs::Permissions::from_mode(0o755))?;
    for entry in walkdir::WalkDir::new(tree) {
        let entry = entry.map_err(io::Error::other)?;
        let path = entry.path();
        let meta = entry.metadata().map_err(io::Error::other)?;
        if meta.is_file() && meta.nlink() > 1 {
            let aside = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(tree))?;
            fs::copy(path, aside.path())?;
            aside.persist(path)?;
        }
        if let Some((uid, gid)) = to {
            lchown(path, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}

/// Lets a server that is not root remove a tree again, whatever a script has done to it. Blocks.
fn make_removable(tree: &Path) -> io::Result<()> {
    fs::set_permissions(tree, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(tree)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_removable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        Script {
            needs: vec!["/usr/bin/tito".into()],
            tree: PathBuf::new(),
            files: Vec::new(),
            env: Vec::new(),
            dir: String::new(),
            command: vec!["true".into()],
            network: false,
            out: "out".into(),
            to: PathBuf::new(),
            max_size: 1 << 20,
        }
    }

    #[test]
    fn what_is_no_variable_or_leads_outside_is_refused() {
        assert!(script().check().is_ok());
        for name in ["", "1A", "A B", "A=B", "-i", "A\n"] {
            let env = vec![(name.to_owned(), "x".to_owned())];
            assert!(Script { env, ..script() }.check().is_err(), "{name:?}");
        }
        for path in ["/etc", "..", "a/../..", "a\0b"] {
            assert!(Script { dir: path.into(), ..script() }.check().is_err(), "{path:?}");
            assert!(Script { out: path.into(), ..script() }.check().is_err(), "{path:?}");
        }
        assert!(Script { command: Vec::new(), ..script() }.check().is_err());
    }

    #[test]
    fn a_missing_tool_is_told_from_other_missing_packages() {
        let chroot: ChrootName = "fedora-43-x86_64".parse().unwrap();
        let tool = script().lacks(&chroot, vec!["/usr/bin/tito".into()]);
        assert_eq!(tool.to_string(), "no repository of fedora-43-x86_64 has /usr/bin/tito");
        let other = script().lacks(&chroot, vec!["vim".into()]);
        assert!(matches!(other, BuildError::MissingDependencies(_)));
    }

    #[test]
    fn files_with_names_elsewhere_stay_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, outside) = (dir.path().join("tree"), dir.path().join("outside"));
        fs::create_dir(&tree).unwrap();
        fs::write(&outside, "x").unwrap();
        fs::hard_link(&outside, tree.join("inside")).unwrap();
        hand_over(&tree, None).unwrap();
        assert_eq!(fs::metadata(&outside).unwrap().nlink(), 1);
        assert_eq!(fs::read(tree.join("inside")).unwrap(), b"x");
    }

    #[test]
    fn a_locked_tree_can_be_removed() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("tree/a/b");
        fs::create_dir_all(&below).unwrap();
        for locked in [below.clone(), dir.path().join("tree/a")] {
            fs::set_permissions(locked, fs::Permissions::from_mode(0o000)).unwrap();
        }
        make_removable(&dir.path().join("tree")).unwrap();
        assert_eq!(fs::metadata(&below).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_further_file_cannot_be_put_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["../x", "a/b", "", ".."] {
            let files = vec![(name.to_owned(), Vec::new())];
            assert!(Script { files, ..script() }.write_files(dir.path()).is_err(), "{name:?}");
        }
    }
}
