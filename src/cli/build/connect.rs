//! Which server builds, and who asks it to.

use std::path::Path;

use super::Ended;
use crate::client::{ClientError, ConfigError, CoprClient, CoprConfig};
use crate::config::BaseUrl;

/// A client, and what to tell somebody whom the server does not know.
pub(super) struct Connection {
    pub(super) client: CoprClient,
    hint: String,
}

impl Connection {
    /// The error, with a way out where nobody knows who asks.
    pub(super) fn explain(&self, error: ClientError) -> Ended {
        let unknown = matches!(error, ClientError::Refused { status: 401, .. });
        let mut ended = Ended::from(error);
        if unknown {
            ended.why = format!("{} {}", ended.why, self.hint);
        }
        ended
    }
}

/// A client for what the copr configuration file says, or for the server at `url`. The token goes
/// to the file's own server only.
pub(super) fn open(url: Option<&str>, file: Option<&Path>) -> Result<Connection, Ended> {
    let url: Option<BaseUrl> = match url {
        Some(url) => Some(url.parse().map_err(|_| ClientError::Url(url.to_owned()))?),
        None => None,
    };
    let path = match file {
        Some(path) => Ok(path.to_owned()),
        None => CoprConfig::default_path(),
    };
    let read = path.and_then(|path| CoprConfig::read(&path));
    let new_token = "'coprbox token new USER' on the server prints a copr configuration file with \
                     a new token.";
    let (client, hint) = match (read, url) {
        (Ok(known), Some(url)) if known.url != url => {
            let hint = format!(
                "The token in the copr configuration file is for {} and was not sent to {url}; \
                 name a file for that server with --config.",
                known.url
            );
            (CoprClient::anonymous(url.as_str())?.named(known.username), hint)
        }
        (Ok(known), _) => (CoprClient::from_config(&known)?, new_token.to_owned()),
        (Err(ConfigError::Missing(_) | ConfigError::Nowhere), Some(url)) if file.is_none() => {
            (CoprClient::anonymous(url.as_str())?, new_token.to_owned())
        }
        (Err(error), _) => return Err(error.into()),
    };
    Ok(Connection { client, hint })
}
