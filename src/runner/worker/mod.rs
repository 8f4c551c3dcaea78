//! One claimed job, from beginning to end: do it, and record how it ended.
//!
//! Whatever happens in between, the tables are told: a job that ends in an error of the server
//! itself goes back into the queue and is tried again, a few times, with pauses.

mod chroot;
mod config;
mod elsewhere;
mod results;
mod review;
mod source;
mod tidy;
mod uploads;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub(super) use results::{rpm_files, write_build_info};

use super::builder::{self, BuildError, Builders};
use super::handle::Runner;
use super::log::LiveLog;
use super::publisher::Publisher;
use super::record;
use super::source::error::SourceError;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::model::Owner;
use crate::model::build::Build;
use crate::model::job::{Job, Work};
use crate::process::{self, JobMark};
use crate::repo::{self, Errand, Layout};
use crate::store::{Store, StoreError};

/// How often a job is begun before it counts as failed.
pub(super) const ATTEMPTS: u32 = 3;

/// The pause before a job is tried again that met an error of the server.
pub(super) const PAUSE: Duration = Duration::from_secs(15);

/// What every job needs.
pub(super) struct Workshop {
    pub(super) config: Arc<Config>,
    pub(super) store: Store,
    pub(super) layout: Layout,
    pub(super) builders: Builders,
    pub(super) publisher: Publisher,
    pub(super) runner: Runner,
    /// Fires when the server is to end: jobs stop and go back into the queue.
    pub(super) shutdown: CancellationToken,
}

/// A job at work.
pub(super) struct Bench<'a> {
    pub(super) shop: &'a Workshop,
    job: &'a Job,
    /// Scratch space; what is in it when the job ends is removed.
    pub(super) dir: PathBuf,
    pub(super) mark: JobMark,
    /// Fires on a user's cancel and at the server's end.
    pub(super) cancel: CancellationToken,
}

/// Why a job did not do what it was to do.
#[derive(Debug)]
pub(super) enum Stop {
    /// The sources or the build are to blame: the sentence goes onto the build page.
    Failed(String),
    /// Its token has fired.
    Canceled,
    /// The server is to blame; to be tried again.
    Fault(String),
}

impl Workshop {
    /// Does a claimed job, and records how it ended.
    pub(super) async fn run(&self, job: Job) {
        let bench = Bench {
            shop: self,
            job: &job,
            dir: self.layout.job(job.id),
            mark: JobMark::new(self.layout.data_dir(), job.id),
            cancel: self.runner.begin(job.id, &self.shutdown),
        };
        let outcome = match &job.work {
            Work::Source(build) => bench.source(*build).await,
            Work::Chroot { build, chroot, phase } => bench.chroot(*build, *chroot, *phase).await,
            Work::Tidy(tidy) => bench.tidy(tidy).await,
        };
        if let Err(error) = outcome {
            tracing::error!(job = %job.id, %error, "cannot record how a job ended");
            bench.put_back_at_last().await;
        }
        self.runner.end(job.id);
    }
}

impl Bench<'_> {
    fn is_last_attempt(&self) -> bool {
        self.job.attempt + 1 >= ATTEMPTS
    }

    /// Back into the queue, to be begun again after a pause.
    async fn put_back(&self, pause: Duration) -> Result<(), StoreError> {
        let (id, work) = (self.job.id, self.job.work.clone());
        let not_before = Timestamp::now().after(pause);
        self.shop.store.write(move |db| record::put_back(db, id, &work, not_before)).await
    }

    /// Back into the queue as soon as the tables can be written again: the disk may be full. The
    /// server's end settles it, too, since its next start puts back whatever was running.
    async fn put_back_at_last(&self) {
        while !self.shop.shutdown.is_cancelled() && self.put_back(Duration::ZERO).await.is_err() {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.shop.shutdown.cancelled() => {}
            }
        }
    }

    /// Back into the queue because the server is to end: as if it had never been begun.
    async fn hand_back(&self) -> Result<(), StoreError> {
        let (id, work) = (self.job.id, self.job.work.clone());
        self.shop.store.write(move |db| record::hand_back(db, id, &work)).await
    }

    /// An empty scratch directory, in place of what an earlier attempt left.
    fn make_dir(&self) -> io::Result<()> {
        remove_dir(&self.dir)?;
        std::fs::create_dir_all(&self.dir)
    }

    /// Removes the scratch directory. What cannot be removed now goes when the server starts.
    async fn clear_away(&self) {
        let dir = self.dir.clone();
        let removed = tokio::task::spawn_blocking(move || remove_dir(&dir)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(job = %self.job.id, %error, "cannot remove the scratch directory");
        }
    }

    fn errand(&self) -> Errand<'_> {
        Errand { cancel: &self.cancel, mark: Some(&self.mark) }
    }

    /// What a builder is told of this job.
    pub(super) fn builder_job(
        &self,
        build: &Build,
        result_dir: &Path,
        log: &Arc<LiveLog>,
    ) -> io::Result<builder::Job> {
        let runner = &self.shop.config.runner;
        let work_dir = builder_dir(&self.dir);
        std::fs::create_dir_all(&work_dir)?;
        Ok(builder::Job {
            tag: format!("{}-{}", build.id, self.job.id),
            work_dir,
            result_dir: result_dir.to_owned(),
            log: Arc::clone(log),
            log_limit: runner.max_log_size.0,
            mark: self.mark.clone(),
            cancel: self.cancel.clone(),
            launcher: runner.launcher.clone(),
            timeout: build.options.timeout,
            grace: runner.grace,
            private_addresses: self.shop.config.sources.allow_private_addresses,
            macros: macros(build),
        })
    }
}

/// Where in a job's scratch directory its builder works.
pub(super) fn builder_dir(job_dir: &Path) -> PathBuf {
    job_dir.join("builder")
}

/// The macros that Copr defines for every build: who it is for, and a tag that tells builds apart.
fn macros(build: &Build) -> Vec<(String, String)> {
    let vendor = match &build.owner {
        Owner::User(name) => format!("coprbox - user {name}"),
        Owner::Group(name) => format!("coprbox - group {name}"),
    };
    vec![
        ("copr_username".to_owned(), build.owner.to_string()),
        ("copr_projectname".to_owned(), build.project.to_string()),
        ("vendor".to_owned(), vendor),
        ("buildtag".to_owned(), format!(".copr{}", build.id)),
    ]
}

/// Removes a directory and all in it; one that is not there is as good as removed.
pub(super) fn remove_dir(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Stop {
        match error {
            BuildError::Canceled => Stop::Canceled,
            BuildError::Internal(why) => Stop::Fault(why),
            BuildError::Download(why) => SourceError::Download(why).into(),
            other => Stop::Failed(other.to_string()),
        }
    }
}

impl From<repo::Error> for Stop {
    fn from(error: repo::Error) -> Stop {
        match error {
            repo::Error::Canceled => Stop::Canceled,
            repo::Error::Disk { error, .. } => error.into(),
            repo::Error::Program(process::Error::Missing { .. }) => {
                Stop::Failed(format!("this server cannot publish: {error}"))
            }
            other => Stop::Fault(other.to_string()),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        BuildError::from(error).into()
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Fault(error.to_string())
    }
}
