//! The settings: a TOML file, the environment, and the command line, in rising order.
//!
//! Every key has a default, so no file is needed. A key that does not exist is an error: a typing
//! mistake that silently does nothing is the worst kind of setting. [`keys::KEYS`] lists them all
//! with their words; the README is held against it.

mod base_url;
mod distgit;
mod keys;
mod layers;
mod size;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use base_url::BaseUrl;
pub use distgit::DistGit;
pub use keys::{KEYS, Key};
pub use size::Size;

/// Why there are no settings. The text names the key and the place where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not a TOML file: {error}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser said, with the line.
        error: String,
    },
    /// A key or its value is wrong.
    #[error("{place}: {why}")]
    Setting {
        /// The file, variable or option.
        place: String,
        /// A sentence that names the key.
        why: String,
    },
}

/// What the command line says about settings; the rest comes from file and environment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--base-url`.
    pub base_url: Option<String>,
}

/// The settings of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Address and port of the server.
    pub listen: SocketAddr,
    /// Where clients reach it.
    pub base_url: BaseUrl,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// How builds are run.
    pub runner: RunnerConfig,
    /// Where sources may come from.
    pub sources: SourcesConfig,
    /// What may be uploaded.
    pub uploads: UploadsConfig,
    /// API tokens.
    pub tokens: TokensConfig,
    /// What is removed by itself.
    pub cleanup: CleanupConfig,
    /// Where it is looked for something new to build.
    pub polling: PollingConfig,
    /// Package source repositories that projects may build from, by their names.
    pub distgit: BTreeMap<String, DistGit>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads the settings for this process: its environment, its user's home.
    pub fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let root = rustix::process::geteuid().is_root();
        layers::load(overrides, &environment, root)
    }

    /// The settings without file and environment, for a server in `data_dir`.
    pub fn in_data_dir(data_dir: &Path) -> Result<Config, ConfigError> {
        let overrides = Overrides { data_dir: Some(data_dir.to_owned()), ..Overrides::default() };
        layers::load(&overrides, &[], false)
    }

    /// The base address's host without the port, as it stands in repository ids.
    pub fn hostname(&self) -> &str {
        self.base_url.hostname()
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("coprbox.db")
    }
}

/// `[runner]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerConfig {
    /// How many builds run at once; 0 queues them and runs none.
    pub slots: u16,
    /// A command in front of each build command, which runs it elsewhere.
    pub launcher: Vec<String>,
    /// How long a build that is stopped may take to clean up before it is killed.
    #[serde(deserialize_with = "seconds")]
    pub grace: Duration,
    /// Where a build's log is cut off.
    pub max_log_size: Size,
    /// Builds wait while the file system has less free space than this.
    pub disk_reserve: Size,
    /// The unprivileged user that mock works for when the server runs as root.
    pub mock_user: Option<String>,
}

/// `[sources]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcesConfig {
    /// Loopback, link-local and private addresses may be targets of URLs and clones.
    pub allow_private_addresses: bool,
    /// `file://` addresses may be sources.
    pub allow_file_urls: bool,
    /// The largest file that is downloaded.
    pub max_size: Size,
    /// The chroot that pyp2spec, pyp2rpm and gem2rpm run in.
    pub generator_chroot: Option<String>,
}

/// `[uploads]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadsConfig {
    /// The largest request with a file.
    pub max_size: Size,
}

/// `[tokens]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// How many days a token is valid unless its maker says otherwise.
    pub days: u16,
}

/// `[cleanup]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanupConfig {
    /// Hours between two looks for what is to be removed; 0: never.
    pub interval: u16,
    /// How old results must be, in days, that newer ones have superseded.
    pub prune_days: u16,
    /// How many days packages of a chroot stay that the server no longer offers; 0: for ever.
    pub eol_days: u16,
}

impl CleanupConfig {
    /// The pause between two looks; `None` where nobody is to look.
    pub fn pause(&self) -> Option<Duration> {
        (self.interval > 0).then(|| Duration::from_hours(self.interval.into()))
    }

    /// How old superseded results must be.
    pub fn superseded(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.prune_days))
    }

    /// How long packages stay whose chroot is no longer offered; `None`: for ever.
    pub fn retired_chroots(&self) -> Option<Duration> {
        (self.eol_days > 0).then(|| Duration::from_hours(24 * u64::from(self.eol_days)))
    }
}

/// `[polling]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollingConfig {
    /// Minutes between two looks at the same package; 0: never.
    pub interval: u32,
    /// Where PyPI is.
    pub pypi: String,
    /// Where RubyGems is.
    pub rubygems: String,
}

impl PollingConfig {
    /// The pause between two looks at the same package; `None` where nobody is to look.
    pub fn pause(&self) -> Option<Duration> {
        (self.interval > 0).then(|| Duration::from_mins(self.interval.into()))
    }
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|seconds| Duration::from_secs(seconds.into()))
}
