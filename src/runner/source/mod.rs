//! How sources are fetched, one file for each way of handing them over.

pub mod address;
mod custom;
mod distgit;
pub mod download;
pub(super) mod egress;
pub mod error;
mod generator;
mod kitchen;
mod link;
mod lookaside;
mod pypi;
mod rubygems;
mod scm;
mod tree;
mod upload;
pub mod upstream;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::log::LiveLog;
use super::worker::{Bench, Stop, Workshop};
use crate::model::build::Build;
use crate::model::source::SourceSpec;
use crate::repo::Layout;
use download::Limits;
use kitchen::Kitchen;

/// Makes the SRPM of a build whose sources are more than a file; `None` where a file is all.
pub(super) async fn make(
    bench: &Bench<'_>,
    build: &Build,
    result_dir: &Path,
    log: &Arc<LiveLog>,
) -> Result<Option<PathBuf>, Stop> {
    let made = match &build.source {
        SourceSpec::Scm(scm) => {
            let kitchen = Kitchen::open(bench, build, result_dir, log).await?;
            scm::make(&kitchen, scm).await?
        }
        SourceSpec::Tree(tree) => {
            let kitchen = Kitchen::open(bench, build, result_dir, log).await?;
            tree::make(&kitchen, tree).await?
        }
        SourceSpec::DistGit(distgit) => {
            let kitchen = Kitchen::open(bench, build, result_dir, log).await?;
            distgit::make(&kitchen, distgit).await?
        }
        SourceSpec::PyPi(pypi) => pypi::generator(pypi).make(bench, build, result_dir, log).await?,
        SourceSpec::RubyGems(gem) => {
            rubygems::generator(gem).make(bench, build, result_dir, log).await?
        }
        SourceSpec::Custom(custom) => custom::make(bench, build, custom, result_dir, log).await?,
        _ => return Ok(None),
    };
    Ok(Some(made))
}

/// What the downloads of a source build may do.
pub(super) fn limits(shop: &Workshop, build: &Build) -> Limits {
    let sources = &shop.config.sources;
    Limits {
        private_addresses: sources.allow_private_addresses,
        max_size: sources.max_size.0,
        time: build.options.timeout,
    }
}

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
        SourceSpec::Tree(_)
        | SourceSpec::Scm(_)
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
