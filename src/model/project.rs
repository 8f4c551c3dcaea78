//! Projects, and the chroots they are built in.

use super::chroot::Chroot;
use super::options::{Bootstrap, Isolation};
use super::repo_url::RepoUrl;
use super::{DirId, DirName, Owner, ProjectId, ProjectName, UserId};
use crate::clock::Timestamp;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its number, also in webhook addresses.
    pub id: ProjectId,
    /// Whose it is.
    pub owner: Owner,
    /// Its name, unique for the owner.
    pub name: ProjectName,
    /// Who made it.
    pub creator: UserId,
    /// When it was made.
    pub created_on: Timestamp,
    /// What its owner may change.
    pub settings: ProjectSettings,
    /// Builds and project cannot be deleted. Fixed at creation.
    pub persistent: bool,
    /// The fingerprint of its signing key, once that is made.
    pub key_fingerprint: Option<String>,
    /// The project that it was forked from, if it was and that is still there.
    pub forked_from: Option<ProjectId>,
    /// When a temporary project goes away.
    pub delete_after: Option<Timestamp>,
}

impl Project {
    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// What a project's owner may change; the fields of the API's create and edit calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSettings {
    /// Markdown.
    pub description: String,
    /// Markdown: how to install.
    pub instructions: String,
    /// A web address.
    pub homepage: Option<String>,
    /// A web or mail address.
    pub contact: Option<String>,
    /// Further repositories at build time.
    pub additional_repos: Vec<RepoUrl>,
    /// Further repositories that users of the packages need.
    pub runtime_dependencies: Vec<RepoUrl>,
    /// Left out of the home page.
    pub unlisted: bool,
    /// Builds have network access unless they say otherwise.
    pub enable_net: bool,
    /// Old builds are removed.
    pub auto_prune: bool,
    /// The owner decides when builds enter the repository (`devel_mode`).
    pub manual_createrepo: bool,
    /// The repository file of x86_64 also names the i386 repository.
    pub multilib: bool,
    /// Packages may replace those of modules.
    pub module_hotfixes: bool,
    /// Run fedora-review after each build.
    pub fedora_review: bool,
    /// Make AppStream metadata.
    pub appstream: bool,
    /// How build roots are bootstrapped.
    pub bootstrap: Bootstrap,
    /// What separates builds from the host.
    pub isolation: Isolation,
    /// New Fedora releases are enabled as they branch.
    pub follow_fedora_branching: bool,
    /// Forge projects that may build through Packit.
    pub packit_forge_projects_allowed: Vec<String>,
    /// `priority=` of the repository, 1 or more.
    pub repo_priority: Option<u32>,
}

impl Default for ProjectSettings {
    fn default() -> ProjectSettings {
        ProjectSettings {
            description: String::new(),
            instructions: String::new(),
            homepage: None,
            contact: None,
            additional_repos: Vec::new(),
            runtime_dependencies: Vec::new(),
            unlisted: false,
            enable_net: false,
            auto_prune: true,
            manual_createrepo: false,
            multilib: false,
            module_hotfixes: false,
            fedora_review: false,
            appstream: false,
            bootstrap: Bootstrap::Default,
            isolation: Isolation::Default,
            follow_fedora_branching: true,
            packit_forge_projects_allowed: Vec::new(),
            repo_priority: None,
        }
    }
}

/// A directory of a project in the results tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dir {
    /// Its number.
    pub id: DirId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name.
    pub name: DirName,
}

/// A chroot as one project uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectChroot {
    /// The server's chroot.
    pub chroot: Chroot,
    /// When its data go away; set once the project has switched it off.
    pub delete_after: Option<Timestamp>,
    /// When its data go away because the server no longer offers the chroot.
    pub retire_after: Option<Timestamp>,
    /// What differs from the project's settings.
    pub settings: ChrootSettings,
}

impl ProjectChroot {
    /// Whether builds go there and pages show it.
    pub fn is_enabled(&self) -> bool {
        self.delete_after.is_none()
    }

    /// When its data go away, for whatever reason.
    pub fn ends_on(&self) -> Option<Timestamp> {
        self.delete_after.or(self.retire_after)
    }
}

/// What a project changes in one of its chroots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChrootSettings {
    /// Further repositories at build time.
    pub additional_repos: Vec<RepoUrl>,
    /// Packages added to the build root.
    pub additional_packages: Vec<String>,
    /// Module streams to switch on, or with a leading `!` off.
    pub additional_modules: Vec<String>,
    /// `--with` options for rpmbuild.
    pub with_opts: Vec<String>,
    /// `--without` options for rpmbuild.
    pub without_opts: Vec<String>,
    /// How the build root is bootstrapped; `None`: as the project has it.
    pub bootstrap: Option<Bootstrap>,
    /// The image for [`Bootstrap::CustomImage`].
    pub bootstrap_image: Option<String>,
    /// What separates builds from the host; `None`: as the project has it.
    pub isolation: Option<Isolation>,
    /// The name of the uploaded comps file, when there is one.
    pub comps_name: Option<String>,
}

/// A comps file: which packages of a repository make up which group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comps {
    /// The file's name, as it was uploaded.
    pub name: String,
    /// Its content.
    pub text: String,
}
