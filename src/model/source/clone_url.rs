//! Addresses of repositories with a history.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::text::{TextError, check_argument, refuse};

/// Where a repository is cloned from: `https`, `http`, `git`, `ssh`, `svn`, `svn+ssh` or `file`, or
/// `user@host:path` as git and scp have it. Never an option, never one of git's helpers (`ext::…`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct CloneUrl {
    text: String,
    scheme: CloneScheme,
    /// Where host and path stand in `text`.
    host: (usize, usize),
    port: Option<u16>,
    path: usize,
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloneScheme {
    /// `https://`.
    Https,
    /// `http://`.
    Http,
    /// `git://`.
    Git,
    /// `ssh://`, or `user@host:path`.
    Ssh,
    /// `svn://`.
    Svn,
    /// `svn+ssh://`.
    SvnSsh,
    /// `file:///`: this machine's disk. Only where the settings allow it.
    File,
}

impl CloneUrl {
    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How the repository is reached.
    pub fn scheme(&self) -> CloneScheme {
        self.scheme
    }

    /// The host, an IPv6 address without its brackets; empty for a file.
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// The port, where the address names one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// What follows host and port: `/group/name.git`, or `group/name.git` after `user@host:`.
    pub fn path(&self) -> &str {
        &self.text[self.path..]
    }

    /// The repository's own name: the end of the path, without `.git`.
    pub fn name(&self) -> &str {
        let path = self.path().trim_end_matches('/');
        let last = path.rsplit('/').next().unwrap_or(path);
        last.strip_suffix(".git").unwrap_or(last)
    }
}

const PROTOCOLS: &str = "is not the address of a repository: use https://, http://, git://, ssh://, svn://, \
     svn+ssh:// or user@host:path";

impl FromStr for CloneUrl {
    type Err = TextError;

    fn from_str(text: &str) -> Result<CloneUrl, TextError> {
        check_argument(text, 2000)?;
        if text.contains(['\\', '"', '\'', '`', '<', '>']) {
            return refuse(text, "contains a character that no address has");
        }
        match text.split_once("://") {
            Some((scheme, _)) => {
                let start = scheme.len() + "://".len();
                match scheme.to_ascii_lowercase().as_str() {
                    "https" => with_host(text, start, CloneScheme::Https),
                    "http" => with_host(text, start, CloneScheme::Http),
                    "git" => with_host(text, start, CloneScheme::Git),
                    "ssh" | "git+ssh" => with_host(text, start, CloneScheme::Ssh),
                    "svn" => with_host(text, start, CloneScheme::Svn),
                    "svn+ssh" => with_host(text, start, CloneScheme::SvnSsh),
                    "file" => of_file(text, start),
                    _ => refuse(text, PROTOCOLS),
                }
            }
            None => like_scp(text),
        }
    }
}

/// `scheme://[user[:password]@]host[:port][/path]`; the scheme ends at `start`.
fn with_host(text: &str, start: usize, scheme: CloneScheme) -> Result<CloneUrl, TextError> {
    let rest = &text[start..];
    let path = start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &text[start..path];
    let begin = start + authority.rfind('@').map_or(0, |at| at + 1);
    if begin > start && !is_user(&text[start..begin - 1], ":%") {
        return refuse(text, "has a user in it that is not one");
    }
    let (host, end) = host_at(text, begin, path)?;
    let port = match text[end..path].strip_prefix(':') {
        None if end == path => None,
        None => return refuse(text, "has no host in it"),
        Some("") => None,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 => Some(port),
            _ => return refuse(text, "has a port in it that is not one"),
        },
    };
    Ok(CloneUrl { text: text.to_owned(), scheme, host, port, path })
}

/// The host that begins at `begin` and ends before `limit`: its place, and where it is over.
fn host_at(text: &str, begin: usize, limit: usize) -> Result<((usize, usize), usize), TextError> {
    let rest = &text[begin..limit];
    if let Some(inner) = rest.strip_prefix('[') {
        let length = inner.find(']').unwrap_or(0);
        if inner[..length].parse::<std::net::Ipv6Addr>().is_err() {
            return refuse(text, "has an IPv6 address in it that is not one");
        }
        return Ok(((begin + 1, begin + 1 + length), begin + length + 2));
    }
    let host = rest.split(':').next().unwrap_or_default();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if host.is_empty() || host.starts_with(['-', '.']) || !host.bytes().all(legal) {
        return refuse(text, "has no host in it");
    }
    let end = begin + host.len();
    Ok(((begin, end), end))
}

fn is_user(text: &str, more: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~+!$&*,;=".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(|c| legal(c) || more.contains(c))
}

/// `file:///path`.
fn of_file(text: &str, start: usize) -> Result<CloneUrl, TextError> {
    if !text[start..].starts_with('/') {
        return refuse(text, "must have three slashes, as in file:///srv/git/name.git");
    }
    let scheme = CloneScheme::File;
    Ok(CloneUrl { text: text.to_owned(), scheme, host: (start, start), port: None, path: start })
}

/// `user@host:path`. Without the user it could be one of git's helpers.
fn like_scp(text: &str) -> Result<CloneUrl, TextError> {
    let Some((user, _)) = text.split_once('@').filter(|(user, _)| is_user(user, "")) else {
        return refuse(text, PROTOCOLS);
    };
    let (host, end) = host_at(text, user.len() + 1, text.len())?;
    let Some(path) = text[end..].strip_prefix(':') else { return refuse(text, PROTOCOLS) };
    if path.is_empty() || path.starts_with('-') {
        return refuse(text, "has no path in it");
    }
    let scheme = CloneScheme::Ssh;
    Ok(CloneUrl { text: text.to_owned(), scheme, host, port: None, path: end + 1 })
}

impl fmt::Display for CloneUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<CloneUrl> for String {
    fn from(url: CloneUrl) -> String {
        url.text
    }
}

impl<'de> Deserialize<'de> for CloneUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<CloneUrl, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_is_taken_apart() {
        use CloneScheme::{File, Git, Http, Https, Ssh, Svn, SvnSsh};
        for (text, scheme, host, port, path, name) in [
            ("https://h.test/g/n.git", Https, "h.test", None, "/g/n.git", "n"),
            ("http://localhost:3000/n/", Http, "localhost", Some(3000), "/n/", "n"),
            ("git://gitea/n", Git, "gitea", None, "/n", "n"),
            ("ssh://git@h:22/~u/n.git", Ssh, "h", Some(22), "/~u/n.git", "n"),
            ("git@h.test:g/n.git", Ssh, "h.test", None, "g/n.git", "n"),
            ("git@[::1]:n.git", Ssh, "::1", None, "n.git", "n"),
            ("https://u:p%20@[2001:db8::1]:8443/n", Https, "2001:db8::1", Some(8443), "/n", "n"),
            ("svn://h/repo/trunk", Svn, "h", None, "/repo/trunk", "trunk"),
            ("svn+ssh://h/repo", SvnSsh, "h", None, "/repo", "repo"),
            ("file:///srv/n.git", File, "", None, "/srv/n.git", "n"),
            ("https://h", Https, "h", None, "", ""),
        ] {
            let url: CloneUrl = text.parse().unwrap();
            assert_eq!(
                (url.scheme(), url.host(), url.port(), url.path(), url.name()),
                (scheme, host, port, path, name),
                "{text}"
            );
            assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn helpers_options_and_half_addresses_are_refused() {
        for bad in [
            "",
            "not a url",
            "ext::sh -c touch% /tmp/x",
            "ext::ssh",
            "fd::17",
            "ext::git@h:x",
            "foo::https://h/x",
            "--upload-pack=x",
            "-oProxyCommand=x@h:y",
            "ssh://-oProxyCommand=x/y",
            "git@-oProxyCommand=x:y",
            "ssh://-x@h/y",
            "git@h:-x",
            "git@h",
            "git@h/x:y",
            "host:path",
            "file:/etc",
            "file://etc",
            "/etc",
            "../x",
            "ftp://h/x",
            "https://",
            "https:///x",
            "https://h:x/y",
            "https://h:0/y",
            "https://h\n/y",
            "https://h/a b",
            "https://[x]/y",
            "https://[::1/y",
            "https://[::1]x/y",
            "https://a@b@/y",
            "https://h\\x/y",
        ] {
            assert!(bad.parse::<CloneUrl>().is_err(), "{bad}");
        }
    }
}
