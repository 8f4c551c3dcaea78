//! `upload`: an SRPM or a spec file that came with the request.

use std::path::{Path, PathBuf};

use crate::repo::Layout;
use crate::runner::log::LiveLog;
use crate::runner::worker::Stop;

/// Brings an uploaded file into `dir`. The upload stays until the source build is done, so that
/// an interrupted one can begin again.
pub(super) async fn fetch(
    layout: &Layout,
    from: &str,
    file: &str,
    dir: &Path,
    log: &LiveLog,
) -> Result<PathBuf, Stop> {
    let upload = layout.uploads().join(from).join(file);
    let target = dir.join(file);
    log.line(format!("uploaded: {file}"));
    // One file system holds both: a second name costs nothing, whatever the size.
    match tokio::fs::hard_link(&upload, &target).await {
        Ok(()) => Ok(target),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Stop::Failed(format!("the uploaded file {file} is no longer there")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes an upload that is no longer needed.
pub(super) fn discard(layout: &Layout, from: &str) {
    let dir = layout.uploads().join(from);
    if let Err(error) = std::fs::remove_dir_all(&dir)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(dir = %dir.display(), %error, "cannot remove an upload");
    }
}
