//! Why something was not published or signed.

use std::io;
use std::path::{Path, PathBuf};

use crate::process::{self, Exit};
use crate::rpm;

/// Each text is a sentence for the build's log and the server's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is missing or cannot be started.
    #[error(transparent)]
    Program(#[from] process::Error),
    /// A program ran and failed.
    #[error("{program} {exit}: {said}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// How it ended.
        exit: Exit,
        /// The end of what it said.
        said: String,
    },
    /// It was told to stop.
    #[error("canceled")]
    Canceled,
    /// The disk failed.
    #[error("{}: {error}", path.display())]
    Disk {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Packages of the repository are not on the disk.
    #[error("{} of the repository's packages are not there, such as {}", .0.len(), .0[0])]
    PackagesMissing(Vec<String>),
    /// The metadata made by `createrepo_c` lists other packages than it should.
    #[error("createrepo_c left out {} of the repository's packages, such as {}", .0.len(), .0[0])]
    PackagesLeftOut(Vec<String>),
    /// Metadata that cannot be read, or do not fit their checksums.
    #[error("{}: {why}", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A package that is damaged.
    #[error("{}: {error}", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: rpm::Error,
    },
    /// A package without the signature that it should have by now.
    #[error("rpmsign has not signed {}", .0.display())]
    Unsigned(PathBuf),
    /// Somebody else publishes the same repository right now.
    #[error("{} is being published by somebody else; try again", .0.display())]
    Busy(PathBuf),
    /// The results are on a file system that cannot do what publishing rests on.
    #[error("the file system of {} cannot exchange two directories; keep the data directory on ext4, XFS or Btrfs", .0.display())]
    NoExchange(PathBuf),
    /// The project has no key yet.
    #[error("there is no usable signing key in {}", .0.display())]
    NoKey(PathBuf),
    /// A task of ours ended in a panic.
    #[error("an internal task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// For `map_err`: the disk failed at `path`.
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |error| Error::Disk { path, error }
    }

    /// For `map_err`: the package at `path` is damaged.
    pub(super) fn package(path: &Path) -> impl FnOnce(rpm::Error) -> Error {
        move |error| Error::Package { path: path.to_owned(), error }
    }

    /// The metadata at `path` are wrong.
    pub(super) fn metadata(path: &Path, why: impl Into<String>) -> Error {
        Error::Metadata { path: path.to_owned(), why: why.into() }
    }

    /// A program failed; the end of what it said is kept.
    pub(super) fn failed(program: &'static str, exit: Exit, said: &[u8]) -> Error {
        const KEPT: usize = 2000;
        let said = String::from_utf8_lossy(&said[said.len().saturating_sub(KEPT)..]);
        Error::Failed { program, exit, said: said.trim().to_owned() }
    }
}
