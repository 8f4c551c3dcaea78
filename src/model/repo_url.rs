//! Addresses of further repositories, as projects and chroots list them.
//!
//! `http(s)://host/path` is taken as it stands, `copr://owner/project[:dir]` is another project
//! of this server. Either may end in `?priority=N`. In the former `$chroot` and `$distname` are
//! replaced; `$releasever` and `$basearch` are left for dnf.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{ChrootName, DirName, Owner};

/// Why a repository was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a repository: use http(s)://HOST/PATH or copr://OWNER/PROJECT")]
pub struct RepoUrlError(String);

/// One further repository. Shown and stored exactly as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoUrl {
    text: String,
    target: RepoTarget,
    priority: Option<u32>,
}

/// What a [`RepoUrl`] points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepoTarget {
    /// A directory of a project on this server.
    Copr(Owner, DirName),
    /// Any other repository; the address without its `priority` parameter.
    External(String),
}

impl RepoUrl {
    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it points at.
    pub fn target(&self) -> &RepoTarget {
        &self.target
    }

    /// The priority for dnf, if one was given.
    pub fn priority(&self) -> Option<u32> {
        self.priority
    }

    /// The id that build configurations use: every run of other characters becomes one `_`.
    pub fn id(&self) -> String {
        let mut id = String::with_capacity(self.text.len());
        for c in self.text.chars() {
            if c.is_ascii_alphanumeric() {
                id.push(c);
            } else if !id.ends_with('_') {
                id.push('_');
            }
        }
        id.trim_matches('_').to_owned()
    }
}

/// `url` with the variables replaced that Copr replaces itself.
pub fn expand(url: &str, chroot: &ChrootName) -> String {
    url.replace("$chroot", chroot.as_str()).replace("$distname", chroot.distribution())
}

impl FromStr for RepoUrl {
    type Err = RepoUrlError;

    fn from_str(text: &str) -> Result<RepoUrl, RepoUrlError> {
        let refuse = || RepoUrlError(text.chars().take(200).collect());
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(refuse());
        }
        let (address, priority) = cut_priority(text);
        let (scheme, rest) = address.split_once("://").ok_or_else(refuse)?;
        let target = match scheme {
            "copr" => {
                let (owner, dir) = rest.trim_end_matches('/').split_once('/').ok_or_else(refuse)?;
                let owner = owner.parse().map_err(|_| refuse())?;
                RepoTarget::Copr(owner, dir.parse().map_err(|_| refuse())?)
            }
            "http" | "https" if !rest.is_empty() && !rest.starts_with('/') => {
                RepoTarget::External(address)
            }
            _ => return Err(refuse()),
        };
        Ok(RepoUrl { text: text.to_owned(), target, priority })
    }
}

/// Takes `priority=N` out of the query; other parameters stay.
fn cut_priority(text: &str) -> (String, Option<u32>) {
    let Some((path, query)) = text.split_once('?') else {
        return (text.to_owned(), None);
    };
    let mut priority = None;
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.strip_prefix("priority=").and_then(|n| n.parse().ok()) {
            Some(n) => priority = Some(n),
            None => rest.push(pair),
        }
    }
    let address =
        if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    (address, priority)
}

impl fmt::Display for RepoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RepoUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_cut_from_the_address_and_other_parameters_stay() {
        let repo: RepoUrl = "https://h/x/?a=1&priority=7&b=2".parse().unwrap();
        assert_eq!(repo.priority(), Some(7));
        assert_eq!(repo.target(), &RepoTarget::External("https://h/x/?a=1&b=2".into()));
        assert_eq!(repo.as_str(), "https://h/x/?a=1&priority=7&b=2");
    }

    #[test]
    fn copr_addresses_name_owner_and_directory() {
        let repo: RepoUrl = "copr://@devs/tools:custom:x".parse().unwrap();
        let RepoTarget::Copr(owner, dir) = repo.target() else { panic!("{repo:?}") };
        assert_eq!((owner.to_string(), dir.to_string()), ("@devs".into(), "tools:custom:x".into()));
        assert_eq!(repo.id(), "copr_devs_tools_custom_x");
    }

    #[test]
    fn other_schemes_and_half_addresses_are_refused() {
        for bad in ["", "ftp://h/x", "file:///etc", "copr://alice", "https://", "http:///x", "x y"]
        {
            assert!(bad.parse::<RepoUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn variables_of_copr_are_replaced_those_of_dnf_are_left() {
        let chroot = "centos-stream-9-x86_64".parse().unwrap();
        assert_eq!(
            expand("http://h/$chroot/$distname/$basearch", &chroot),
            "http://h/centos-stream-9-x86_64/centos-stream/$basearch"
        );
    }
}
