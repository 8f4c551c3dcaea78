//! Queued work.

use serde::{Deserialize, Serialize};

use super::{BuildChrootId, BuildId, ChrootId, DirId, JobId};

/// A piece of queued work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    pub work: Work,
    /// How often it was begun before.
    pub attempt: u32,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Make the SRPM of a build.
    Source(BuildId),
    /// Build one chroot of a build.
    Chroot {
        /// The build.
        build: BuildId,
        /// Its chroot.
        chroot: BuildChrootId,
        /// How far an earlier attempt came.
        phase: Phase,
    },
    /// Bring the disk in line with the tables.
    Tidy(Tidy),
}

/// How far the build of a chroot has come, beyond which a restart need not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// To be built.
    Build,
    /// Built: to be signed and published.
    Publish,
}

/// Work on the results tree that follows from a change of the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tidy {
    /// Repositories whose metadata are to be made anew.
    pub repos: Vec<RepoKey>,
    /// Directories to be removed afterwards, as paths below the data directory that begin with
    /// `results/` or `trash/`. A repository, or a directory of a project, stays when the tables
    /// name it by then: somebody has made it again.
    pub remove: Vec<String>,
}

/// A repository: one chroot in one directory of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepoKey {
    /// The directory.
    pub dir: DirId,
    /// The chroot.
    pub chroot: ChrootId,
}

/// Which of a repository's two sets of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The one that users install from.
    Production,
    /// Below it, the one that builds read whose project decides itself when they become public.
    Devel,
}

/// A queued build job as the scheduler weighs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub job: JobId,
    /// Whose project it is for, as clients write owners.
    pub owner: String,
    /// Low priority.
    pub background: bool,
    /// Makes a source package, rather than building one.
    pub source: bool,
}
