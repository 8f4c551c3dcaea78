//! How sources are fetched, one file for each way of handing them over.

pub mod address;
pub mod download;
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
    }
}

/// Removes what was kept for the source build alone.
pub(super) fn discard(layout: &Layout, source: &SourceSpec) {
    if let SourceSpec::Upload { dir, .. } = source {
        upload::discard(layout, dir);
    }
}
