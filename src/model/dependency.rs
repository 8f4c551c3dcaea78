//! What packages of a project need of each other, by names alone: versions are dnf's business.

use std::collections::BTreeSet;

use super::{BuildState, PackageId};

/// What one package offers to others, and what it needs, as the headers of its files have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// What its binary packages provide, their own names among it.
    pub provides: BTreeSet<String>,
    /// What must be installed to build it.
    pub to_build: BTreeSet<String>,
    /// What must be installed along with its binary packages.
    pub to_run: BTreeSet<String>,
}

/// What a package needs another one for; at least one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// To be built.
    pub build: bool,
    /// To be run.
    pub run: bool,
}

/// One package needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The one that needs.
    pub from: PackageId,
    /// The one that is needed.
    pub to: PackageId,
    /// What for.
    pub purpose: Purpose,
}

/// A package among those that need each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number.
    pub id: PackageId,
    /// Its name.
    pub name: String,
    /// How its newest build in the main directory is doing.
    pub state: Option<BuildState>,
    /// What it needs is known: it was built since the server looks at that.
    pub is_known: bool,
}

/// A package that another one needs, or that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its number.
    pub id: PackageId,
    /// Its name.
    pub name: String,
    /// What for.
    pub purpose: Purpose,
}
