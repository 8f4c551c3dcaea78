//! `distgit`: a distribution's own package repository, with its sources in a lookaside cache.

use serde::{Deserialize, Serialize};

use super::clone_url::CloneUrl;
use super::text::{Committish, Namespace};
use crate::model::PackageName;

/// A package in one of the dist-gits that the settings name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistGit {
    /// The dist-git, by its name in the settings.
    pub instance: String,
    /// The package.
    pub package: PackageName,
    /// Whose copy of it, where the dist-git has namespaces; `None`: the usual one.
    pub namespace: Option<Namespace>,
    /// What is checked out; the repository's own default otherwise.
    pub committish: Option<Committish>,
    /// Where the repository is, as the settings had it when the request came.
    pub clone_url: CloneUrl,
}
