//! Whether there is room to begin a build.

use std::path::Path;

/// How much room is left on the file system that holds `path`, in bytes, for us.
pub fn free(path: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
