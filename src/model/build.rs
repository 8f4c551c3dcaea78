//! Builds, and their parts in each chroot.

use std::time::Duration;

use super::options::{Bootstrap, Isolation};
use super::source::SourceSpec;
use super::{
    BatchId, BuildChrootId, BuildId, BuildState, ChrootName, ChrootState, DirId, DirName, Owner,
    PackageName, ProjectId, ProjectName, SourceState, UserName,
};
use crate::clock::Timestamp;

/// How long a build may take when nobody says otherwise: five hours, as in Copr.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(5);
/// The longest that may be asked for: thirty hours, as in Copr.
pub const MAX_TIMEOUT: Duration = Duration::from_hours(30);

/// A build as clients and pages see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Its number, never used twice.
    pub id: BuildId,
    /// The project.
    pub project_id: ProjectId,
    /// The project's owner.
    pub owner: Owner,
    /// The project's name.
    pub project: ProjectName,
    /// The directory it is published in.
    pub dir_id: DirId,
    /// That directory's name.
    pub dir: DirName,
    /// The package, once known.
    pub package: Option<PackageName>,
    /// `[epoch:]version-release`, once known.
    pub version: Option<String>,
    /// The SRPM's file name below the source build's directory, once it is there.
    pub srpm: Option<String>,
    /// What it is made from.
    pub source: SourceSpec,
    /// How far the source build is.
    pub source_state: SourceState,
    /// Why the source build failed.
    pub source_message: Option<String>,
    /// When the source build started.
    pub source_started_on: Option<Timestamp>,
    /// When the source build ended.
    pub source_ended_on: Option<Timestamp>,
    /// A user has stopped it.
    pub canceled: bool,
    /// The state as a whole.
    pub state: BuildState,
    /// When it was handed in.
    pub submitted_on: Timestamp,
    /// When the first chroot started.
    pub started_on: Option<Timestamp>,
    /// When the last chroot ended; `None` until all have.
    pub ended_on: Option<Timestamp>,
    /// Who handed it in; `None` for webhooks.
    pub submitter: Option<UserName>,
    /// The chroots it was given, in the order they were given.
    pub chroots: Vec<ChrootName>,
    /// How it is to be built.
    pub options: BuildOptions,
    /// The set of builds it belongs to.
    pub batch: Option<BatchId>,
}

/// What the submitter may say about how to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Low priority.
    pub background: bool,
    /// How long each of its jobs may take.
    pub timeout: Duration,
    /// Network access during the build.
    pub enable_net: bool,
    /// How build roots are bootstrapped; `None`: as the chroot has it.
    pub bootstrap: Option<Bootstrap>,
    /// What separates the build from the host; `None`: as the chroot has it.
    pub isolation: Option<Isolation>,
}

impl Default for BuildOptions {
    fn default() -> BuildOptions {
        BuildOptions {
            background: false,
            timeout: DEFAULT_TIMEOUT,
            enable_net: false,
            bootstrap: None,
            isolation: None,
        }
    }
}

/// One chroot of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildChroot {
    /// Its number.
    pub id: BuildChrootId,
    /// The build.
    pub build: BuildId,
    /// The chroot's name; kept even when the server no longer offers the chroot.
    pub name: ChrootName,
    /// How far it is.
    pub state: ChrootState,
    /// Why it was skipped, failed or canceled.
    pub message: Option<String>,
    /// When it started.
    pub started_on: Option<Timestamp>,
    /// When it ended.
    pub ended_on: Option<Timestamp>,
    /// The name of its directory in the results tree, `<id8>-<package>`, once it has one.
    pub result_dir: Option<String>,
}
