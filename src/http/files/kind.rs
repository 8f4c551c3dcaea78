//! What a file's name says about it: type, encoding, how long it may be kept.

use crate::http::cache::CachePolicy;

/// How a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) content_type: &'static str,
    /// Whether it goes out as the text that is packed in it.
    pub(super) unpacked: bool,
    /// Whether it may go out differently to another client.
    pub(super) varies: bool,
    pub(super) cache: CachePolicy,
}

const TEXT: &str = "text/plain; charset=utf-8";

/// What `name` is. `unpacks` tells whether the client shows packed text as text.
pub(super) fn of(name: &str, unpacks: bool) -> Kind {
    let packed_log = name.strip_suffix(".log.gz").is_some();
    let unpacked = packed_log && unpacks;
    Kind {
        content_type: if unpacked { TEXT } else { content_type(name) },
        unpacked,
        varies: packed_log,
        cache: cache(name),
    }
}

/// Whether a client wants `.log.gz` as text.
///
/// Browsers and HTTP libraries say that they take gzip, and unpack it. wget 1 does not say so;
/// wget 2 does, but would store `x.log.gz` unpacked under its packed name.
pub(super) fn unpacks(accept_encoding: Option<&str>, user_agent: Option<&str>) -> bool {
    let wget = user_agent.is_some_and(|agent| agent.starts_with("Wget"));
    !wget && accept_encoding.is_some_and(crate::http::compress::accepts_gzip)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("rpm" | "drpm") => "application/x-rpm",
        Some("xml") => "text/xml; charset=utf-8",
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        Some("gz" | "tgz") => "application/gzip",
        Some("zst") => "application/zstd",
        Some("xz") => "application/x-xz",
        Some("bz2") => "application/x-bzip2",
        Some("tar") => "application/x-tar",
        Some("zip") => "application/zip",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("zck" | "sqlite" | "solv" | "solvx") => "application/octet-stream",
        _ => TEXT,
    }
}

fn cache(name: &str) -> CachePolicy {
    if has_checksum(name) {
        return CachePolicy::Immutable;
    }
    // A package keeps its name when it is signed anew.
    let package = name.strip_suffix(".rpm").is_some();
    if package { CachePolicy::Day } else { CachePolicy::Revalidate }
}

/// Metadata files whose names begin with their checksum, as `createrepo_c` makes them.
fn has_checksum(name: &str) -> bool {
    name.split_once('-').is_some_and(|(checksum, _)| {
        checksum.len() >= 32 && checksum.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_copr() {
        for (name, content_type) in [
            ("a-1-1.noarch.rpm", "application/x-rpm"),
            ("repomd.xml", "text/xml; charset=utf-8"),
            ("configs.tar.gz", "application/gzip"),
            ("builder-live.log", TEXT),
            ("a.spec", TEXT),
            ("child.cfg", TEXT),
            ("success", TEXT),
            ("results.json", "application/json"),
        ] {
            assert_eq!(of(name, true).content_type, content_type, "{name}");
        }
    }

    #[test]
    fn packed_logs_are_text_for_those_who_unpack() {
        assert_eq!(of("build.log.gz", true).content_type, TEXT);
        assert!(of("build.log.gz", true).unpacked);
        assert_eq!(of("build.log.gz", false).content_type, "application/gzip");
        assert!(!of("primary.xml.gz", true).unpacked);
        assert!(unpacks(Some("gzip, deflate"), Some("Mozilla/5.0")));
        assert!(!unpacks(Some("identity"), Some("Wget/1.21")));
        assert!(!unpacks(Some("gzip, br"), Some("Wget/2.1")));
        assert!(!unpacks(None, None));
    }

    #[test]
    fn only_what_never_changes_is_kept_for_ever() {
        let hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(of(&format!("{hash}-primary.xml.gz"), true).cache, CachePolicy::Immutable);
        assert_eq!(of("repomd.xml", true).cache, CachePolicy::Revalidate);
        assert_eq!(of("repomd.xml.asc", true).cache, CachePolicy::Revalidate);
        assert_eq!(of("a-1-1.noarch.rpm", true).cache, CachePolicy::Day);
        assert_eq!(of("builder-live.log", true).cache, CachePolicy::Revalidate);
    }
}
