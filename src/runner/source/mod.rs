//! How sources are fetched, one file for each way of handing them over.

pub mod address;
pub mod download;
pub mod error;
mod link;
mod upload;

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::log::LiveLog;
use super::worker::{Stop, Workshop};
use crate::model::build::Build;
use crate::model::source::SourceSpec;
use crate::repo::Layout;

/// Fetches what a build is made from into `dir`: an SRPM or a spec file.
pub(super) async fn fetch(
    shop: &Workshop,
    build: &Build,
    dir: &Path,
    log: &LiveLog,
    cancel: &CancellationToken,
) -> Result<PathBuf, Stop> {
    match &build.source {
        SourceSpec::Link { url } => link::fetch(shop, build, url, dir, log, cancel).await,
        SourceSpec::Upload { dir: from, file } => {
            upload::fetch(&shop.layout, from, file, dir, log).await
        }
        SourceSpec::Unset => Err(Stop::Failed("the build names no sources".to_owned())),
        SourceSpec::Scm(_)
        | SourceSpec::DistGit(_)
        | SourceSpec::PyPi(_)
        | SourceSpec::RubyGems(_)
        | SourceSpec::Custom(_) => Err(Stop::Failed(format!(
            "this server cannot make a source package from {} sources",
            build.source.kind()
        ))),
        SourceSpec::RpmUpload { .. } => {
            Err(Stop::Failed("binary packages have no source package".to_owned()))
        }
    }
}

/// Removes what was kept for the source build alone.
pub(super) fn discard(layout: &Layout, source: &SourceSpec) {
    if let Some(dir) = source.upload_dir() {
        upload::discard(layout, dir);
    }
}
