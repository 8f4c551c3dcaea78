//! How file, environment and command line are laid over the defaults, and what is checked then.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rocket::figment::error::Kind;
use rocket::figment::providers::{Format, Toml};
use rocket::figment::value::{Dict, Map, Value};
use rocket::figment::{self, Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Deserializer};

use super::keys::{self, DEFAULTS, KEYS};
use super::{
    BaseUrl, CleanupConfig, Config, ConfigError, DistGit, Overrides, PollingConfig, RunnerConfig,
    SourcesConfig, TokensConfig, UploadsConfig,
};

/// The settings as they are written; what is worked out from other settings may be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(deserialize_with = "address")]
    listen: SocketAddr,
    base_url: Option<BaseUrl>,
    data_dir: Option<PathBuf>,
    runner: RunnerConfig,
    sources: SourcesConfig,
    uploads: UploadsConfig,
    tokens: TokensConfig,
    cleanup: CleanupConfig,
    polling: PollingConfig,
    distgit: BTreeMap<String, DistGit>,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        let why = format!("'{text}' is not an address with a port, as in 127.0.0.1:5000");
        serde::de::Error::custom(why)
    })
}

/// Settings from one place, which error messages name.
struct Layer {
    place: String,
    settings: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.place.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}

/// Reads the settings; `environment` and `root` are what the process finds itself in.
pub(super) fn load(
    overrides: &Overrides,
    environment: &[(String, String)],
    root: bool,
) -> Result<Config, ConfigError> {
    let variable = |name: &str| {
        let found = environment.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let file = config_file(overrides, variable, root);
    let mut layers = vec![Layer { place: "the defaults".to_owned(), settings: defaults()? }];
    if let Some(path) = &file {
        layers.push(read_file(path)?);
    }
    for (name, value) in environment {
        layers.extend(from_variable(name, value)?);
    }
    layers.extend(from_options(overrides));

    let figment = layers.into_iter().fold(Figment::new(), Figment::merge);
    let written: Written = figment.extract().map_err(|error| setting_error(&error))?;
    let problem = |key: &str, why: String| {
        let place = figment.find_metadata(key).map_or_else(String::new, |m| m.name.to_string());
        ConfigError::Setting { place, why }
    };
    check(&written).map_err(|(key, why)| problem(&key, why))?;
    let data_dir = match written.data_dir {
        Some(path) => path,
        None => default_data_dir(variable, root).ok_or_else(|| {
            let why = "neither HOME nor XDG_DATA_HOME is set, so there is no place for the data; \
                       use --data-dir";
            problem("data_dir", why.to_owned())
        })?,
    };
    let data_dir = std::path::absolute(&data_dir).map_err(|error| {
        problem("data_dir", format!("data_dir '{}': {error}", data_dir.display()))
    })?;
    Ok(Config {
        listen: written.listen,
        base_url: written.base_url.unwrap_or_else(|| BaseUrl::of(written.listen)),
        data_dir,
        runner: written.runner,
        sources: written.sources,
        uploads: written.uploads,
        tokens: written.tokens,
        cleanup: written.cleanup,
        polling: written.polling,
        distgit: written.distgit,
        file,
    })
}

/// The file to read. One that was asked for by name must be there; the usual ones may be missing.
fn config_file<'e>(
    overrides: &Overrides,
    variable: impl Fn(&str) -> Option<&'e str>,
    root: bool,
) -> Option<PathBuf> {
    if let Some(path) = overrides.config.clone() {
        return Some(path);
    }
    if let Some(path) = variable("COPRBOX_CONFIG") {
        return Some(PathBuf::from(path));
    }
    let usual = if root {
        PathBuf::from("/etc/coprbox.toml")
    } else if let Some(dir) = variable("XDG_CONFIG_HOME") {
        Path::new(dir).join("coprbox.toml")
    } else {
        Path::new(variable("HOME")?).join(".config/coprbox.toml")
    };
    usual.exists().then_some(usual)
}

fn default_data_dir<'e>(variable: impl Fn(&str) -> Option<&'e str>, root: bool) -> Option<PathBuf> {
    if root {
        return Some(PathBuf::from("/var/lib/coprbox"));
    }
    match variable("XDG_DATA_HOME") {
        Some(dir) => Some(Path::new(dir).join("coprbox")),
        None => Some(Path::new(variable("HOME")?).join(".local/share/coprbox")),
    }
}

fn defaults() -> Result<Dict, ConfigError> {
    parse(Path::new("the defaults"), DEFAULTS)
}

fn read_file(path: &Path) -> Result<Layer, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    Ok(Layer { place: path.display().to_string(), settings: parse(path, &text)? })
}

fn parse(path: &Path, text: &str) -> Result<Dict, ConfigError> {
    Toml::from_str(text).map_err(|error: <Toml as Format>::Error| ConfigError::Syntax {
        path: path.to_owned(),
        error: error.to_string().trim_end().to_owned(),
    })
}

/// Variables of the program's own that set no key.
const OTHER_VARIABLES: [&str; 3] = ["COPRBOX_CONFIG", "COPRBOX_JOB", "COPRBOX_LOG"];

/// The layer of one variable. An unknown one is an error in a section of ours, else only
/// mentioned: container platforms set `COPRBOX_PORT` and the like for a service of that name.
fn from_variable(name: &str, value: &str) -> Result<Option<Layer>, ConfigError> {
    let Some(rest) = name.strip_prefix("COPRBOX_") else { return Ok(None) };
    if OTHER_VARIABLES.contains(&name) {
        return Ok(None);
    }
    let Some(key) = keys::of_variable(name) else {
        if is_in_our_section(rest) {
            let why = "there is no such setting; see 'coprbox serve --help'".to_owned();
            return Err(ConfigError::Setting { place: format!("the variable {name}"), why });
        }
        tracing::debug!("the variable {name} is not a setting");
        return Ok(None);
    };
    let value = value.parse().unwrap_or_else(|never| match never {});
    Ok(Some(layer(format!("the variable {name}"), &key, value)))
}

/// Whether `RUNNER_SLOTZ` begins like one of our settings.
fn is_in_our_section(rest: &str) -> bool {
    let rest = rest.to_ascii_lowercase();
    let sections = KEYS.iter().filter_map(|key| key.name.split_once('.'));
    let begins =
        |section: &str| rest.strip_prefix(section).is_some_and(|rest| rest.starts_with('_'));
    sections.into_iter().any(|(section, _)| begins(section))
}

fn from_options(overrides: &Overrides) -> Vec<Layer> {
    let data_dir = overrides.data_dir.as_ref().map(|path| path.display().to_string());
    [
        ("--listen", "listen", overrides.listen.clone()),
        ("--base-url", "base_url", overrides.base_url.clone()),
        ("--data-dir", "data_dir", data_dir),
    ]
    .into_iter()
    .filter_map(|(option, key, value)| {
        Some(layer(format!("the option {option}"), key, Value::from(value?)))
    })
    .collect()
}

fn layer(place: String, key: &str, value: Value) -> Layer {
    let settings = key
        .rsplit('.')
        .fold(value, |value, part| Value::from(Dict::from([(part.to_owned(), value)])));
    Layer { place, settings: settings.into_dict().unwrap_or_default() }
}

fn setting_error(error: &figment::Error) -> ConfigError {
    let place = error.metadata.as_ref().map_or("the settings", |found| found.name.as_ref());
    let mut path = error.path.clone();
    let why = match &error.kind {
        Kind::UnknownField(field, known) => {
            if path.last() != Some(field) {
                path.push(field.clone());
            }
            format!("there is no key '{}' here; there are: {}", path.join("."), known.join(", "))
        }
        Kind::MissingField(field) => {
            path.push(field.to_string());
            format!("'{}' is missing", path.join("."))
        }
        kind if path.is_empty() => kind.to_string(),
        kind => format!("'{}': {kind}", path.join(".")),
    };
    ConfigError::Setting { place: place.to_owned(), why }
}

/// What types alone do not tell: the key, and the sentence.
fn check(written: &Written) -> Result<(), (String, String)> {
    let refuse = |key: &str, why: &str| Err((key.to_owned(), format!("'{key}' {why}")));
    if written.data_dir.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        return refuse("data_dir", "must not be empty");
    }
    if written.runner.slots > 1000 {
        return refuse("runner.slots", "must be at most 1000");
    }
    if written.runner.launcher.first().is_some_and(String::is_empty) {
        return refuse("runner.launcher", "must begin with a program");
    }
    if written.runner.max_log_size.0 < 1 << 16 {
        return refuse("runner.max_log_size", "must be at least 64 KiB");
    }
    if written.tokens.days == 0 {
        return refuse("tokens.days", "must be at least 1");
    }
    for (key, url) in
        [("polling.pypi", &written.polling.pypi), ("polling.rubygems", &written.polling.rubygems)]
    {
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return refuse(key, "must be an address with https:// or http://");
        }
    }
    for (name, distgit) in &written.distgit {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(plain) {
            return refuse(&format!("distgit.{name}"), "is not a name of letters and digits");
        }
        if !distgit.clone_url.contains("{pkgname}") {
            return refuse(&format!("distgit.{name}.clone_url"), "must contain {pkgname}");
        }
        let is_url = distgit.address("a", Some("b")).is_some_and(|url| url.contains("://"));
        if !is_url {
            return refuse(&format!("distgit.{name}.clone_url"), "must be an address with ://");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Size;

    fn with_file(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        let environment: Vec<(String, String)> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        load(&Overrides { config: Some(path), ..Overrides::default() }, &environment, true)
    }

    fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
        with_file(text, environment).unwrap_err().to_string()
    }

    #[test]
    fn without_a_word_there_is_a_server() {
        let config = with_file("", &[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:5000");
        assert_eq!(config.base_url.as_str(), "http://127.0.0.1:5000");
        assert_eq!(config.hostname(), "127.0.0.1");
        assert_eq!(config.data_dir, Path::new("/var/lib/coprbox"));
        assert_eq!(config.runner.slots, 2);
        assert_eq!(config.runner.grace, Duration::from_secs(10));
        assert_eq!(config.uploads.max_size, Size(16 << 30));
        assert_eq!(config.distgit["fedora"].default_namespace.as_deref(), Some(""));
    }

    #[test]
    fn the_command_line_beats_the_environment_beats_the_file() {
        let file = "data_dir = '/a'\n[runner]\nslots = 5\ngrace = 3";
        let config = with_file(file, &[("COPRBOX_RUNNER_SLOTS", "7")]).unwrap();
        assert_eq!((config.runner.slots, config.runner.grace.as_secs()), (7, 3));
        let environment = [("COPRBOX_DATA_DIR".to_owned(), "/b".to_owned())];
        let mut overrides = Overrides::default();
        let load = |overrides: &Overrides| load(overrides, &environment, true).unwrap();
        assert_eq!(load(&overrides).data_dir, Path::new("/b"));
        overrides.data_dir = Some("/c".into());
        overrides.listen = Some("0.0.0.0:80".to_owned());
        overrides.base_url = Some("https://copr.example.org/".to_owned());
        let config = load(&overrides);
        assert_eq!(config.data_dir, Path::new("/c"));
        assert_eq!(config.base_url.as_str(), "https://copr.example.org");
    }

    #[test]
    fn a_list_fits_into_a_variable() {
        let launcher = [("COPRBOX_RUNNER_LAUNCHER", r#"["srun", "-N1"]"#)];
        assert_eq!(with_file("", &launcher).unwrap().runner.launcher, ["srun", "-N1"]);
    }

    #[test]
    fn mistakes_name_the_key_and_the_place() {
        let unknown = refusal("[runner]\nslotz = 1", &[]);
        assert!(unknown.contains("c.toml: there is no key 'runner.slotz'"), "{unknown}");
        let kind = refusal("[runner]\nslots = 'many'", &[]);
        assert!(kind.contains("c.toml: 'runner.slots'"), "{kind}");
        let variable = refusal("", &[("COPRBOX_RUNNER_SLOTS", "-1")]);
        assert!(variable.contains("variable COPRBOX_RUNNER_SLOTS: 'runner.slots'"), "{variable}");
        let variable = refusal("", &[("COPRBOX_RUNNER_SLOTZ", "1")]);
        assert!(variable.contains("COPRBOX_RUNNER_SLOTZ"), "{variable}");
        let syntax = refusal("[runner", &[]);
        assert!(syntax.contains("c.toml is not a TOML file"), "{syntax}");
        let size = refusal("uploads.max_size = 'big'", &[]);
        assert!(size.contains("'uploads.max_size': 'big' is not a size"), "{size}");
        let days = refusal("tokens.days = 0", &[]);
        assert!(days.contains("c.toml: 'tokens.days' must be at least 1"), "{days}");
        let url = refusal("base_url = 'http://a/b'", &[]);
        assert!(url.contains("must not have a path"), "{url}");
        let distgit = refusal("distgit.x.lookaside = 'http://a'", &[]);
        assert!(distgit.contains("'distgit.x.clone_url' is missing"), "{distgit}");
        let missing = Overrides { config: Some("/no/such/file".into()), ..Overrides::default() };
        assert!(load(&missing, &[], true).unwrap_err().to_string().contains("/no/such/file"));
    }

    #[test]
    fn foreign_variables_are_left_alone() {
        assert!(with_file("", &[("COPRBOX_PORT", "tcp://1.2.3.4"), ("HOME", "/x")]).is_ok());
    }

    #[test]
    fn an_ordinary_user_has_the_data_at_home() {
        let home = [("HOME".to_owned(), "/home/a".to_owned())];
        let config = load(&Overrides::default(), &home, false).unwrap();
        assert_eq!(config.data_dir, Path::new("/home/a/.local/share/coprbox"));
        let xdg = [("XDG_DATA_HOME".to_owned(), "/d".to_owned())];
        let config = load(&Overrides::default(), &xdg, false).unwrap();
        assert_eq!(config.data_dir, Path::new("/d/coprbox"));
        assert!(load(&Overrides::default(), &[], false).is_err());
    }

    #[test]
    fn all_keys_are_listed() {
        let everything = KEYS.iter().map(|key| key.name.replace('*', "fedora"));
        for name in everything {
            let file = format!("{name} = {{ }}");
            let refusal = refusal(&file, &[]);
            assert!(!refusal.contains("there is no key"), "{refusal}");
        }
        let unknown = refusal("[runner]\nx = 1", &[]);
        let there_are = unknown.split_once("there are: ").unwrap().1.split(", ");
        for field in there_are {
            assert!(KEYS.iter().any(|key| key.name == format!("runner.{field}")), "{field}");
        }
    }
}
