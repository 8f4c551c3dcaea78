//! Making sure that what is written is there after a power loss.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use super::Error;

/// Waits until the content of a file, or the entries of a directory, are on the disk.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::disk(path))
}

/// Puts `content` at `path`; whoever reads it sees the old content or the new one. Anybody may
/// read it.
pub(super) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(dir)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(Error::disk(path))?;
    sync(dir)
}
