//! `link`: an SRPM or a spec file at an address.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::download::{self, DownloadError};
use crate::model::build::Build;
use crate::model::source::SourceFile;
use crate::runner::log::LiveLog;
use crate::runner::worker::{Stop, Workshop};

/// Downloads the file at `url` into `dir`.
pub(super) async fn fetch(
    shop: &Workshop,
    build: &Build,
    url: &str,
    dir: &Path,
    log: &LiveLog,
    cancel: &CancellationToken,
) -> Result<PathBuf, Stop> {
    // The name is ours to choose: only the kind is taken from the address.
    let name = match build.source.file_name().and_then(SourceFile::of) {
        Some(SourceFile::Srpm) => "source.src.rpm",
        Some(SourceFile::Spec) => "source.spec",
        None => return Err(Stop::Failed(format!("{url} is neither an SRPM nor a spec file"))),
    };
    let target = dir.join(name);
    log.line(format!("downloading {url}"));
    if let Some(path) = url.strip_prefix("file://") {
        copy(shop, Path::new(path), &target).await?;
        return Ok(target);
    }
    match download::download(url, &target, super::limits(shop, build), cancel).await {
        Ok(size) => {
            log.line(format!("{size} bytes"));
            Ok(target)
        }
        Err(DownloadError::Canceled) => Err(Stop::Canceled),
        Err(error) => Err(Stop::Failed(error.to_string())),
    }
}

/// Takes a file of this machine, where the settings allow that.
async fn copy(shop: &Workshop, from: &Path, to: &Path) -> Result<(), Stop> {
    if !shop.config.sources.allow_file_urls {
        let why = "file:// addresses are not allowed here (sources.allow_file_urls)";
        return Err(Stop::Failed(why.to_owned()));
    }
    match tokio::fs::copy(from, to).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Stop::Failed(format!("there is no file {}", from.display())))
        }
        Err(error) => Err(error.into()),
    }
}
