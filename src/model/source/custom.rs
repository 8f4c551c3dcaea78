//! `custom`: a user's script that makes the sources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::{Said, SubPath};
use crate::model::ChrootName;
use crate::model::name::NameError;
use crate::model::repo_url::RepoUrl;

/// A script, and what it runs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    /// The script, ending in a line break.
    pub script: String,
    /// The chroot it runs in.
    pub chroot: ScriptChroot,
    /// Packages installed for it; `None`: nothing was said.
    pub builddeps: Option<Vec<String>>,
    /// Where it leaves the sources, below the directory it starts in.
    #[serde(default)]
    pub resultdir: Said<SubPath>,
    /// Further repositories for the packages.
    #[serde(default)]
    pub repos: Vec<RepoUrl>,
    /// The directory below the upload area that holds a webhook's `hook_payload`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
}

/// The chroot that a script runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptChroot {
    /// This one.
    Exact(ChrootName),
    /// The newest release of Fedora that is offered for this architecture: `fedora-latest-x86_64`.
    /// A package keeps these words; a build has the chroot that they stood for.
    FedoraLatest(String),
}

const LATEST: &str = "fedora-latest-";

impl FromStr for ScriptChroot {
    type Err = NameError;

    fn from_str(text: &str) -> Result<ScriptChroot, NameError> {
        let name: ChrootName = text.parse()?;
        match text.strip_prefix(LATEST) {
            Some(arch) => Ok(ScriptChroot::FedoraLatest(arch.to_owned())),
            None => Ok(ScriptChroot::Exact(name)),
        }
    }
}

impl fmt::Display for ScriptChroot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScriptChroot::Exact(name) => name.fmt(f),
            ScriptChroot::FedoraLatest(arch) => write!(f, "{LATEST}{arch}"),
        }
    }
}

impl Serialize for ScriptChroot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScriptChroot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ScriptChroot, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
