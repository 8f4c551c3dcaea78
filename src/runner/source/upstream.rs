//! Whether there is something new upstream: where a branch is, which release is the newest.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::download::{DownloadError, Limits, download};
use super::scm::{Outfit, Trip, look};
use crate::config::Config;
use crate::model::JobId;
use crate::model::poll::{Content, Found};
use crate::model::source::Upstream;
use crate::process::JobMark;
use crate::repo::Layout;
use crate::runner::log::LiveLog;
use crate::runner::worker::Stop;

/// How long a look may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// The most that an index may say about one project; those with the longest histories need some
/// twenty.
const MOST: u64 = 64 << 20;

/// Why it cannot be told what there is.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The sentence is for the package's owner.
    #[error("{0}")]
    Failed(String),
    /// The token has fired.
    #[error("it was stopped")]
    Canceled,
    /// The server is to blame.
    #[error("{0}")]
    Fault(String),
}

impl From<Stop> for LookError {
    fn from(stop: Stop) -> LookError {
        match stop {
            Stop::Failed(why) => LookError::Failed(why),
            Stop::Canceled => LookError::Canceled,
            Stop::Fault(why) => LookError::Fault(why),
        }
    }
}

impl From<io::Error> for LookError {
    fn from(error: io::Error) -> LookError {
        LookError::Fault(error.to_string())
    }
}

impl From<DownloadError> for LookError {
    fn from(error: DownloadError) -> LookError {
        match error {
            DownloadError::Canceled => LookError::Canceled,
            other => LookError::Failed(other.to_string()),
        }
    }
}

/// The commit or the version that is newest upstream. `known` is the one that was found the last
/// time, into which nobody looks again; `key` is the package's own private key.
pub async fn newest(
    config: &Config,
    upstream: &Upstream,
    known: Option<&str>,
    key: Option<String>,
    cancel: &CancellationToken,
) -> Result<Found, LookError> {
    let layout = Layout::new(config.data_dir.clone(), config.base_url.clone());
    let work = layout.work();
    fs::create_dir_all(&work)?;
    let scratch = tempfile::Builder::new().prefix("poll-").tempdir_in(work)?;
    let dir = scratch.path();
    let at = match upstream {
        Upstream::Git { url, committish, below } => {
            let log = LiveLog::create(&dir.join("log"))?;
            let outfit = Outfit {
                sources: &config.sources,
                log: &log,
                cancel,
                // No job has this number: the mark says only which server's it is.
                mark: &JobMark::new(layout.data_dir(), JobId(0)),
                time: PATIENCE,
                key,
                known_hosts: layout.known_hosts(),
            };
            let trip = Trip::begin(outfit, dir.join("fetch")).await?;
            let committish = committish.as_ref();
            let at = look::commit(&trip, url, committish).await?;
            if let Some(dir) = below
                && known != Some(at.as_str())
            {
                return Ok(look::content(&trip, url, committish, dir, at).await?);
            }
            at
        }
        Upstream::PyPi(name) => {
            let url = format!("{}/pypi/{name}/json", base(&config.polling.pypi));
            let told: Project = ask(config, &url, dir, cancel).await?;
            stable(told.info.version, is_stable_python, name.as_str())?
        }
        Upstream::RubyGems(name) => {
            let url = format!("{}/api/v1/gems/{name}.json", base(&config.polling.rubygems));
            let told: Gem = ask(config, &url, dir, cancel).await?;
            stable(told.version, is_stable_gem, name.as_str())?
        }
    };
    Ok(Found { at, content: Content::Whole })
}

fn base(url: &str) -> &str {
    url.trim_end_matches('/')
}

/// What PyPI says of a project, as far as it matters.
#[derive(Deserialize)]
struct Project {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    /// The newest release that is stable, if there is any.
    version: String,
}

/// What RubyGems says of a gem.
#[derive(Deserialize)]
struct Gem {
    version: String,
}

async fn ask<T: serde::de::DeserializeOwned + Send + 'static>(
    config: &Config,
    url: &str,
    dir: &Path,
    cancel: &CancellationToken,
) -> Result<T, LookError> {
    let limits = Limits {
        private_addresses: config.sources.allow_private_addresses,
        max_size: MOST,
        time: PATIENCE,
    };
    let file = dir.join("answer");
    download(url, &file, limits, cancel).await?;
    let reading = tokio::task::spawn_blocking(move || {
        serde_json::from_reader(io::BufReader::new(fs::File::open(&file)?)).map_err(io::Error::from)
    });
    let read = reading.await.map_err(io::Error::other)?;
    read.map_err(|error| LookError::Failed(format!("{url} did not answer as expected: {error}")))
}

/// The version, if it is one that may be built.
fn stable(version: String, rule: fn(&str) -> bool, name: &str) -> Result<String, LookError> {
    if rule(&version) {
        return Ok(version);
    }
    Err(LookError::Failed(format!("{name} has no stable release, only {}", cut(&version))))
}

fn cut(version: &str) -> String {
    version.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Whether a version is none of `1.0a1`, `1.0rc1`, `1.0.dev3`, but perhaps `1.0.post1`.
fn is_stable_python(version: &str) -> bool {
    let public = version.split('+').next().unwrap_or_default().to_ascii_lowercase();
    let letters = |c: char| c.is_ascii_alphabetic();
    let words = public.split(|c| !letters(c)).filter(|word| !word.is_empty());
    is_version(&public) && words.into_iter().all(|word| matches!(word, "v" | "post" | "rev" | "r"))
}

/// Whether a gem's version is none of `1.0.rc1`, `2.0.0.pre`: these have letters.
fn is_stable_gem(version: &str) -> bool {
    is_version(version) && !version.contains(|c: char| c.is_ascii_alphabetic())
}

fn is_version(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || ".!-_".contains(c);
    text.len() <= 100 && text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stable_releases_count() {
        for good in ["1.0", "2024.1.1", "1!2.0", "1.0.post1", "1.0-r3", "v1.2", "1.0+local.abc"] {
            assert!(is_stable_python(good), "{good}");
        }
        for bad in ["1.0a1", "1.0rc1", "1.0.dev3", "1.0b2.post1", "1.0-alpha", "", "x", "1/../2"] {
            assert!(!is_stable_python(bad), "{bad}");
        }
        assert!(is_stable_gem("7.1.2") && is_stable_gem("1.0"));
        for bad in ["1.0.rc1", "2.0.0.pre", "", "1;2"] {
            assert!(!is_stable_gem(bad), "{bad}");
        }
        let error = stable("1.0a1".to_owned(), is_stable_python, "copr").unwrap_err();
        assert_eq!(error.to_string(), "copr has no stable release, only 1.0a1");
    }
}
