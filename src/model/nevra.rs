//! What identifies a built package: name, epoch, version, release, architecture.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A package's full identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Nevra {
    /// Name.
    pub name: String,
    /// Epoch; absent means 0 to rpm, and is shown as absent.
    #[schema(required)]
    pub epoch: Option<u32>,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
    /// Architecture; `src` for a source package.
    pub arch: String,
}

impl Nevra {
    /// `[epoch:]version-release`, the form of `source_package.version`.
    pub fn evr(&self) -> String {
        match self.epoch {
            Some(epoch) if epoch > 0 => format!("{epoch}:{}-{}", self.version, self.release),
            _ => format!("{}-{}", self.version, self.release),
        }
    }
}

impl fmt::Display for Nevra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", self.name, self.evr(), self.arch)
    }
}
