//! Packages that came with a request: they take the place of those that a builder would make.

use std::path::{Path, PathBuf};

use super::chroot::say;
use super::{Bench, Stop, results};
use crate::model::BuildId;
use crate::model::build::BuildChroot;
use crate::model::list::Slice;
use crate::model::nevra::Nevra;
use crate::rpm::{self, Package};
use crate::runner::build::set_apart;
use crate::runner::log::LiveLog;
use crate::runner::{record, source};
use crate::store::{StoreError, build_chroots, builds};

impl Bench<'_> {
    /// Takes in the packages that came with a request, and notes what they are: from here on
    /// they are as good as built.
    pub(super) async fn take_in(
        &self,
        part: &BuildChroot,
        upload: (&str, &[String]),
        dir: &Path,
        backend: &LiveLog,
    ) -> Result<(), Stop> {
        let limit = self.shop.config.runner.max_log_size.0;
        let log = self.shop.runner.logs().create(&dir.join("builder-live.log"), limit)?;
        say(backend, &format!("taking in {} uploaded packages", upload.1.len()));
        let outcome = self.copy_in(part, upload, dir, &log).await;
        if let Err(Stop::Failed(why) | Stop::Fault(why)) = &outcome {
            log.line(format!("error: {why}"));
        }
        log.finish().await?;
        let files = outcome?;
        results::note_packages(dir, &files)?;
        let (job, id) = (self.job.id, part.id);
        self.shop.store.write(move |db| record::chroot_built(db, job, id, &files)).await?;
        Ok(())
    }

    /// Copies uploaded packages to where built ones wait for their signatures, when all of them
    /// are for this chroot. Copies, since signing changes them, and other chroots need them, too.
    async fn copy_in(
        &self,
        part: &BuildChroot,
        (from, files): (&str, &[String]),
        dir: &Path,
        log: &LiveLog,
    ) -> Result<Vec<(String, Nevra)>, Stop> {
        let uploads = self.shop.layout.uploads().join(from);
        let paths: Vec<PathBuf> = files.iter().map(|file| uploads.join(file)).collect();
        for file in files {
            log.line(format!("uploaded: {file}"));
        }
        let packages = self.packages_dir();
        let (arch, dir, cancel) =
            (part.name.arch().to_owned(), dir.to_owned(), self.cancel.clone());
        let copying = tokio::task::spawn_blocking(move || {
            for path in &paths {
                look_at(path, &arch)?;
            }
            for path in &paths {
                if cancel.is_cancelled() {
                    return Err(Stop::Canceled);
                }
                std::fs::copy(path, dir.join(path.file_name().unwrap_or_default()))?;
            }
            Ok(set_apart(&dir, &packages)?)
        });
        copying.await.map_err(|error| Stop::Fault(error.to_string()))?
    }

    /// Removes the files that came with a request once its chroots are done: until then clients
    /// find them at the address that the build's source names.
    pub(super) async fn forget_uploads(&self, id: BuildId) -> Result<(), StoreError> {
        let found = self
            .shop
            .store
            .read(move |db| {
                let parts = build_chroots::list(db, id, Slice::default())?;
                let is_done = parts.iter().all(|part| part.state.is_finished());
                Ok::<_, StoreError>(builds::get(db, id)?.filter(|_| is_done))
            })
            .await?;
        if let Some(build) = found {
            source::discard(&self.shop.layout, &build.source);
        }
        Ok(())
    }
}

/// Whether the package at `path` is one for chroots of `arch`.
fn look_at(path: &Path, arch: &str) -> Result<(), Stop> {
    let file = path.file_name().unwrap_or_default().display();
    let package = Package::read_file(path).map_err(|error| match error {
        rpm::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Stop::Failed(format!("the uploaded file {file} is no longer there"))
        }
        rpm::Error::Io(error) => error.into(),
        error => Stop::Failed(format!("{file}: {error}")),
    })?;
    if package.installs_on(arch) {
        return Ok(());
    }
    let own = &package.arch;
    Err(Stop::Failed(format!("{file} is for {own}; this chroot takes {arch} and noarch")))
}
