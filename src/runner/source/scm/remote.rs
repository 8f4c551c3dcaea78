//! Addresses of repositories: how a program is held to the host that was checked.

use std::net::IpAddr;

use crate::config::SourcesConfig;
pub(super) use crate::model::source::without_password as shown;
use crate::model::source::{CloneScheme, CloneUrl};
use crate::runner::source::egress::{self, Unreachable};

/// Resolves and checks the host of a repository; `None` where the proxy does that for each
/// connection, or where nobody has to.
pub(super) async fn pin(
    url: &CloneUrl,
    sources: &SourcesConfig,
) -> Result<Option<IpAddr>, Unreachable> {
    let usual = match url.scheme() {
        CloneScheme::Https | CloneScheme::Http | CloneScheme::File => return Ok(None),
        CloneScheme::Git => 9418,
        CloneScheme::Ssh | CloneScheme::SvnSsh => 22,
        CloneScheme::Svn => 3690,
    };
    let port = url.port().unwrap_or(usual);
    let found = egress::resolve(url.host(), port, sources.allow_private_addresses).await?;
    Ok(found.first().map(std::net::SocketAddr::ip))
}

/// The address with the host's number in place of its name.
pub(super) fn with_host(url: &CloneUrl, ip: IpAddr) -> String {
    let scheme = if url.scheme() == CloneScheme::Svn { "svn" } else { "git" };
    let host = match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", url.path())
}

/// The host as it stands in addresses, with the port if there is one.
pub(super) fn authority(url: &CloneUrl) -> String {
    let host = url.host();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// What `.gitmodules` of the repository at this address means by `url`.
pub(super) fn relative(parent: &CloneUrl, url: &str) -> String {
    if !(url.starts_with("./") || url.starts_with("../")) {
        return url.to_owned();
    }
    let (mut base, mut rest) = (parent.as_str().trim_end_matches('/'), url);
    loop {
        if let Some(shorter) = rest.strip_prefix("./") {
            rest = shorter;
        } else if let Some(shorter) = rest.strip_prefix("../") {
            rest = shorter;
            let end = base.rfind(['/', ':']).unwrap_or(0);
            // What is left of `user@host:name` is its own beginning.
            let keep = if base[end..].starts_with(':') { end + 1 } else { end };
            base = &base[..keep];
        } else if base.ends_with(':') {
            return format!("{base}{rest}");
        } else {
            return format!("{base}/{rest}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> CloneUrl {
        text.parse().unwrap()
    }

    #[test]
    fn relative_submodules_are_beside_their_parent() {
        let parent = url("https://h/a/b.git");
        assert_eq!(relative(&parent, "../c.git"), "https://h/a/c.git");
        assert_eq!(relative(&parent, "./c"), "https://h/a/b.git/c");
        assert_eq!(relative(&parent, "../../c"), "https://h/c");
        assert_eq!(relative(&parent, "https://o/c"), "https://o/c");
        assert_eq!(relative(&url("git@h:a/b"), "../c"), "git@h:a/c");
        assert_eq!(relative(&url("git@h:b"), "../c"), "git@h:c");
        assert!(relative(&parent, "../../../../../etc").parse::<CloneUrl>().is_err());
    }

    #[test]
    fn a_pinned_address_keeps_port_and_path() {
        let svn = url("svn://h:99/x");
        assert_eq!(with_host(&svn, "1.2.3.4".parse().unwrap()), "svn://1.2.3.4:99/x");
        assert_eq!(with_host(&url("git://h/x"), "::1".parse().unwrap()), "git://[::1]/x");
        assert_eq!(authority(&url("git://[::1]:1/x")), "[::1]:1");
    }

    #[tokio::test]
    async fn hosts_at_private_addresses_are_not_pinned() {
        let mut sources = SourcesConfig {
            allow_private_addresses: false,
            allow_file_urls: false,
            max_size: crate::config::Size(1),
            generator_chroot: None,
        };
        let git = url("git://localhost/x");
        assert!(matches!(pin(&git, &sources).await, Err(Unreachable::Private(_))));
        sources.allow_private_addresses = true;
        assert!(pin(&git, &sources).await.unwrap().unwrap().is_loopback());
        assert_eq!(pin(&url("https://h/x"), &sources).await.unwrap(), None);
    }
}
