//! The address that clients use, which differs from `listen` behind a proxy.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// `http://host[:port]` or `https://host[:port]`, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why an address cannot be the server's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' cannot be base_url: {why}")]
pub struct BadBaseUrl {
    given: String,
    why: &'static str,
}

impl BaseUrl {
    /// What a server at `listen` is reached by when nothing else is said.
    pub(super) fn of(listen: SocketAddr) -> BaseUrl {
        if !listen.ip().is_unspecified() {
            return BaseUrl(format!("http://{listen}"));
        }
        // Every address of this machine: its name is the best guess.
        let system = rustix::system::uname();
        let name = system.nodename().to_str().unwrap_or_default();
        let guess = format!("http://{name}:{}", listen.port());
        guess.parse().unwrap_or_else(|_| BaseUrl(format!("http://localhost:{}", listen.port())))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach the server encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// The host without its port, and without the brackets of an IPv6 address.
    pub fn hostname(&self) -> &str {
        split_port(self.authority()).map_or("", |(host, _)| host)
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((host, None)),
            _ => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    fn from_str(text: &str) -> Result<BaseUrl, BadBaseUrl> {
        let refuse = |why| Err(BadBaseUrl { given: text.to_owned(), why });
        let trimmed = text.trim_end_matches('/');
        let Some((scheme @ ("http" | "https"), authority)) = trimmed.split_once("://") else {
            return refuse("it must begin with http:// or https://");
        };
        if authority.contains(['/', '?', '#']) {
            return refuse("it must not have a path; the server is at the root of its host");
        }
        if authority.contains('@') {
            return refuse("it must not hold a user name");
        }
        let Some((host, port)) = split_port(authority) else {
            return refuse("the host is not complete");
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return refuse("the port is not a number from 0 to 65535");
        }
        let is_v6 = authority.starts_with('[');
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if host.is_empty() || !host.bytes().all(|b| good(b) || (is_v6 && b == b':')) {
            return refuse("the host must be a name or an address");
        }
        Ok(BaseUrl(format!("{scheme}://{}", authority.to_ascii_lowercase())))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BaseUrl, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_path() {
        for (text, whole, host) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1"),
            ("https://Copr.Example.org/", "https://copr.example.org", "copr.example.org"),
            ("http://[::1]:80", "http://[::1]:80", "::1"),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.hostname()), (whole, host));
        }
        for bad in [
            "",
            "copr.example.org",
            "ftp://a",
            "http://",
            "http://a/b",
            "http://a b",
            "http://u@a",
            "http://a:port",
            "http://a:99999",
            "http://[::1",
            "http://a?x",
        ] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_address_is_not_an_address() {
        let url = BaseUrl::of("0.0.0.0:5000".parse().unwrap());
        assert!(!url.hostname().is_empty() && url.hostname() != "0.0.0.0", "{url}");
        assert!(url.as_str().ends_with(":5000"));
        assert_eq!(BaseUrl::of("[::1]:80".parse().unwrap()).as_str(), "http://[::1]:80");
    }
}
