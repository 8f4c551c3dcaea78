//! What can go wrong between here and a server.

use std::io;
use std::path::PathBuf;

use super::ConfigError;
use crate::model::name::NameError;

/// Why a call failed; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The copr configuration file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something that can be no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A copr without its owner, for nobody in particular.
    #[error("whose copr is '{0}'? Write OWNER/{0}, or say which user you are")]
    NoOwner(String),
    /// Something that can be no server's address.
    #[error("'{0}' is no server's address: write http://HOST[:PORT] or https://HOST[:PORT]")]
    Url(String),
    /// A file that was to be sent cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// No answer.
    #[error("cannot reach {url}: {cause}; does the server run, and is the address right?")]
    Unreachable {
        /// The server's address.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// An answer, but not from one of us.
    #[error("what answers at {url} is no coprbox server: {why}")]
    Stranger {
        /// The server's address.
        url: String,
        /// What is odd about its answer.
        why: String,
    },
    /// The server would not.
    #[error("{message}")]
    Refused {
        /// The HTTP status: 404, say, when there is no such copr.
        status: u16,
        /// The server's own words: a sentence, or one line for each mistake.
        message: String,
    },
}

impl ClientError {
    /// Whether the server does not know who asks, or says that they may not.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, ClientError::Refused { status: 401 | 403, .. })
    }
}
