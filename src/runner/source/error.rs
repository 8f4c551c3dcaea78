//! Why there is no source package, sorted as Copr does.

use crate::runner::worker::Stop;

/// What failed on the way to a source package; what stands behind the colon are the lines that
/// matter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A repository of sources cannot be cloned.
    #[error("clone failed: {0}")]
    Clone(String),
    /// The repository has no such directory, or no spec file where one should be.
    #[error("wrong directory: {0}")]
    Directory(String),
    /// The branch, tag or commit cannot be checked out.
    #[error("checkout error: {0}")]
    Checkout(String),
    /// What should have made the source package, or its spec, has failed.
    #[error("SRPM build error: {0}")]
    Srpm(String),
    /// A file that the sources name cannot be had.
    #[error("download failed: {0}")]
    Download(String),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Stop {
        Stop::Failed(error.to_string())
    }
}
