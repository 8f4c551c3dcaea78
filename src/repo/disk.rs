//! Making sure that what is written is there after a power loss.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;

use super::Error;

/// Waits until the content of a file, or the entries of a directory, are on the disk.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::disk(path))
}

/// As [`sync`] for several at once: what waits together is written together.
pub(super) fn sync_all(paths: &[PathBuf]) -> Result<(), Error> {
    const AT_ONCE: usize = 16;
    for some in paths.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let waiting: Vec<_> = some.iter().map(|path| scope.spawn(|| sync(path))).collect();
            let mut results = waiting.into_iter().map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            results.try_for_each(|result| result)
        })?;
    }
    Ok(())
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
