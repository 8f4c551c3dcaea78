//! The copr configuration file, `~/.config/copr`, as copr-cli reads it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::config::BaseUrl;
use crate::model::UserName;

/// The section that counts.
const SECTION: &str = "copr-cli";

/// Why a configuration file cannot be used; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file.
    #[error(
        "there is no copr configuration file {}: 'coprbox token new USER' on the server prints \
         one to put there. Or say which server you mean, on the command line with --url", .0.display()
    )]
    Missing(PathBuf),
    /// There is no place to look for it.
    #[error("neither COPR_CONFIG nor HOME says where the copr configuration file is")]
    Nowhere,
    /// It is there, but cannot be read.
    #[error("cannot read the copr configuration file {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What it says makes no sense.
    #[error("the copr configuration file {}: {why}", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what should be there.
        why: String,
    },
}

/// A server, and who somebody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoprConfig {
    /// `copr_url`: the server's address.
    pub url: BaseUrl,
    /// `username`: the user.
    pub username: Option<UserName>,
    /// `login` and `token`: the two halves of an API token.
    pub token: Option<(String, String)>,
}

impl CoprConfig {
    /// Where the file is: `$COPR_CONFIG`, else `~/.config/copr`.
    pub fn default_path() -> Result<PathBuf, ConfigError> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = set("COPR_CONFIG") {
            return Ok(path.into());
        }
        set("HOME").map(|home| Path::new(&home).join(".config/copr")).ok_or(ConfigError::Nowhere)
    }

    /// Reads a file.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("copr");
    /// use coprbox::client::CoprConfig;
    ///
    /// std::fs::write(&path, "[copr-cli]\nusername = fedorian\ncopr_url = https://copr.example.org\n")?;
    /// let config = CoprConfig::read(&path)?;
    /// assert_eq!(config.url.as_str(), "https://copr.example.org");
    ///
    /// std::fs::write(&path, "[copr-cli]\n")?;
    /// let error = CoprConfig::read(&path).unwrap_err();
    /// assert!(error.to_string().contains("copr_url"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: &Path) -> Result<CoprConfig, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
            _ => ConfigError::Unreadable { path: path.to_owned(), error },
        })?;
        parse(&text).map_err(|why| ConfigError::Wrong { path: path.to_owned(), why })
    }
}

fn parse(text: &str) -> Result<CoprConfig, String> {
    let mut values = section(text)?;
    let url = values.remove("copr_url").ok_or("copr_url, the server's address, is missing")?;
    let url = url.parse().map_err(|_| {
        format!("copr_url is '{url}'; it must be http://HOST[:PORT] or https://HOST[:PORT]")
    })?;
    let username = match values.remove("username") {
        Some(name) => Some(name.parse().map_err(|error| format!("{error}"))?),
        None => None,
    };
    let token = match (values.remove("login"), values.remove("token")) {
        (Some(login), Some(token)) => Some((login, token)),
        (None, None) => None,
        _ => return Err("login and token belong together, and one of them is missing".to_owned()),
    };
    Ok(CoprConfig { url, username, token })
}

/// The keys of our section that have a value. The form is Python's: `key = value` or `key: value`,
/// comments on lines of their own, keys in any case.
fn section(text: &str) -> Result<HashMap<String, String>, String> {
    let (mut values, mut is_ours, mut is_there) = (HashMap::new(), false, false);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_ours = name == SECTION;
            is_there |= is_ours;
            continue;
        }
        if !is_ours {
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else {
            return Err(format!("line {} is neither 'key = value' nor '[section]'", number + 1));
        };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        if !value.is_empty() {
            values.insert(key, value.to_owned());
        }
    }
    if is_there { Ok(values) } else { Err(format!("it has no section [{SECTION}]")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_token_new_prints_is_understood() {
        let text = "[copr-cli]\nlogin = Y29wcg==##abc\nusername = alice\ntoken = s:e=c\n\
                    copr_url = http://127.0.0.1:5000/\nencrypted = False\n\
                    # expiration date: 2030-01-01\n";
        let config = parse(text).unwrap();
        assert_eq!(config.url.as_str(), "http://127.0.0.1:5000");
        assert_eq!(config.username, Some("alice".parse().unwrap()));
        assert_eq!(config.token, Some(("Y29wcg==##abc".to_owned(), "s:e=c".to_owned())));
    }

    #[test]
    fn only_our_section_counts_and_its_keys_may_be_empty() {
        let text = "; mine\n[other]\ncopr_url = http://a\nnonsense\n[copr-cli]\nCOPR_URL: https://b\n\
                    login =\n";
        let config = parse(text).unwrap();
        assert_eq!(config.url.as_str(), "https://b");
        assert_eq!((config.username, config.token), (None, None));
    }

    #[test]
    fn every_mistake_has_a_sentence() {
        for (text, wanted) in [
            ("", "[copr-cli]"),
            ("copr_url = http://a", "[copr-cli]"),
            ("[copr-cli]\n", "copr_url"),
            ("[copr-cli]\ncopr_url = a", "http://HOST"),
            ("[copr-cli]\nnonsense", "line 2"),
            ("[copr-cli]\ncopr_url = http://a\nlogin = x", "belong together"),
            ("[copr-cli]\ncopr_url = http://a\nusername = a/b", "a/b"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(wanted), "{text:?}: {why}");
        }
    }
}
