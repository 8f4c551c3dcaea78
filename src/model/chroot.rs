//! The build environments that this server offers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ChrootId, ChrootName};

/// A chroot of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chroot {
    /// Its number; display order.
    pub id: ChrootId,
    /// Its name.
    pub name: ChrootName,
    /// How builds are run in it.
    pub recipe: ChrootRecipe,
    /// What the admin says about it; shown where a chroot is chosen.
    pub comment: String,
    /// Only active ones can be chosen and built in.
    pub active: bool,
}

/// Who makes the chroot, and out of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "builder", rename_all = "snake_case")]
pub enum ChrootRecipe {
    /// `mock`, with a configuration file of its own.
    Mock {
        /// The file, usually `/etc/mock/<chroot>.cfg`.
        config: PathBuf,
    },
    /// The embedded builder: dnf and bubblewrap.
    Sandbox {
        /// Base repositories, `http(s)://` or `file://`.
        repos: Vec<String>,
        /// What makes up the build root, as arguments to `dnf install`.
        install: Vec<String>,
    },
}

impl ChrootRecipe {
    /// What a build root of the sandbox holds unless the admin says otherwise: the group that
    /// Fedora's, EPEL's and CentOS's repositories define for this purpose.
    pub const DEFAULT_INSTALL: &str = "@buildsys-build";

    /// The builder's name, as pages and logs show it.
    pub fn builder(&self) -> &'static str {
        match self {
            ChrootRecipe::Mock { .. } => "mock",
            ChrootRecipe::Sandbox { .. } => "sandbox",
        }
    }
}
