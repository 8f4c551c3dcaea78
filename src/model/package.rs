//! Packages: what a project builds, whatever the version.

use super::source::SourceSpec;
use super::{PackageId, PackageName, ProjectId};

/// A package of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its number.
    pub id: PackageId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The source package's name.
    pub name: PackageName,
    /// Where its sources come from unless a build says otherwise.
    pub source: SourceSpec,
    /// Webhooks rebuild it.
    pub webhook_rebuild: bool,
    /// The server looks by itself whether there is something new to build.
    pub poll: bool,
    /// How many builds are kept; 0 keeps all.
    pub max_builds: u32,
    /// Seconds one build may take; `None`: the server's default.
    pub timeout: Option<u32>,
    /// Chroots it is not built in: globs over chroot names.
    pub chroot_denylist: Vec<String>,
}

impl Package {
    /// A package as it is before anybody has said anything about it; its number comes later.
    pub fn new(project: ProjectId, name: PackageName, source: SourceSpec) -> Package {
        Package {
            id: PackageId(0),
            project,
            name,
            source,
            webhook_rebuild: false,
            poll: false,
            max_builds: 0,
            timeout: None,
            chroot_denylist: Vec::new(),
        }
    }
}
