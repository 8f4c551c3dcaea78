//! The build of one chroot: from the SRPM to packages that dnf can install.
//!
//! Built in scratch space, signed there, moved in, published; only then do the tables say
//! "succeeded". Once built, an interrupted job goes on from there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::block_in_place;

use super::review::Subject;
use super::{Bench, PAUSE, Stop, results};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildChroot};
use crate::model::dependency::Links;
use crate::model::job::{Phase, Stage};
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::model::{BuildChrootId, BuildId, ChrootState};
use crate::process;
use crate::repo::{self, APPSTREAM_BUILDER};
use crate::rpm::links;
use crate::runner::build::async_build;
use crate::runner::log::LiveLog;
use crate::runner::publisher::PublishError;
use crate::runner::record;
use crate::store::{StoreError, build_chroots, projects};

impl Bench<'_> {
    /// Builds one chroot of a build and publishes what comes out.
    pub(super) async fn chroot(
        &self,
        build: BuildId,
        chroot: BuildChrootId,
        phase: Phase,
    ) -> Result<(), StoreError> {
        let job = self.job.id;
        let store = &self.shop.store;
        let started = store.write(move |db| record::chroot_starts(db, job, build, chroot)).await?;
        let Some((build, part)) = started else { return self.forget_uploads(build).await };
        let mut outcome = self.build_and_publish(&build, &part, phase).await;
        let links = if outcome.is_ok() { self.links(&build, &part).await? } else { None };
        while let Ok(stage) = outcome {
            if self.settle(&part, stage, links.clone()).await? {
                break;
            }
            outcome = self.publish_again(part.id).await;
        }
        match outcome {
            Ok(_) => {}
            Err(Stop::Canceled) if self.shop.shutdown.is_cancelled() => {
                self.keep_only_packages().await;
                return self.hand_back().await;
            }
            Err(Stop::Fault(why)) if !self.is_last_attempt() => {
                tracing::warn!(build = %build.id, why, "a chroot is put back to be tried again");
                self.keep_only_packages().await;
                return self.put_back(PAUSE).await;
            }
            Err(stop) => {
                let (state, message) = match stop {
                    Stop::Canceled => (ChrootState::Canceled, "canceled".to_owned()),
                    Stop::Failed(why) | Stop::Fault(why) => (ChrootState::Failed, why),
                };
                let id = part.id;
                store.write(move |db| record::chroot_ended(db, job, id, state, &message)).await?;
            }
        }
        self.clear_away().await;
        self.forget_uploads(build.id).await
    }

    /// Notes that a chroot's packages are in the repository, and what they need and provide; `false`
    /// when they are to be published once more.
    async fn settle(
        &self,
        part: &BuildChroot,
        stage: Stage,
        links: Option<Links>,
    ) -> Result<bool, StoreError> {
        let (job, part) = (self.job.id, part.clone());
        let noting = self.shop.store.write(move |db| {
            let is_done = record::chroot_published(db, job, &part, stage)?;
            if let Some(links) = links.filter(|_| is_done) {
                record::links_found(db, part.id, &links)?;
            }
            Ok::<_, StoreError>(is_done)
        });
        noting.await
    }

    /// What the packages of a chroot need and provide. Builds do not depend on that: where it cannot
    /// be read, it is left out.
    async fn links(&self, build: &Build, part: &BuildChroot) -> Result<Option<Links>, StoreError> {
        let Some(name) = part.result_dir.as_ref().filter(|_| build.dir.is_main()) else {
            return Ok(None);
        };
        let dir = self.shop.layout.result(&build.owner, &build.dir, &part.name, name);
        let id = part.id;
        let files = self.shop.store.read(move |db| build_chroots::files(db, id)).await?;
        let paths: Vec<PathBuf> = files.iter().map(|file| dir.join(file)).collect();
        match block_in_place(|| links::read_files(&paths)) {
            Ok(links) => Ok(Some(links)),
            Err(error) => {
                tracing::warn!(build = %build.id, %error, "cannot tell what a package needs");
                Ok(None)
            }
        }
    }

    /// All of it, with the logs; only the end is left to the caller to record.
    async fn build_and_publish(
        &self,
        build: &Build,
        part: &BuildChroot,
        phase: Phase,
    ) -> Result<Stage, Stop> {
        let Some(name) = &part.result_dir else {
            return Err(Stop::Fault("the chroot has no result directory".to_owned()));
        };
        let dir = self.shop.layout.result(&build.owner, &build.dir, &part.name, name);
        // Whoever lost the built packages, a restored backup say, builds again.
        let is_built = phase == Phase::Publish && self.packages_dir().is_dir();
        if !is_built {
            block_in_place(|| self.make_dir().and_then(|()| results::prepare(&dir, build.id)))?;
        }
        let limit = self.shop.config.runner.max_log_size.0;
        let logs = self.shop.runner.logs();
        let backend = logs.create(&dir.join("backend.log"), limit)?;
        let id = part.id;
        self.shop.store.write(move |db| record::chroot_runs(db, id)).await?;
        let mut made = Ok(());
        if !is_built {
            made = match &build.source {
                SourceSpec::RpmUpload { dir: from, files } => {
                    self.take_in(part, (from, files), &dir, &backend).await
                }
                _ => self.build(build, part, &dir, &backend).await,
            };
        }
        let outcome = match made {
            Ok(()) => self.publish(build, part, &dir, &backend).await,
            Err(stop) => Err(stop),
        };
        match &outcome {
            Ok(Stage::Production) => say(&backend, "published"),
            Ok(Stage::Devel) => say(&backend, "published in devel, until the project regenerates"),
            Err(Stop::Failed(why) | Stop::Fault(why)) => say(&backend, &format!("error: {why}")),
            Err(Stop::Canceled) => say(&backend, "canceled"),
        }
        // The packages may be published by now: a log that cannot be packed changes nothing.
        let packed = backend.finish().await;
        if let Err(error) = packed.and_then(|_| block_in_place(|| results::pack_logs(&dir))) {
            tracing::warn!(build = %build.id, %error, "cannot pack the logs of a chroot");
        }
        outcome
    }

    /// What is built stays: the next attempt begins with publishing. All else goes.
    async fn keep_only_packages(&self) {
        if !self.packages_dir().is_dir() {
            self.clear_away().await;
        }
    }

    pub(super) fn packages_dir(&self) -> PathBuf {
        self.dir.join("packages")
    }

    /// Runs the builder, sets the packages apart, and notes what they are.
    async fn build(
        &self,
        build: &Build,
        part: &BuildChroot,
        dir: &Path,
        backend: &LiveLog,
    ) -> Result<(), Stop> {
        let limit = self.shop.config.runner.max_log_size.0;
        let log = Arc::new(self.shop.runner.logs().create(&dir.join("builder-live.log"), limit)?);
        let (chroot, config) = self.chroot_config(build, &part.name).await?;
        let builder = self.shop.builders.of(&chroot);
        say(backend, &format!("building in {}, {}", chroot.name, builder.describe()));
        let Some(srpm) = &build.srpm else {
            return Err(Stop::Fault("the build has no source package".to_owned()));
        };
        let srpm = self.shop.layout.source(&build.owner, &build.dir, build.id).join(srpm);
        let job = self.builder_job(build, dir, &log)?;
        let packages = self.packages_dir();
        let outcome = async_build(builder, &job, &chroot, &config, &srpm, &packages).await;
        if let Err(error) = &outcome {
            log.line(format!("error: {error}"));
        }
        log.finish().await?;
        let files = outcome?;
        results::note_packages(dir, &files)?;
        say(backend, &format!("built {} packages", files.len()));
        let (job, id) = (self.job.id, part.id);
        self.shop.store.write(move |db| record::chroot_built(db, job, id, &files)).await?;
        let wants_review = self.project(build).await?.settings.fedora_review;
        if let Some(package) = build.package.as_ref().filter(|_| wants_review) {
            let (chroot, config) = (&chroot, &config);
            let subject = Subject { build, package, chroot, config, packages: &packages, dir };
            let outcome = self.review(&subject).await?;
            say(backend, &outcome);
        }
        Ok(())
    }

    /// Signs what is still in scratch space, moves it in, and publishes the repository.
    async fn publish(
        &self,
        build: &Build,
        part: &BuildChroot,
        dir: &Path,
        backend: &LiveLog,
    ) -> Result<Stage, Stop> {
        let packages = self.packages_dir();
        let project = self.project(build).await?;
        if project.settings.appstream && process::find(APPSTREAM_BUILDER).is_none() {
            let help = process::package_for(APPSTREAM_BUILDER);
            say(backend, &format!("no AppStream metadata: {APPSTREAM_BUILDER} is missing: {help}"));
        }
        let key = self.shop.publisher.key(&project, self.errand()).await?;
        say(backend, &format!("signing {} packages", results::rpm_files(&packages)?.len()));
        repo::move_to_copr(&packages, dir, &key, self.errand()).await?;
        say(backend, "publishing");
        self.publish_again(part.id).await
    }

    /// Publishes the repository with what is in the result directory.
    async fn publish_again(&self, id: BuildChrootId) -> Result<Stage, Stop> {
        let repo = self.shop.store.read(move |db| build_chroots::repo(db, id)).await?;
        let Some(repo) = repo else { return Err(Stop::Canceled) };
        Ok(self.shop.publisher.publish(repo, Some(id), &self.mark).await?)
    }

    async fn project(&self, build: &Build) -> Result<Project, Stop> {
        let id = build.project_id;
        let project = self.shop.store.read(move |db| projects::get(db, id)).await?;
        // A project goes only when its builds are done or stopped.
        project.ok_or(Stop::Canceled)
    }
}

/// A line of the engine's own log of a chroot.
pub(super) fn say(backend: &LiveLog, text: &str) {
    backend.line(format!("{} {text}", Timestamp::now()));
}

impl From<PublishError> for Stop {
    fn from(error: PublishError) -> Stop {
        match error {
            PublishError::Canceled => Stop::Canceled,
            PublishError::NoSpace | PublishError::Missing(_) => Stop::Failed(error.to_string()),
            PublishError::Failed(why) => Stop::Fault(why),
        }
    }
}
