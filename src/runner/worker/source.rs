//! The source build: from what was handed in to one SRPM, and to the chroots' work in the queue.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::block_in_place;

use super::chroot::say;
use super::{Bench, PAUSE, Stop, results};
use crate::model::build::Build;
use crate::model::source::SourceFile;
use crate::model::{BuildId, PackageName, SourceState};
use crate::rpm::{self, Package};
use crate::runner::builder::SpecSource;
use crate::runner::log::LiveLog;
use crate::runner::record::{self, MadeSource};
use crate::runner::source;
use crate::store::StoreError;

impl Bench<'_> {
    /// Makes the SRPM of a build.
    pub(super) async fn source(&self, id: BuildId) -> Result<(), StoreError> {
        let store = &self.shop.store;
        let job = self.job.id;
        let Some(build) = store.write(move |db| record::source_starts(db, job, id)).await? else {
            return Ok(());
        };
        let dir = self.shop.layout.source(&build.owner, &build.dir, id);
        let outcome = self.make_source(&build, &dir).await;
        match outcome {
            Ok(made) => {
                store.write(move |db| record::source_succeeded(db, job, id, &made)).await?;
            }
            Err(Stop::Canceled) if self.shop.shutdown.is_cancelled() => {
                self.clear_away().await;
                return self.hand_back().await;
            }
            Err(Stop::Fault(why)) if !self.is_last_attempt() => {
                tracing::warn!(build = %id, why, "a source build is put back to be tried again");
                self.clear_away().await;
                return self.put_back(PAUSE).await;
            }
            Err(stop) => {
                let (state, message) = match stop {
                    Stop::Canceled => (SourceState::Canceled, "canceled".to_owned()),
                    Stop::Failed(why) | Stop::Fault(why) => (SourceState::Failed, why),
                };
                store.write(move |db| record::source_failed(db, job, id, state, &message)).await?;
            }
        }
        self.clear_away().await;
        self.forget_uploads(id).await
    }

    /// All of it, with the log; only the tables are left to the caller.
    async fn make_source(&self, build: &Build, dir: &Path) -> Result<MadeSource, Stop> {
        block_in_place(|| self.make_dir().and_then(|()| results::prepare(dir, build.id)))?;
        let limit = self.shop.config.runner.max_log_size.0;
        let log = Arc::new(self.shop.runner.logs().create(&dir.join("builder-live.log"), limit)?);
        let id = build.id;
        self.shop.store.write(move |db| record::source_runs(db, id)).await?;
        let backend = self.shop.runner.logs().create(&dir.join("backend.log"), limit)?;
        say(&backend, &format!("making the source package of build {id}"));
        let made = self.make_srpm(build, dir, &log).await;
        match &made {
            Ok((file, _)) => say(&backend, &format!("made {file}")),
            Err(Stop::Failed(why) | Stop::Fault(why)) => {
                log.line(format!("error: {why}"));
                say(&backend, &format!("error: {why}"));
            }
            Err(Stop::Canceled) => say(&backend, "canceled"),
        }
        log.finish().await?;
        backend.finish().await?;
        block_in_place(|| results::pack_logs(dir))?;
        let (file, package) = made?;
        let name: PackageName =
            package.name.parse().map_err(|error| Stop::Failed(format!("{error}")))?;
        results::note_source(dir, &package)?;
        Ok(MadeSource { package, name, file })
    }

    /// Fetches, makes an SRPM of a spec where needed, looks at it, and puts it into place.
    async fn make_srpm(
        &self,
        build: &Build,
        dir: &Path,
        log: &Arc<LiveLog>,
    ) -> Result<(String, Package), Stop> {
        let srpm = match source::make(self, build, dir, log).await? {
            Some(made) => made,
            None => self.srpm_of_file(build, dir, log).await?,
        };
        let package = look_at(&srpm)?;
        let file = format!("{}-{}-{}.src.rpm", package.name, package.version, package.release);
        log.line(format!("source package: {file}"));
        std::fs::rename(&srpm, dir.join(&file))?;
        Ok((file, package))
    }

    /// Fetches an SRPM, or a spec file that becomes one.
    async fn srpm_of_file(
        &self,
        build: &Build,
        dir: &Path,
        log: &Arc<LiveLog>,
    ) -> Result<PathBuf, Stop> {
        let fetched = source::fetch(self.shop, build, &self.dir, log, &self.cancel).await?;
        match SourceFile::of(&fetched.to_string_lossy()) {
            Some(SourceFile::Srpm) => Ok(fetched),
            Some(SourceFile::Spec) => self.pack_spec(build, fetched, dir, log).await,
            None => Err(Stop::Failed("neither an SRPM nor a spec file".to_owned())),
        }
    }

    /// Makes an SRPM of a spec file, in one of the build's own chroots: reading a spec runs code.
    async fn pack_spec(
        &self,
        build: &Build,
        spec: PathBuf,
        dir: &Path,
        log: &Arc<LiveLog>,
    ) -> Result<PathBuf, Stop> {
        let (chroot, config) = self.source_chroot(build).await?;
        let job = self.builder_job(build, dir, log)?;
        log.line(format!("making the source package in {}", chroot.name));
        let limits = source::limits(self.shop, build);
        let source = SpecSource { spec, sources: None, download: Some(limits) };
        let builder = self.shop.builders.of(&chroot);
        let made = builder.make_srpm(&job, &chroot, &config, &source).await?;
        let aside = self.dir.join("made.src.rpm");
        std::fs::rename(&made.srpm, &aside)?;
        Ok(aside)
    }
}

fn look_at(srpm: &Path) -> Result<Package, Stop> {
    Package::read_source(srpm).map_err(|error| match error {
        rpm::Error::Io(error) => error.into(),
        other => Stop::Failed(other.to_string()),
    })
}
