//! `[distgit.<name>]`: the package repositories of distributions.

use serde::Deserialize;

/// `[distgit.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistGit {
    /// Where a package is cloned from, with `{pkgname}` and perhaps `{namespace}`.
    pub clone_url: String,
    /// Where its source archives are, with `{pkgname}`, `{filename}`, `{hashtype}` and `{hash}`.
    pub lookaside: Option<String>,
    /// The namespace of a package that is named without one; empty where the address is right
    /// without.
    pub default_namespace: Option<String>,
    /// Lower numbers are offered first.
    #[serde(default = "middle_priority")]
    pub priority: u16,
}

fn middle_priority() -> u16 {
    50
}

const NAMESPACE: &str = "{namespace}";

impl DistGit {
    /// The address to clone a package from; `None` when it takes a namespace that nobody gave.
    ///
    /// A namespace that ends with what the address has after it anyway is not doubled: both
    /// `forks/alice` and `forks/alice/rpms` fit `{namespace}/rpms/{pkgname}`.
    pub fn address(&self, package: &str, namespace: Option<&str>) -> Option<String> {
        let namespace = namespace.or(self.default_namespace.as_deref());
        if self.clone_url.contains(NAMESPACE) && namespace.is_none() {
            return None;
        }
        let namespace = namespace.unwrap_or_default().trim_matches('/');
        let rest = self.clone_url.split_once(NAMESPACE).map_or("", |(_, rest)| rest);
        let next = rest.strip_prefix('/').and_then(|rest| rest.split('/').next());
        let shorter = next
            .filter(|next| !next.contains('{'))
            .and_then(|next| namespace.strip_suffix(next))
            .filter(|shorter| shorter.is_empty() || shorter.ends_with('/'));
        let full = self
            .clone_url
            .replace(NAMESPACE, shorter.unwrap_or(namespace))
            .replace("{pkgname}", package);
        Some(without_double_slashes(&full))
    }
}

/// An empty namespace leaves two slashes behind.
fn without_double_slashes(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut clean = String::with_capacity(url.len());
    if !scheme.is_empty() {
        clean.push_str(scheme);
        clean.push_str("://");
    }
    for c in rest.chars() {
        // A path on this machine begins with the third slash of file:///.
        let is_second = c == '/' && clean.ends_with('/') && !clean.ends_with("://");
        if !is_second {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(clone_url: &str, default: Option<&str>, namespace: Option<&str>) -> Option<String> {
        let distgit = DistGit {
            clone_url: clone_url.to_owned(),
            lookaside: None,
            default_namespace: default.map(str::to_owned),
            priority: 50,
        };
        distgit.address("hello", namespace)
    }

    #[test]
    fn an_address_takes_its_namespace_once() {
        let fedora = "https://h/{namespace}/rpms/{pkgname}";
        for (namespace, expected) in [
            (None, "https://h/rpms/hello"),
            (Some("rpms"), "https://h/rpms/hello"),
            (Some("forks/bob"), "https://h/forks/bob/rpms/hello"),
            (Some("forks/bob/rpms"), "https://h/forks/bob/rpms/hello"),
            (Some("xrpms"), "https://h/xrpms/rpms/hello"),
        ] {
            assert_eq!(address(fedora, Some(""), namespace).as_deref(), Some(expected));
        }
        let copr = "https://h/git/{namespace}/{pkgname}";
        assert_eq!(address(copr, None, None), None);
        let ours = address(copr, None, Some("@g/p"));
        assert_eq!(ours.as_deref(), Some("https://h/git/@g/p/hello"));
        let plain = address("file:///srv//git/{pkgname}.git", None, Some("x"));
        assert_eq!(plain.as_deref(), Some("file:///srv/git/hello.git"));
    }
}
