//! Builders: what turns a spec into an SRPM, and an SRPM into packages, in a chroot.
//!
//! Reading a foreign spec already runs foreign code, so both happen inside. A builder works in a
//! scratch directory, leaves RPMs and logs in a result directory, writes to a live log and can be
//! stopped at any time; it knows nothing of projects or the database. It assumes nothing of the
//! machine that a launcher in front of its commands takes them to, but a shared file system.

mod configs;
pub mod mock;
pub mod sandbox;
pub mod script;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::log::LiveLog;
use super::source::download::Limits;
use crate::model::ChrootName;
use crate::model::build_config::BuildConfig;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::process::{self, JobMark};
use script::{Ran, Script};

/// One call of a builder: where it works and what stops it.
#[derive(Clone)]
pub struct Job {
    /// Unique among all builds that run: names directories and mock's roots. Letters, digits and
    /// dashes.
    pub tag: String,
    /// An empty directory of its own, on the file system of the results; the caller removes it.
    pub work_dir: PathBuf,
    /// Where RPMs and logs go; it exists.
    pub result_dir: PathBuf,
    /// `builder-live.log`; the caller finishes it.
    pub log: Arc<LiveLog>,
    /// Where each further log is cut off, in bytes.
    pub log_limit: u64,
    /// Is put on every process.
    pub mark: JobMark,
    /// Stops it.
    pub cancel: CancellationToken,
    /// Stands in front of each command that builds; may be empty.
    pub launcher: Vec<String>,
    /// The longest it may take.
    pub timeout: Duration,
    /// How long it may take to end once it is stopped.
    pub grace: Duration,
    /// Whether what runs with network to make sources may reach this machine and private networks.
    pub private_addresses: bool,
    /// Macros defined for the build, as `("copr_username", "alice")`.
    pub macros: Vec<(String, String)>,
}

/// What an SRPM is made from.
#[derive(Clone, Debug)]
pub struct SpecSource {
    /// The spec file.
    pub spec: PathBuf,
    /// The directory with sources and patches, if there are any.
    pub sources: Option<PathBuf>,
    /// Sources named by address that are not in the directory are downloaded, within these
    /// limits.
    pub download: Option<Limits>,
}

/// What a builder made; the files are in the result directory, next to the logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The source package. After a rebuild it is the rebuilt one.
    pub srpm: PathBuf,
    /// The binary packages, sorted; none after [`Builder::make_srpm`].
    pub packages: Vec<PathBuf>,
}

/// Why nothing was built: a sentence for the user. The log holds the rest.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The package's own build failed.
    #[error("{0}")]
    Failed(String),
    /// What the package needs for its build is in none of the repositories.
    #[error("the build requires what no repository has: {}", .0.join("; "))]
    MissingDependencies(Vec<String>),
    /// What a [`Script`] needs is in none of the repositories.
    #[error("no repository of {chroot} has {}", .names.join(", "))]
    MissingTools {
        /// The chroot.
        chroot: ChrootName,
        /// What is missing.
        names: Vec<String>,
    },
    /// A source that the spec names by address cannot be had.
    #[error("{0}")]
    Download(String),
    /// The SRPM or spec cannot be used.
    #[error("{0}")]
    BadSource(String),
    /// It took too long.
    #[error("the build was stopped because it took longer than {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It was stopped by a user or the server's end.
    #[error("the build was canceled")]
    Canceled,
    /// The server lacks a program, or its user a right.
    #[error("this server cannot build here: {0}")]
    Unavailable(String),
    /// The disk is full.
    #[error("the disk of the build server is full")]
    NoSpace,
    /// A repository cannot be read, or something else outside of the package went wrong; trying
    /// again may help.
    #[error("{0}")]
    Internal(String),
}

impl From<process::Error> for BuildError {
    fn from(error: process::Error) -> BuildError {
        match error {
            process::Error::Missing { .. } => BuildError::Unavailable(error.to_string()),
            process::Error::Start { error, .. } | process::Error::Io(error) => error.into(),
            process::Error::TooMuchOutput { .. } => BuildError::Internal(error.to_string()),
        }
    }
}

impl From<io::Error> for BuildError {
    fn from(error: io::Error) -> BuildError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BuildError::NoSpace,
            _ => BuildError::Internal(format!("the build server failed: {error}")),
        }
    }
}

/// What a builder is, for pages and `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// `mock` or `sandbox`.
    pub name: &'static str,
    /// One sentence: what separates a build from the host.
    pub isolation: String,
    /// Whether a build without `enable_net` really has no network.
    pub cuts_network: bool,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = if self.cuts_network { "off unless enabled" } else { "reachable by builds" };
        write!(f, "{}: {}; network {network}", self.name, self.isolation)
    }
}

/// The work of a builder, to be awaited. Dropping it ends its processes.
pub type Work<'a, T = Built> = Pin<Box<dyn Future<Output = Result<T, BuildError>> + Send + 'a>>;

/// Something that builds.
pub trait Builder: Send + Sync {
    /// What it is and what it separates.
    fn describe(&self) -> Description;

    /// Whether it can work here; if not, the sentence says why and what to do.
    fn availability(&self) -> Result<(), String>;

    /// Makes one `.src.rpm` in the result directory from a spec file. The chroot's base packages
    /// and `config`'s additional ones are there while the spec is read.
    fn make_srpm<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        source: &'a SpecSource,
    ) -> Work<'a>;

    /// Builds the packages of an SRPM: they, the rebuilt SRPM and the logs end up in the result
    /// directory.
    fn rebuild<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        srpm: &'a std::path::Path,
    ) -> Work<'a>;

    /// Runs a command on a tree of files, and brings out what it leaves. That the command fails
    /// is no error here: [`Ran`] says so. The chroot's base packages, `config`'s additional ones
    /// and what the script needs are there.
    fn run_script<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        script: &'a Script,
    ) -> Work<'a, Ran>;

    /// Begins to remove what a build whose server was killed has left outside of its scratch
    /// directory and its result directory. The former is still there, but only until this
    /// returns; the processes are not. What is built next waits until all is removed.
    fn clear_remains(&self, _work_dir: &std::path::Path) {}
}

/// The builders of this server.
#[derive(Clone)]
pub struct Builders {
    /// Runs mock.
    pub mock: Arc<dyn Builder>,
    /// Runs dnf and bubblewrap itself.
    pub sandbox: Arc<dyn Builder>,
}

impl Builders {
    /// The one that a chroot is built with.
    pub fn of(&self, chroot: &Chroot) -> &dyn Builder {
        match chroot.recipe {
            ChrootRecipe::Mock { .. } => self.mock.as_ref(),
            ChrootRecipe::Sandbox { .. } => self.sandbox.as_ref(),
        }
    }
}
