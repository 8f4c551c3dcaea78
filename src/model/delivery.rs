//! What arrives at the webhooks of projects.

use std::fmt;

use super::words::words;
use super::{BuildId, DeliveryId, PackageName};
use crate::clock::Timestamp;

words! {
    /// What sends to webhooks, or is the cause of a build without them.
    Forge, "github, gitlab, bitbucket, custom, poll" {
        /// GitHub, and what speaks as it does: Gitea, Forgejo.
        Github = "github",
        /// GitLab.
        Gitlab = "gitlab",
        /// Bitbucket.
        Bitbucket = "bitbucket",
        /// Anything.
        #[default]
        Custom = "custom",
        /// Nothing: the server has looked by itself.
        Poll = "poll",
    }
}

/// What a delivery says about itself; each text is cut to a length that fits a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// What sent it.
    pub forge: Forge,
    /// What happened there, in the forge's word.
    pub event: Option<String>,
    /// The forge's name for this delivery.
    pub delivery: Option<String>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    /// Who was at work there.
    pub sender: Option<String>,
}

/// Something that arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// What it says about itself.
    pub letter: Letter,
    /// The package that the address names.
    pub package: Option<String>,
    /// The directory that the address names.
    pub dir: Option<String>,
    /// The headers that may be shown.
    pub headers: Vec<(String, String)>,
    /// What came.
    pub payload: Vec<u8>,
    /// It came before, as this one.
    pub repeats: Option<DeliveryId>,
}

/// A delivery, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// When it came.
    pub received_on: Timestamp,
    /// What it says about itself.
    pub letter: Letter,
    /// The package that the address named.
    pub package: Option<String>,
    /// The directory that the address named.
    pub dir: Option<String>,
    /// How many bytes came.
    pub size: u32,
    /// It came before, as this one.
    pub repeats: Option<DeliveryId>,
    /// What was decided, a [`Line`] for each package that was looked at.
    pub outcome: String,
    /// The builds that were handed in.
    pub builds: Vec<BuildId>,
}

impl Delivery {
    /// What was decided.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.outcome.lines().map(Line::read)
    }
}

/// What came with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The headers that may be shown.
    pub headers: Vec<(String, String)>,
    /// The payload; `None` where it is too long to be kept.
    pub payload: Option<Vec<u8>>,
}

/// What was decided about one package, or about all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A package is built.
    Built {
        /// The package.
        package: String,
        /// The build.
        build: BuildId,
        /// Why, where that is not plain.
        why: String,
    },
    /// A package is not built.
    Left {
        /// The package.
        package: String,
        /// Why.
        why: String,
    },
    /// Something that is about no package.
    Words(String),
}

const BUILD: &str = "build ";
const LEFT: &str = "not built, ";

impl Line {
    /// A build, and nothing more to say.
    pub fn built(package: &PackageName, build: BuildId) -> Line {
        Line::Built { package: package.to_string(), build, why: String::new() }
    }

    /// A package that is not built.
    pub fn left(package: &PackageName, why: impl Into<String>) -> Line {
        Line::Left { package: package.to_string(), why: why.into() }
    }

    /// Reads what `Display` has written.
    pub fn read(text: &str) -> Line {
        let read = || {
            let (package, rest) = text.split_once(": ")?;
            package.parse::<PackageName>().ok()?;
            let package = package.to_owned();
            if let Some(why) = rest.strip_prefix(LEFT) {
                return Some(Line::Left { package, why: why.to_owned() });
            }
            let rest = rest.strip_prefix(BUILD)?;
            let (build, why) = rest.split_once(", ").unwrap_or((rest, ""));
            Some(Line::Built { package, build: build.parse().ok()?, why: why.to_owned() })
        };
        read().unwrap_or_else(|| Line::Words(text.to_owned()))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Built { package, build, why } if why.is_empty() => {
                write!(f, "{package}: {BUILD}{build}")
            }
            Line::Built { package, build, why } => write!(f, "{package}: {BUILD}{build}, {why}"),
            Line::Left { package, why } => write!(f, "{package}: {LEFT}{why}"),
            Line::Words(words) => f.write_str(words),
        }
    }
}

/// The most characters of a text about a delivery.
const LONGEST: usize = 200;

/// As much of what somebody sent as is kept.
pub fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Whether a header may be kept and shown: those in which forges speak of the event, without those
/// that prove something.
pub fn is_shown(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    let begins = ["x-github-", "x-gitlab-", "x-gitea-", "x-gogs-", "x-forgejo-", "x-hook-"];
    let plain = ["content-type", "user-agent", "x-event-key", "x-request-uuid", "x-attempt-number"];
    let proves = ["token", "signature", "secret", "auth", "cookie"];
    (plain.contains(&name.as_str()) || begins.iter().any(|begin| name.starts_with(begin)))
        && !proves.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let package = "my-pkg+1".parse().unwrap();
        let with_why =
            Line::Built { package: "a".to_owned(), build: BuildId(7), why: "x, y: z".to_owned() };
        for line in [
            Line::built(&package, BuildId(7)),
            with_why,
            Line::left(&package, "no file below a: b has changed"),
            Line::Words("no package is cloned from https://h/a".to_owned()),
            Line::Words("a: build me".to_owned()),
            Line::Words("and 7 more".to_owned()),
        ] {
            assert_eq!(Line::read(&line.to_string()), line);
        }
        assert_eq!(Line::built(&package, BuildId(7)).to_string(), "my-pkg+1: build 7");
    }

    #[test]
    fn what_proves_something_is_not_shown() {
        for good in ["Content-Type", "X-GitHub-Event", "X-Gitea-Delivery", "x-event-key"] {
            assert!(is_shown(good), "{good}");
        }
        for bad in
            ["X-Gitlab-Token", "X-Gitea-Signature", "Authorization", "Cookie", "X-Hub-Signature"]
        {
            assert!(!is_shown(bad), "{bad}");
        }
    }
}
