//! Which server is meant, and who asks.
//!
//! Without options, the copr configuration file says both. `--url` names another server; the token
//! in the file is for the file's own server and goes nowhere else. `-p` asks for the password of
//! the user that `-u`, or else the file, names, and takes the place of the token.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{out, password};
use crate::client::{ClientError, ConfigError, CoprClient, CoprConfig};
use crate::config::BaseUrl;
use crate::model::UserName;

/// The options that all commands of the client have.
#[derive(Args)]
pub(super) struct Connect {
    /// The server's address [default: the one in the copr configuration file]
    #[arg(long, global = true)]
    url: Option<String>,
    /// Who you are there [default: the one in the copr configuration file]
    #[arg(short, long, global = true)]
    username: Option<UserName>,
    /// Ask for the password; on stdin where there is no terminal to ask at
    #[arg(short, long, global = true)]
    password: bool,
    /// The copr configuration file [default: $COPR_CONFIG, else ~/.config/copr]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Nobody in particular is to have a password.
#[derive(Debug, thiserror::Error)]
#[error("whose password? Say who you are with -u USERNAME")]
pub(super) struct NoUser;

/// A client, and what to tell somebody whom the server does not know.
pub(super) struct Connection {
    pub(super) client: CoprClient,
    pub(super) hint: String,
}

impl Connect {
    /// A client for what the options and the file say.
    pub(super) fn open(self) -> anyhow::Result<Connection> {
        let url = match &self.url {
            Some(url) => Some(parse_url(url)?),
            None => None,
        };
        let file = self.file(url.is_some())?;
        let Some(url) = url.or_else(|| file.as_ref().map(|file| file.url.clone())) else {
            return Err(ConfigError::Nowhere.into());
        };
        let (file, other) = match file {
            Some(file) if file.url == url => (Some(file), None),
            other => (None, other),
        };
        let known = file.as_ref().and_then(|file| file.username.clone());
        let user = self.username.or_else(|| known.clone());
        if self.password {
            let client = with_password(&url, &user.ok_or(NoUser)?)?;
            return Ok(Connection { client, hint: String::new() });
        }
        let token = file.and_then(|file| file.token);
        let hint = match (&token, &other) {
            (Some(_), _) if user == known => {
                "'coprbox token new USER' on the server makes a new token.".to_owned()
            }
            (Some(_), _) => "The token in the copr configuration file is somebody else's and was \
                             not sent; use -p."
                .to_owned(),
            (None, Some(other)) if other.token.is_some() => format!(
                "The token in the copr configuration file is for {} and was not sent to {url}; \
                 use -u USERNAME -p.",
                other.url
            ),
            _ => "Use -u USERNAME -p, or put a token into the copr configuration file.".to_owned(),
        };
        // The token is the file's user's and nobody else's.
        let client = match token.filter(|_| user == known) {
            Some((login, token)) => {
                let user = user.as_ref().map(UserName::as_str);
                CoprClient::with_token(url.as_str(), user, &login, &token)?
            }
            None => CoprClient::anonymous(url.as_str())?.named(user),
        };
        Ok(Connection { client, hint })
    }

    /// The file; one that nobody named may be missing where the server is known without it.
    fn file(&self, is_optional: bool) -> Result<Option<CoprConfig>, ConfigError> {
        let path = match &self.config {
            Some(path) => Ok(path.clone()),
            None => CoprConfig::default_path(),
        };
        match path.and_then(|path| CoprConfig::read(&path)) {
            Err(ConfigError::Missing(_) | ConfigError::Nowhere)
                if is_optional && self.config.is_none() =>
            {
                Ok(None)
            }
            read => read.map(Some),
        }
    }
}

fn parse_url(url: &str) -> Result<BaseUrl, ClientError> {
    url.parse().map_err(|_| ClientError::Url(url.to_owned()))
}

/// Asks for the password.
fn with_password(url: &BaseUrl, user: &UserName) -> anyhow::Result<CoprClient> {
    if !url.is_https() && !is_here(url) {
        out::say(&format!("warning: the password goes to {url} unencrypted"));
    }
    let password = password::of(user)?;
    Ok(CoprClient::with_password(url.as_str(), user.as_str(), &password)?)
}

/// Whether what goes there stays on this machine.
fn is_here(url: &BaseUrl) -> bool {
    let host = url.hostname();
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback())
}
