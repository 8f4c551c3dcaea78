//! Projects and their chroots.

use serde::Serialize;
use utoipa::ToSchema;

use super::Pairs;
use crate::model::build_config::{BuildConfig, BuildRepo};
use crate::model::options::{Bootstrap, Isolation};
use crate::model::project::{Project, ProjectChroot};
use crate::model::repo_url::RepoUrl;
use crate::model::{DirName, Owner, ProjectName};
use crate::ops::install::days_until;
use crate::ops::projects::Shown;
use crate::repo::Layout;

/// A project.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
pub(in crate::api) struct ProjectView {
    id: i64,
    name: ProjectName,
    ownername: Owner,
    full_name: String,
    #[schema(required)]
    homepage: Option<String>,
    #[schema(required)]
    contact: Option<String>,
    description: String,
    instructions: String,
    devel_mode: bool,
    persistent: bool,
    unlisted_on_hp: bool,
    auto_prune: bool,
    #[schema(value_type = BTreeMap<String, String>)]
    chroot_repos: Pairs<String>,
    additional_repos: Vec<RepoUrl>,
    enable_net: bool,
    bootstrap: Bootstrap,
    isolation: Isolation,
    module_hotfixes: bool,
    appstream: bool,
    packit_forge_projects_allowed: Vec<String>,
    follow_fedora_branching: bool,
    #[schema(required)]
    repo_priority: Option<u32>,
    storage: &'static str,
}

impl ProjectView {
    pub(in crate::api) fn new(shown: Shown, layout: &Layout) -> ProjectView {
        let Shown { project, chroots } = shown;
        let dir = DirName::main(project.name.clone());
        let repos = chroots
            .iter()
            .map(|chroot| (chroot.to_string(), layout.chroot_url(&project.owner, &dir, chroot)));
        let chroot_repos = Pairs(repos.collect());
        let full_name = project.full_name();
        let settings = project.settings;
        ProjectView {
            id: project.id.0,
            name: project.name,
            ownername: project.owner,
            full_name,
            homepage: settings.homepage,
            contact: settings.contact,
            description: settings.description,
            instructions: settings.instructions,
            devel_mode: settings.manual_createrepo,
            persistent: project.persistent,
            unlisted_on_hp: settings.unlisted,
            auto_prune: settings.auto_prune,
            chroot_repos,
            additional_repos: settings.additional_repos,
            enable_net: settings.enable_net,
            bootstrap: settings.bootstrap,
            isolation: settings.isolation,
            module_hotfixes: settings.module_hotfixes,
            appstream: settings.appstream,
            packit_forge_projects_allowed: settings.packit_forge_projects_allowed,
            follow_fedora_branching: settings.follow_fedora_branching,
            repo_priority: settings.repo_priority,
            storage: "backend",
        }
    }
}

/// A chroot of a project.
#[derive(Serialize, ToSchema)]
#[schema(as = ProjectChroot)]
pub(in crate::api) struct ProjectChrootView {
    mock_chroot: String,
    ownername: Owner,
    projectname: ProjectName,
    #[schema(required)]
    comps_name: Option<String>,
    additional_repos: Vec<RepoUrl>,
    additional_packages: Vec<String>,
    additional_modules: Vec<String>,
    with_opts: Vec<String>,
    without_opts: Vec<String>,
    #[schema(required)]
    delete_after_days: Option<i64>,
    isolation: &'static str,
}

impl ProjectChrootView {
    pub(in crate::api) fn new(project: Project, used: ProjectChroot) -> ProjectChrootView {
        let delete_after_days = used.ends_on().map(days_until);
        let settings = used.settings;
        ProjectChrootView {
            mock_chroot: used.chroot.name.to_string(),
            ownername: project.owner,
            projectname: project.name,
            comps_name: settings.comps_name,
            additional_repos: settings.additional_repos,
            additional_packages: settings.additional_packages,
            additional_modules: settings.additional_modules,
            with_opts: settings.with_opts,
            without_opts: settings.without_opts,
            delete_after_days,
            isolation: settings.isolation.map_or("unchanged", Isolation::as_str),
        }
    }
}

/// What builds in a chroot of a project are configured with; `copr-cli mock-config` makes a file
/// of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ProjectChrootConfig)]
pub(in crate::api) struct ProjectConfig {
    chroot: String,
    repos: Vec<BuildRepo>,
    additional_repos: Vec<String>,
    additional_packages: Vec<String>,
    additional_modules: Vec<String>,
    enable_net: bool,
    with_opts: Vec<String>,
    without_opts: Vec<String>,
    isolation: Isolation,
    #[serde(skip_serializing_if = "Option::is_none")]
    bootstrap: Option<Bootstrap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bootstrap_image: Option<String>,
}

impl From<BuildConfig> for ProjectConfig {
    fn from(config: BuildConfig) -> ProjectConfig {
        ProjectConfig {
            chroot: config.chroot.to_string(),
            repos: config.repos,
            additional_repos: config.additional_repos,
            additional_packages: config.additional_packages,
            additional_modules: config.additional_modules,
            enable_net: config.enable_net,
            with_opts: config.with_opts,
            without_opts: config.without_opts,
            isolation: config.isolation,
            bootstrap: Some(config.bootstrap).filter(|&word| word != Bootstrap::Default),
            bootstrap_image: config.bootstrap_image,
        }
    }
}
