//! Texts that end up as arguments and paths of other programs: checked where they enter.
//!
//! None of them can be taken for an option, none leaves the directory it is meant for, none holds
//! a blank or a control character.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::repo_url::RepoUrl;
use crate::model::{ChrootName, PackageName};

/// Why a text was refused; the sentence goes on after the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' {why}")]
pub struct TextError {
    given: String,
    why: &'static str,
}

pub(super) fn refuse<T>(given: &str, why: &'static str) -> Result<T, TextError> {
    Err(TextError { given: given.chars().take(200).collect(), why })
}

/// What no argument may be: empty, endless, an option, or of several words.
pub(super) fn check_argument(text: &str, longest: usize) -> Result<(), TextError> {
    if text.is_empty() {
        return refuse(text, "must not be empty");
    }
    if text.len() > longest {
        return refuse(text, "is too long");
    }
    if text.starts_with('-') {
        return refuse(text, "must not begin with a dash");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refuse(text, "must not contain blanks or control characters");
    }
    Ok(())
}

/// `Deserialize` by parsing a text.
macro_rules! from_text {
    ($($type:ident),+ $(,)?) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($check:path)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<$name, TextError> {
                $check(text)?;
                Ok($name(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        from_text!($name);
    )+};
}

from_text!(ChrootName, PackageName, RepoUrl);

texts! {
    /// A branch, a tag or a commit; for Subversion, a revision.
    Committish(check_committish),
    /// A place below a directory: no way leads out of it. A slash in front means nothing.
    SubPath(check_path),
    /// The place of a spec file below a directory.
    SpecPath(check_spec),
    /// What stands before a package's name in a dist-git: `rpms`, `forks/alice`, `@group/project`.
    Namespace(check_namespace),
    /// A project's name on PyPI.
    PyPiName(check_pypi_name),
    /// A version as PyPI writes it.
    PyPiVersion(check_version),
    /// A version of Python: `3`, `3.9`.
    PythonVersion(check_python),
    /// A gem's name.
    GemName(check_gem_name),
}

fn check_committish(text: &str) -> Result<(), TextError> {
    check_argument(text, 250)?;
    // Git refuses these in names of branches and tags; they are how one writes to another ref.
    if text.starts_with('+') || text.contains([':', '~', '^', '?', '*', '[', '\\']) {
        return refuse(text, "is not the name of a branch, a tag or a commit");
    }
    Ok(())
}

fn check_path(text: &str) -> Result<(), TextError> {
    if text.is_empty() || text.len() > 1000 {
        return refuse(text, "must have 1 to 1000 characters");
    }
    if text.starts_with('-') {
        return refuse(text, "must not begin with a dash");
    }
    if text.chars().any(char::is_control) {
        return refuse(text, "must not contain control characters");
    }
    if text.split('/').any(|part| part == "..") {
        return refuse(text, "must not lead upwards");
    }
    Ok(())
}

fn check_spec(text: &str) -> Result<(), TextError> {
    check_path(text)?;
    if text.strip_suffix(".spec").is_none() {
        return refuse(text, "does not end with .spec, as RPM spec files do");
    }
    Ok(())
}

fn check_namespace(text: &str) -> Result<(), TextError> {
    check_argument(text, 200)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "._+@~/-".contains(c);
    if !text.chars().all(legal) || text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refuse(text, "is not a namespace: use names with slashes between them");
    }
    Ok(())
}

fn is_name(text: &str, more: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

fn check_pypi_name(text: &str) -> Result<(), TextError> {
    // The package is called python-NAME, and that has at most 100 characters.
    check_argument(text, 93)?;
    if is_name(text, "-_.") { Ok(()) } else { refuse(text, "is not the name of a PyPI project") }
}

fn check_version(text: &str) -> Result<(), TextError> {
    check_argument(text, 100)?;
    if is_name(text, "-_.!+") { Ok(()) } else { refuse(text, "is not a version") }
}

fn check_python(text: &str) -> Result<(), TextError> {
    let is_number = |part: &str| part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let good = match text.split_once('.') {
        None => matches!(text, "2" | "3"),
        Some((major, minor)) => matches!(major, "2" | "3") && !minor.is_empty() && is_number(minor),
    };
    if good { Ok(()) } else { refuse(text, "is not a valid choice for this field.") }
}

fn check_gem_name(text: &str) -> Result<(), TextError> {
    // The package is called rubygem-NAME.
    check_argument(text, 92)?;
    if is_name(text, "-_.") { Ok(()) } else { refuse(text, "is not the name of a gem") }
}

impl SubPath {
    /// Whether it leads nowhere else, like `.`.
    pub fn is_top(&self) -> bool {
        self.below().as_os_str().is_empty()
    }

    /// The path to go below a directory; empty for the directory itself.
    pub fn below(&self) -> PathBuf {
        below(&self.0)
    }
}

impl SpecPath {
    /// The path to go below a directory.
    pub fn below(&self) -> PathBuf {
        below(&self.0)
    }
}

fn below(text: &str) -> PathBuf {
    text.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
}

/// A text that may be left out or left empty; both mean the same, and clients see again which of
/// the two was given: `null`, `""`, or the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// Left out.
    #[default]
    Nothing,
    /// Given, and empty.
    Empty,
    /// Given.
    Text(T),
}

impl<T> Said<T> {
    /// The text, where there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Said::Text(text) => Some(text),
            Said::Nothing | Said::Empty => None,
        }
    }
}

impl<T: FromStr> FromStr for Said<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Said<T>, T::Err> {
        if text.is_empty() { Ok(Said::Empty) } else { text.parse().map(Said::Text) }
    }
}

impl<T: Serialize> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Said::Nothing => serializer.serialize_none(),
            Said::Empty => serializer.serialize_str(""),
            Said::Text(text) => text.serialize(serializer),
        }
    }
}

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Said<T>, D::Error> {
        match Option::<String>::deserialize(from)? {
            None => Ok(Said::Nothing),
            Some(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_option_is_no_ref() {
        for good in ["main", "v1.0", "refs/pull/7/head", "feature/x-y", "0a1b2c", "1234"] {
            assert!(good.parse::<Committish>().is_ok(), "{good}");
        }
        for bad in
            ["", "--upload-pack=touch /x", "-b", "a b", "a\nb", "a\0", "a:b", "+main", "main~1"]
        {
            assert!(bad.parse::<Committish>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_path_leads_out_of_its_directory() {
        let below = |text: &str| text.parse::<SubPath>().map(|path| path.below());
        assert_eq!(below("a/b"), Ok("a/b".into()));
        assert_eq!(below("/a//./b/"), Ok("a/b".into()));
        assert_eq!(below("."), Ok(PathBuf::new()));
        for bad in ["", "..", "a/../b", "/..", "-x", "a\0b", "a\nb"] {
            assert!(below(bad).is_err(), "{bad:?}");
        }
        assert!("dist/a.spec".parse::<SpecPath>().is_ok());
        assert!("../a.spec".parse::<SpecPath>().is_err() && "a.txt".parse::<SpecPath>().is_err());
    }

    #[test]
    fn names_of_other_places_keep_to_their_letters() {
        for good in ["rpms", "forks/alice", "@group/project"] {
            assert!(good.parse::<Namespace>().is_ok(), "{good}");
        }
        for bad in ["", "../x", "a//b", "/a", "a b", "-a", "a?b"] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
        assert!("zope.interface".parse::<PyPiName>().is_ok());
        assert!("a/b".parse::<PyPiName>().is_err() && "x".repeat(94).parse::<PyPiName>().is_err());
        assert!("1!2.0.post1+local".parse::<PyPiVersion>().is_ok());
        assert!("1;2".parse::<PyPiVersion>().is_err());
        assert!("a_b-c".parse::<GemName>().is_ok() && "x".repeat(93).parse::<GemName>().is_err());
        for good in ["2", "3", "3.9", "3.13"] {
            assert!(good.parse::<PythonVersion>().is_ok(), "{good}");
        }
        for bad in ["4", "", "3.", "3.x", "3.9.1", "39"] {
            assert!(bad.parse::<PythonVersion>().is_err(), "{bad}");
        }
    }
}
