//! Archives of a checkout, for a package's sources.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::git::{Clone, is_plain_dir};
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;

impl Clone<'_> {
    /// Packs what the commit has in `dir`, seen from the checkout, into the new file `target`, in
    /// which all is in the directory `name`.
    pub(super) async fn archive(&self, dir: &Path, name: &str, target: &Path) -> Result<(), Stop> {
        if !dir.as_os_str().is_empty() && !is_plain_dir(self.dir(), dir) {
            let why = format!("the repository has no directory {}", dir.display());
            return Err(SourceError::Directory(why).into());
        }
        self.trip.outfit.log.line(format!("packing {}", target.display()));
        if self.modules.iter().any(|module| module.starts_with(dir)) {
            return self.archive_with_modules(dir, name, target).await;
        }
        let target = target.to_string_lossy();
        let prefix = format!("--prefix={name}/");
        let asked = ["archive", "--format=tar.gz", &prefix, "--output", &target, "HEAD", "."];
        self.tell(&self.dir().join(dir), &asked).await
    }

    /// git's own archives leave submodules out.
    async fn archive_with_modules(
        &self,
        dir: &Path,
        name: &str,
        target: &Path,
    ) -> Result<(), Stop> {
        let mut list = Vec::new();
        let below = self.modules.iter().filter_map(|module| module.strip_prefix(dir).ok());
        for part in std::iter::once(Path::new("")).chain(below) {
            let place = self.dir().join(dir).join(part);
            let files = self.ask(&place, &["ls-files", "-z", "--", "."]).await?;
            for file in files.unwrap_or_default().split('\0').filter(|file| !file.is_empty()) {
                let path = Path::new(name).join(part).join(file);
                list.extend_from_slice(path.as_os_str().as_bytes());
                list.push(0);
            }
        }
        let stage = tempfile::tempdir_in(&self.trip.dir)?;
        // Names in the archive begin with the link's; no program has to rewrite them.
        std::os::unix::fs::symlink(
            fs::canonicalize(self.dir().join(dir))?,
            stage.path().join(name),
        )?;
        let names = stage.path().join(".names");
        fs::write(&names, list)?;
        let tar = self
            .trip
            .program("tar", "none")
            .args(["--create", "--gzip", "--owner=0", "--group=0", "--numeric-owner", "--file"])
            .arg(target)
            .arg("--directory")
            .arg(stage.path())
            .args(["--null", "--no-recursion", "--verbatim-files-from", "--files-from"])
            .arg(&names);
        let ended = self.trip.run(tar, target).await?;
        if ended.exit.success() {
            return Ok(());
        }
        Err(SourceError::Srpm(self.trip.complaint(&ended, self.url())).into())
    }
}
