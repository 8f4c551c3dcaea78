//! The build of a source package.

use std::path::Path;

use tokio::task::block_in_place;

use super::builder::{BuildError, Builder, Job};
use super::worker::{remove_dir, rpm_files};
use crate::model::build_config::BuildConfig;
use crate::model::chroot::Chroot;
use crate::model::nevra::Nevra;
use crate::rpm::Package;

/// Builds the packages of a source package, with what the repositories in `config` offer, those of
/// other projects among them. The packages end up in the temporary directory `packages`, the logs
/// in the job's result directory; the answer is their file names and what they are. `packages` gets
/// its name when all are in it, so that its being there says that the build is done.
///
/// Nobody waits for it but who awaits it: the original Copr called this `async_build_x86`.
pub async fn async_build(
    builder: &dyn Builder,
    job: &Job,
    chroot: &Chroot,
    config: &BuildConfig,
    srpm: &Path,
    packages: &Path,
) -> Result<Vec<(String, Nevra)>, BuildError> {
    builder.rebuild(job, chroot, config, srpm).await?;
    block_in_place(|| set_apart(&job.result_dir, packages))
}

/// Moves the packages in `from` into a directory of their own, and reads what they are.
pub(super) fn set_apart(from: &Path, packages: &Path) -> Result<Vec<(String, Nevra)>, BuildError> {
    let half = packages.with_extension("new");
    remove_dir(&half)?;
    std::fs::create_dir_all(&half)?;
    let mut files = Vec::new();
    for path in rpm_files(from)? {
        let package = Package::read_file(&path)
            .map_err(|error| BuildError::Failed(format!("{}: {error}", path.display())))?;
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(BuildError::Failed("a package has a name that is no text".to_owned()));
        };
        std::fs::rename(&path, half.join(name))?;
        files.push((name.to_owned(), package.nevra()));
    }
    if files.is_empty() {
        return Err(BuildError::Failed("the build made no packages".to_owned()));
    }
    std::fs::rename(&half, packages)?;
    Ok(files)
}
