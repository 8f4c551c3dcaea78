//! Lookaside caches: where dist-gits keep the archives that their `sources` files name.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::download::{self, DownloadError, Limits};
use super::error::SourceError;
use crate::config::DistGit;
use crate::process::Program;
use crate::runner::builder::BuildError;
use crate::runner::log::LiveLog;
use crate::runner::worker::Stop;

/// Kinds of checksums, with the length of their text.
const HASHES: [(&str, usize); 6] =
    [("md5", 32), ("sha1", 40), ("sha224", 56), ("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// A line of a `sources` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    kind: &'static str,
    hash: String,
    file: String,
}

/// A package in a dist-git, for the addresses of its archives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) instance: &'a DistGit,
    pub(super) package: &'a str,
    /// As the package was asked for, or as its instance has it.
    pub(super) namespace: &'a str,
}

/// What a download needs of its job.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) limits: Limits,
    pub(super) log: &'a LiveLog,
    pub(super) cancel: &'a CancellationToken,
}

/// Reads a `sources` file: `SHA512 (file) = hash`, or `hash  file` as it used to be.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, SourceError> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            entry(line).ok_or_else(|| {
                SourceError::Download(format!("the sources file has a line that is none: {line}"))
            })
        })
        .collect()
}

fn entry(line: &str) -> Option<Entry> {
    let (kind, file, hash) = if let Some((kind, rest)) = line.split_once(" (") {
        let (file, hash) = rest.rsplit_once(')')?;
        (Some(kind.to_ascii_lowercase()), file, hash.trim().strip_prefix('=')?.trim())
    } else {
        let (hash, file) = line.split_once(char::is_whitespace)?;
        (None, file.trim_start().trim_start_matches('*'), hash)
    };
    let (kind, _) = HASHES.iter().find(|(name, length)| {
        hash.len() == *length && kind.as_deref().is_none_or(|kind| kind == *name)
    })?;
    let is_file = !file.is_empty()
        && !file.starts_with(['.', '-'])
        && !file.contains(|c: char| c == '/' || c.is_control());
    let is_hash = hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_file && is_hash).then(|| Entry {
        kind,
        hash: hash.to_ascii_lowercase(),
        file: file.to_owned(),
    })
}

impl Place<'_> {
    /// Where an archive is.
    fn url(&self, entry: &Entry) -> Option<String> {
        let template = self.instance.lookaside.as_ref()?;
        Some(
            template
                .replace("{namespace}", unforked(self.namespace))
                .replace("{pkgname}", self.package)
                .replace("{hashtype}", entry.kind)
                .replace("{hash}", &entry.hash)
                .replace("{filename}", &encode(&entry.file)),
        )
    }

    /// Brings the archives of a `sources` file into a directory, and checks them.
    pub(super) async fn fetch(
        &self,
        entries: &[Entry],
        to: &Path,
        means: Means<'_>,
    ) -> Result<(), Stop> {
        let mut left = means.limits.max_size;
        for entry in entries {
            let Some(url) = self.url(entry) else {
                let why = "the sources file names archives, but this dist-git has no lookaside \
                           cache in the server's configuration";
                return Err(SourceError::Download(why.to_owned()).into());
            };
            let target = to.join(&entry.file);
            if target.exists() {
                // The repository's own copy is not what the file names.
                std::fs::remove_file(&target)?;
            }
            means.log.line(format!("downloading {url}"));
            let limits = Limits { max_size: left, ..means.limits };
            let got = download::download(&url, &target, limits, means.cancel).await;
            left = left.saturating_sub(got.map_err(stop)?);
            entry.check(target, means.cancel).await?;
        }
        Ok(())
    }
}

impl Entry {
    /// Whether a file is the one that was meant.
    async fn check(&self, file: PathBuf, cancel: &CancellationToken) -> Result<(), Stop> {
        // The old kinds of checksums are not worth a library of their own.
        let program = Program::new(format!("{}sum", self.kind)).arg("--").arg(&file);
        let summed = program.capture(cancel).await.map_err(BuildError::from)?;
        if cancel.is_cancelled() {
            return Err(Stop::Canceled);
        }
        let text = String::from_utf8_lossy(&summed.stdout);
        let sum = text.trim_start_matches('\\').split(' ').next().unwrap_or_default();
        if summed.exit.success() && sum == self.hash {
            return Ok(());
        }
        let (name, kind) = (&self.file, self.kind);
        let why = format!("{name} does not have the {kind} checksum that the sources file names");
        Err(SourceError::Download(why).into())
    }
}

fn stop(error: DownloadError) -> Stop {
    match error {
        DownloadError::Canceled => Stop::Canceled,
        DownloadError::Disk(_, error) => error.into(),
        other => SourceError::Download(other.to_string()).into(),
    }
}

/// A namespace without the fork in it: caches know only of what was forked.
fn unforked(namespace: &str) -> &str {
    match namespace.strip_prefix("forks/") {
        Some(rest) => rest.split_once('/').map_or("", |(_, rest)| rest),
        None => namespace,
    }
}

/// `name` as a part of an address.
fn encode(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~+@,=:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let (md5, sha512) = ("0".repeat(32), "A".repeat(128));
        let text = format!("{md5}  a-1.tar.gz\n\n# note\nSHA512 (b (x).tar) = {sha512}\n");
        let entries = parse(&text).unwrap();
        let of = |at: usize| (entries[at].kind, entries[at].file.as_str());
        assert_eq!([of(0), of(1)], [("md5", "a-1.tar.gz"), ("sha512", "b (x).tar")]);
        assert_eq!(entries[1].hash, "a".repeat(128));
    }

    #[test]
    fn lines_that_lead_elsewhere_are_refused() {
        let md5 = "0".repeat(32);
        for bad in [
            format!("{md5}  ../a"),
            format!("{md5}  .bashrc"),
            format!("{md5} -x"),
            format!("MD5 (/etc/passwd) = {md5}"),
            format!("SHA512 (a) = {md5}"),
            "nonsense".to_owned(),
            "0123  a".to_owned(),
        ] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_made_from_the_template() {
        let instance = |lookaside: &str| DistGit {
            clone_url: "https://h/{pkgname}".into(),
            lookaside: Some(lookaside.into()),
            default_namespace: None,
            priority: 1,
        };
        let entry = entry(&format!("MD5 (a b+1.tar) = {}", "0".repeat(32))).unwrap();
        let url = |template: &str, namespace| {
            let instance = instance(template);
            Place { instance: &instance, package: "pkg", namespace }.url(&entry).unwrap()
        };
        let new = "http://h/{namespace}/{pkgname}/{filename}/{hashtype}/{hash}/{filename}";
        assert_eq!(
            url(new, "forks/alice/rpms"),
            format!("http://h/rpms/pkg/a%20b+1.tar/md5/{}/a%20b+1.tar", "0".repeat(32))
        );
        assert_eq!([unforked("@g/p"), unforked("forks/a"), unforked("")], ["@g/p", "", ""]);
        let old = "http://h/{pkgname}/{filename}/{hash}/{filename}";
        assert_eq!(
            url(old, ""),
            format!("http://h/pkg/a%20b+1.tar/{}/a%20b+1.tar", "0".repeat(32))
        );
    }
}
