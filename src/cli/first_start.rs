//! What the first start of a server makes: an admin who can log in, and the chroots that mock has
//! configurations for.

use std::path::Path;

use anyhow::Context;

use super::out;
use crate::auth::session::{self, LINK_LIFETIME};
use crate::auth::token;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::model::UserName;
use crate::ops::{Result, accounts, chroots};
use crate::process;
use crate::runner::builder::mock::discover::{CONFIG_DIR, Host, discover};
use crate::store::{Store, users};

/// The way in for the first admin.
pub(super) struct Welcome {
    /// The admin's name.
    pub(super) user: UserName,
    /// A one-time link to log in with.
    pub(super) link: String,
    /// A configuration file for copr-cli.
    pub(super) client_config: String,
}

/// Makes the first admin, unless there are accounts already.
pub(super) fn welcome(store: &Store, config: &Config) -> Result<Option<Welcome>> {
    let now = Timestamp::now();
    store.write_now(|tx| {
        if users::any(tx)? {
            return Ok(None);
        }
        let user = accounts::add_user(tx, &admin_name()?, None, true, now)?;
        let expires_on = token::expiry(now, config.tokens.days);
        let token = token::issue(tx, user.id, "first start", expires_on, now)?;
        let secret = session::issue_link(tx, user.id, now)?;
        Ok(Some(Welcome {
            link: session::link_url(&config.base_url, &secret),
            client_config: token.client_config(&user.name, &config.base_url),
            user: user.name,
        }))
    })
}

impl Welcome {
    /// Tells the person who started the server.
    pub(super) fn print(&self, config: &Config) -> anyhow::Result<()> {
        let Welcome { user, link, client_config } = self;
        let minutes = LINK_LIFETIME.as_secs() / 60;
        out::say(&format!(
            "This is the first start with the data directory {}. The first admin is '{user}'.\n\
             Log in with this link, once and within {minutes} minutes ('coprbox user password \
             {user}' makes another):\n",
            config.data_dir.display()
        ));
        out::result(&format!("    {link}\n"))?;
        out::say("For copr-cli, write this into ~/.config/copr:\n");
        out::result(client_config)
    }
}

/// Takes over the chroots that mock knows, unless there are chroots already.
pub(super) fn find_chroots(store: &Store) -> anyhow::Result<()> {
    if process::find("mock").is_none() {
        return Ok(());
    }
    let found = discover(Path::new(CONFIG_DIR), &Host::this())
        .with_context(|| format!("cannot read the configurations of mock in {CONFIG_DIR}"))?;
    if store.write_now(|tx| chroots::adopt(tx, &found))? {
        let enabled = found.iter().filter(|chroot| chroot.enable);
        let enabled: Vec<&str> = enabled.map(|chroot| chroot.name.as_str()).collect();
        out::say(&format!(
            "mock knows {} chroots; enabled are: {}. 'coprbox chroot enable NAME' adds others.\n",
            found.len(),
            if enabled.is_empty() { "none".to_owned() } else { enabled.join(", ") }
        ));
    }
    Ok(())
}

/// Who starts the server, or `admin` where that is root or nobody's name.
fn admin_name() -> Result<UserName> {
    let own = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let is_root = rustix::process::geteuid().is_root();
    Ok(choose(own.filter(|_| !is_root).as_deref()).parse()?)
}

fn choose(own: Option<&str>) -> &str {
    own.filter(|name| *name != "root" && name.parse::<UserName>().is_ok()).unwrap_or("admin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_admin_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_data_dir(dir.path()).unwrap();
        let store = Store::open(&config.database()).unwrap();
        let first = welcome(&store, &config).unwrap().unwrap();
        assert!(first.link.starts_with("http://127.0.0.1:5000/login/once/"));
        assert!(first.client_config.contains(&format!("username = {}\n", first.user)));
        assert!(welcome(&store, &config).unwrap().is_none());
        let user = store.read_now(|db| users::find(db, &first.user)).unwrap().unwrap();
        assert!(user.admin);
    }

    #[test]
    fn odd_names_become_admin() {
        assert_eq!(choose(Some("alice")), "alice");
        for odd in [None, Some("root"), Some(""), Some("EXAMPLE\\alice"), Some("g")] {
            assert_eq!(choose(odd), "admin");
        }
    }
}
