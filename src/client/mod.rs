//! A client of the original Copr's methods, for programs: `coprbox client` is made of it.
//!
//! [`CoprClient`] has the methods that the original's documentation names, from `copr_list` to
//! `pkg_delete`. They call the server's `/api_0`, whose requests and answers are the types of
//! [`crate::model::copr`], wait for the answer, and block meanwhile.
//!
//! ```
//! # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
//! # let hub = hub::start();
//! # let url = hub.url();
//! use coprbox::client::CoprClient;
//!
//! let client = CoprClient::with_password(url, "fedorian", "mysecret")?;
//! client.copr_create("lib", "What others need", &["fedora-43-x86_64"], &[])?;
//! client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &["fedorian/lib"])?;
//! let tools = client.copr_add_releases("tools", &["fedora-42-x86_64"])?;
//! assert_eq!(tools.releases, ["fedora-42-x86_64", "fedora-43-x86_64"]);
//! # Ok::<(), coprbox::client::ClientError>(())
//! ```
//!
//! What `coprbox build` needs besides is today's API, of which it has the methods `build_…` and
//! `project_…`.
//!
//! A copr is named `owner/name`, or by its name alone if it belongs to the user whom the client
//! acts for; a group's is `@group/name`. Nothing is sent twice: all that changes something can be
//! called again after an error, except creating and deleting, which then say that it is done.

mod builds;
mod config;
mod coprs;
mod error;
mod pkgs;
mod request;

use std::time::Duration;

pub use crate::model::copr::{Copr, CoprEdit, Permissions, Pkg, PkgBuild};
pub use crate::model::permission::Role;
pub use builds::{Build, BuildPart, LogEnd, NewBuild, Sources};
pub use config::{ConfigError, CoprConfig};
pub use error::ClientError;

use crate::config::BaseUrl;
use crate::model::name::NameError;
use crate::model::{Owner, ProjectName, UserName};

/// How long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a server may take to answer: it makes repositories before it says that a copr is there.
const ANSWER: Duration = Duration::from_mins(5);

/// A client of one server, acting for one user or for nobody. See [the module](self).
pub struct CoprClient {
    url: BaseUrl,
    user: Option<UserName>,
    /// The value of the `Authorization` header.
    authorization: Option<String>,
    agent: ureq::Agent,
}

impl CoprClient {
    /// A client that acts for nobody: it can look at everything and change nothing.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let url = hub.url();
    /// # use coprbox::client::{ClientError, CoprClient};
    /// let client = CoprClient::anonymous(url)?;
    /// assert!(client.copr_list(None)?.is_empty());
    /// let refusal = client.copr_delete("fedorian/tools").unwrap_err();
    /// assert!(matches!(refusal, ClientError::Refused { status: 401, .. }));
    /// # Ok::<(), ClientError>(())
    /// ```
    pub fn anonymous(url: &str) -> Result<CoprClient, ClientError> {
        CoprClient::new(url, None, None)
    }

    /// A client for a user with a password. The server checks it for each call, which takes some
    /// 30 ms, and slows down who sends wrong ones: programs that call often better use a token.
    pub fn with_password(
        url: &str,
        username: &str,
        password: &str,
    ) -> Result<CoprClient, ClientError> {
        let user: UserName = username.parse()?;
        let authorization = request::basic(username, password);
        CoprClient::new(url, Some(user), Some(authorization))
    }

    /// A client for the user of an API token. `username` is whose coprs are meant by a name alone.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let (url, login, token) = (hub.url(), hub.login(), hub.token());
    /// # use coprbox::client::CoprClient;
    /// let client = CoprClient::with_token(url, Some("fedorian"), login, token)?;
    /// client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn with_token(
        url: &str,
        username: Option<&str>,
        login: &str,
        token: &str,
    ) -> Result<CoprClient, ClientError> {
        let user = username.map(str::parse).transpose()?;
        CoprClient::new(url, user, Some(request::basic(login, token)))
    }

    /// The client that a copr configuration file is for.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let file = hub.config_file();
    /// # use coprbox::client::{CoprClient, CoprConfig};
    /// let client = CoprClient::from_config(&CoprConfig::read(&file)?)?;
    /// client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn from_config(config: &CoprConfig) -> Result<CoprClient, ClientError> {
        let authorization =
            config.token.as_ref().map(|(login, token)| request::basic(login, token));
        CoprClient::new(config.url.as_str(), config.username.clone(), authorization)
    }

    fn new(
        url: &str,
        user: Option<UserName>,
        authorization: Option<String>,
    ) -> Result<CoprClient, ClientError> {
        let url = url.parse().map_err(|_| ClientError::Url(url.to_owned()))?;
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            // A redirected change would arrive as a look; and no password is carried elsewhere.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("copr coprbox/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(CoprClient { url, user, authorization, agent: config.into() })
    }

    /// The same client, for which a copr's name alone means one of this user's.
    #[must_use]
    pub fn named(self, user: Option<UserName>) -> CoprClient {
        CoprClient { user, ..self }
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The user whom the client acts for, as far as it knows.
    pub fn username(&self) -> Option<&UserName> {
        self.user.as_ref()
    }

    /// The path of a copr that is named `owner/name`, or `name` if it is the user's own.
    fn path(&self, copr: &str) -> Result<String, ClientError> {
        let (owner, name) = self.resolve(copr)?;
        Ok(format!("/coprs/{owner}/{name}"))
    }

    fn resolve(&self, copr: &str) -> Result<(Owner, ProjectName), ClientError> {
        let (owner, name) = split_name(copr)?;
        let own = || self.user.clone().map(Owner::User);
        let owner = owner.or_else(own).ok_or_else(|| ClientError::NoOwner(copr.to_owned()))?;
        Ok((owner, name))
    }
}

/// The two halves of a copr's name; only the second has to be there.
pub fn split_name(copr: &str) -> Result<(Option<Owner>, ProjectName), NameError> {
    match copr.split_once('/') {
        Some((owner, name)) => Ok((Some(owner.parse()?), name.parse()?)),
        None => Ok((None, copr.parse()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_the_users_own() {
        let client = CoprClient::with_password("http://h", "bob", "x").unwrap();
        assert_eq!(client.path("tools").unwrap(), "/coprs/bob/tools");
        assert_eq!(client.path("@devs/tools").unwrap(), "/coprs/@devs/tools");
        let nobody = CoprClient::anonymous("http://h/").unwrap();
        assert!(matches!(nobody.path("tools"), Err(ClientError::NoOwner(_))));
        assert_eq!(nobody.path("eve/tools").unwrap(), "/coprs/eve/tools");
        for bad in ["", "/", "a/", "/b", "a/../b", "a b", "a/b/c", "a?x=y"] {
            assert!(matches!(client.path(bad), Err(ClientError::Name(_))), "{bad}");
        }
        assert!(matches!(CoprClient::anonymous("nowhere"), Err(ClientError::Url(_))));
    }
}
