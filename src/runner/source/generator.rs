//! Programs that write a spec file for something of another package manager: where they run, and
//! what it means when they cannot.
//!
//! They are at home in Fedora. Unless the settings name a chroot, the newest release of Fedora
//! that the server offers for this machine's architecture is tried, and then the chroot in which
//! the build makes its source packages anyway.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::SourceError;
use super::kitchen::{Kitchen, Recipe, reason};
use crate::model::build::Build;
use crate::model::source::SourceFile;
use crate::runner::builder::script::Ran;
use crate::runner::log::LiveLog;
use crate::runner::worker::{Bench, Stop};

/// Where a generator leaves what it makes.
const OUT: &str = "out";

/// A generator and what it is told.
pub(super) struct Generator {
    /// The program's name.
    pub(super) tool: &'static str,
    /// The host that it asks.
    pub(super) host: &'static str,
    /// Its arguments. It starts in the directory where its results belong.
    pub(super) words: Vec<String>,
    /// What a mark in its output means.
    pub(super) hints: &'static [(&'static str, &'static str)],
}

impl Generator {
    /// Runs it, and makes the source package if it has left only a spec file.
    pub(super) async fn make(
        &self,
        bench: &Bench<'_>,
        build: &Build,
        result_dir: &Path,
        log: &Arc<LiveLog>,
    ) -> Result<PathBuf, Stop> {
        let mut lacking = Vec::new();
        for (place, name) in bench.generator_chroots(build).await?.into_iter().enumerate() {
            let at = bench.generator_chroot(build, &name).await?;
            let kitchen = Kitchen::open_in(bench, build, result_dir, log, at)?;
            match kitchen.try_run(self.recipe(&kitchen, place)?).await? {
                Ok(ran) => return self.finish(&kitchen, &ran).await,
                Err(missing) => log.line(missing.to_string()),
            }
            lacking.push(name.to_string());
        }
        Err(SourceError::Srpm(format!(
            "{} is in none of the repositories of {}; add a repository that has it to one of \
             them, or have the server's administrator name a chroot that has it \
             (sources.generator_chroot)",
            self.tool,
            lacking.join(" and ")
        ))
        .into())
    }

    fn recipe(&self, kitchen: &Kitchen<'_>, place: usize) -> Result<Recipe, Stop> {
        let tree = kitchen.dir().join(format!("generator-{place}"));
        fs::create_dir(&tree)?;
        let program = format!("/usr/bin/{}", self.tool);
        let command = [program.clone()].into_iter().chain(self.words.iter().cloned());
        Ok(Recipe {
            tree,
            dir: OUT.to_owned(),
            out: OUT.to_owned(),
            makes_out: true,
            needs: vec![program],
            files: Vec::new(),
            env: Vec::new(),
            command: command.collect(),
        })
    }

    async fn finish(&self, kitchen: &Kitchen<'_>, ran: &Ran) -> Result<PathBuf, Stop> {
        if !ran.success() {
            return Err(self.explain(ran).into());
        }
        let only = |kind: SourceFile| {
            let of_kind = |file: &&PathBuf| SourceFile::of(&file.to_string_lossy()) == Some(kind);
            let mut found = ran.files.iter().filter(of_kind);
            found.next().filter(|_| found.next().is_none()).cloned()
        };
        if let Some(srpm) = only(SourceFile::Srpm) {
            return Ok(srpm);
        }
        if let Some(spec) = only(SourceFile::Spec) {
            return kitchen.pack(spec, kitchen.made()).await;
        }
        let why = format!("{} has left neither a spec file nor a source package", self.tool);
        Err(SourceError::Srpm(why).into())
    }

    /// What to make of a failure: whether it is the network's, or the author's.
    fn explain(&self, ran: &Ran) -> SourceError {
        let (tool, why) = (self.tool, reason(&ran.tail));
        if is_unreachable(&ran.tail) {
            // It may have asked others as well, such as whoever has the list of good licenses.
            let host = named_host(&ran.tail).unwrap_or(self.host);
            return SourceError::Download(format!(
                "{tool} cannot reach {host}; this server needs a way to it for such a build: {why}"
            ));
        }
        let hint = self.hints.iter().find(|(mark, _)| ran.tail.contains(mark));
        match hint {
            Some((mark, hint)) => {
                let line = ran.tail.lines().rfind(|line| line.contains(mark)).unwrap_or(&why);
                SourceError::Srpm(format!("{tool}: {hint}: {}", line.trim()))
            }
            None => SourceError::Srpm(format!("{tool} ended with code {}: {why}", ran.code)),
        }
    }
}

/// Whether a program has failed because nobody answered it.
fn is_unreachable(tail: &str) -> bool {
    [
        "ConnectionError",
        "Connection refused",
        "ProxyError",
        "NewConnectionError",
        "Max retries exceeded",
        "Name or service not known",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "Could not resolve host",
        "Failed to open TCP connection",
        "Unable to resolve",
        "Failed to connect to server",
        "timed out",
    ]
    .iter()
    .any(|mark| tail.contains(mark))
}

/// The host that Python's `requests` last says it was about: `…(host='pypi.org', port=443)`.
fn named_host(tail: &str) -> Option<&str> {
    let (_, rest) = tail.rsplit_once("(host='")?;
    let (host, _) = rest.split_once('\'')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    Some(host).filter(|host| !host.is_empty() && host.chars().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATOR: Generator = Generator {
        tool: "gem2rpm",
        host: "rubygems.org",
        words: Vec::new(),
        hints: &[("Empty tag: License", "the gem names no license")],
    };

    fn explained(tail: &str) -> String {
        let ran = Ran { code: 1, files: Vec::new(), tail: tail.to_owned() };
        GENERATOR.explain(&ran).to_string()
    }

    #[test]
    fn the_network_is_told_from_the_gem() {
        let away = explained("ERROR: Failed to open TCP connection to rubygems.org:443\n");
        assert!(away.starts_with("download failed: gem2rpm cannot reach rubygems.org"), "{away}");
        let other = "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='git.test', \
                     port=443): Max retries exceeded with url: /licenses.json\n";
        let other = explained(other);
        assert!(other.starts_with("download failed: gem2rpm cannot reach git.test; "), "{other}");
        let license = explained("error: Empty tag: License:\n");
        assert_eq!(
            license,
            "SRPM build error: gem2rpm: the gem names no license: error: Empty tag: License:"
        );
        let noisy = "ERROR  Failed and exiting:\nerror: Empty tag: License:\nINFO  failed.\n";
        assert_eq!(explained(noisy), license, "the line that the hint is about");
        let other = explained("no such gem\n");
        assert_eq!(other, "SRPM build error: gem2rpm ended with code 1: no such gem");
    }
}
