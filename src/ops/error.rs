//! The one error that the API, the pages and the command line see.

use crate::model::BuildId;
use crate::model::name::NameError;
use crate::store::StoreError;

/// Why something was not done. Each variant is one HTTP status; each text is a sentence for the
/// person who reads it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense: one sentence for each mistake. Status 400.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// Nothing came where something had to. Status 415.
    #[error(
        "Did not attempt to load JSON data because the request Content-Type was not \
         'application/json'."
    )]
    NothingSent,
    /// The thing is not there. Status 404.
    #[error("{0}")]
    NotFound(String),
    /// The caller may not. Status 403.
    #[error("{0}")]
    Denied(String),
    /// It collides with what is there or under way. Status 409.
    #[error("{0}")]
    Conflict(String),
    /// More than fits into one answer. Status 413.
    #[error("{0}")]
    TooMany(String),
    /// There is no room on the disk. Status 507.
    #[error("{0}")]
    NoSpace(String),
    /// The database failed. Status 500; the text goes to the log, not to the caller.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk or a program failed. Status 500; likewise.
    #[error("{what}: {cause}")]
    Internal {
        /// What was being done.
        what: String,
        /// What went wrong.
        cause: String,
    },
}

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One mistake in what was asked for.
    pub fn invalid(sentence: impl Into<String>) -> Error {
        Error::Invalid(vec![sentence.into()])
    }

    /// Sentences about builds, of which Copr ends the last with a line break, too.
    pub(super) fn lines(mut sentences: Vec<String>) -> Error {
        sentences.push(String::new());
        Error::Invalid(sentences)
    }

    /// What keeps a project or a package from being deleted.
    pub(super) fn unfinished(builds: &[BuildId]) -> Error {
        let ids: Vec<String> = builds.iter().map(BuildId::to_string).collect();
        Error::lines(vec![format!("Build(s) {} are still running.", ids.join(", "))])
    }

    /// A failure of the disk or of a program.
    pub fn internal(what: impl Into<String>, cause: impl std::fmt::Display) -> Error {
        Error::Internal { what: what.into(), cause: cause.to_string() }
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        Error::invalid(error.to_string())
    }
}
