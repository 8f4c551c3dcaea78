//! The root that one build works in: its own view of a snapshot.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::Snapshot;
use super::step::Bench;
use crate::runner::builder::BuildError;

/// Becomes the command that follows; files it makes can be read by the build user whatever the
/// server's own umask. The scripts are fixed: all that varies are their arguments, which a shell
/// does not read as code.
const ENTER: &str = r#"umask 022 && exec "$@""#;
/// The same in an overlay that only the command and its children see.
const ENTER_OVERLAY: &str =
    r#"umask 022 && mount -t overlay overlay -o "$1" "$2" && shift 2 && exec "$@""#;

/// A build root to be written to.
pub struct BuildRoot {
    dir: PathBuf,
    /// Mount options, where the directory is only a mount point.
    overlay: Option<String>,
    /// Keeps the snapshot from being removed.
    _snapshot: Option<Arc<Snapshot>>,
}

impl BuildRoot {
    /// An empty directory that is to become a root.
    pub fn empty(dir: PathBuf) -> io::Result<BuildRoot> {
        make_dir(&dir)?;
        // dnf's cache is mounted there before any package can bring the directory.
        for part in ["var", "var/cache", "var/cache/dnf"] {
            make_dir(&dir.join(part))?;
        }
        Ok(BuildRoot { dir, overlay: None, _snapshot: None })
    }

    /// A view of a snapshot, kept below `work`: an overlay where the file system can, which
    /// takes milliseconds, otherwise a copy.
    pub async fn of(
        bench: &Bench<'_>,
        snapshot: Arc<Snapshot>,
        work: &Path,
    ) -> Result<BuildRoot, BuildError> {
        let (dir, upper, scratch) = (work.join("root"), work.join("upper"), work.join("overlay"));
        for dir in [&dir, &upper, &scratch] {
            make_dir(dir)?;
        }
        let lower = snapshot.root();
        let mut root = BuildRoot { dir, overlay: None, _snapshot: Some(snapshot) };
        if let Some(options) = overlay_options(&lower, &upper, &scratch) {
            root.overlay = Some(options);
            let tried = bench.ask(root.enter(vec!["true".into()])).await?;
            if tried.success() {
                return Ok(root);
            }
            bench.root_log.line(format!("no overlay here, copying: {}", tried.last_line()));
            root.overlay = None;
        }
        fs::remove_dir(&root.dir)?;
        let mut copy: Vec<OsString> = ["cp", "-a", "--reflink=auto", "--"].map(Into::into).into();
        copy.extend([lower.into(), root.dir.clone().into()]);
        let copied = bench.run(&bench.root_log, copy).await?;
        if !copied.success() {
            let why = copied.last_line();
            return Err(BuildError::Internal(format!("cannot copy the build root: {why}")));
        }
        Ok(root)
    }

    /// Where it is, for commands that have entered it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The command with what makes the root visible to it.
    pub fn enter(&self, command: Vec<OsString>) -> Vec<OsString> {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let mut entered = match &self.overlay {
            None => words(&["sh", "-c", ENTER, "sh"]),
            Some(options) => {
                // A mount namespace of its own, also where a launcher takes the command elsewhere.
                let mut entered = words(&["unshare", "--mount", "--propagation", "private", "--"]);
                entered.extend(words(&["sh", "-c", ENTER_OVERLAY, "sh", options]));
                entered.push(self.dir.clone().into());
                entered
            }
        };
        entered.extend(command);
        entered
    }
}

/// `None` where a path has characters that mean something in mount options.
fn overlay_options(lower: &Path, upper: &Path, scratch: &Path) -> Option<String> {
    let plain = |path: &Path| {
        let text = path.to_str()?;
        let special = |c: char| c.is_control() || ",:\\\"'= ".contains(c);
        (!text.contains(special)).then(|| text.to_owned())
    };
    let (lower, upper, scratch) = (plain(lower)?, plain(upper)?, plain(scratch)?);
    Some(format!("lowerdir={lower},upperdir={upper},workdir={scratch}"))
}

/// A small file that the build user may read.
pub(super) fn write_file(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o644))
}

/// A directory that the build user may enter.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // The mode above is subject to the server's umask.
        _ => fs::set_permissions(dir, Permissions::from_mode(0o755)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_not_put_into_mount_options() {
        let path = Path::new;
        assert_eq!(
            overlay_options(path("/a"), path("/b"), path("/c")).as_deref(),
            Some("lowerdir=/a,upperdir=/b,workdir=/c")
        );
        for odd in ["/a,b", "/a:b", "/a\\b", "/a b", "/a=b"] {
            assert_eq!(overlay_options(path("/a"), path(odd), path("/c")), None);
        }
    }
}
