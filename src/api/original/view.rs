//! Today's projects, packages and builds in the original's words.

use crate::model::build::Build;
use crate::model::copr::{Copr, Permissions, Pkg, PkgBuild};
use crate::model::permission::{Grant, Permission, Role};
use crate::model::project::Project;
use crate::model::repo_url::RepoTarget;
use crate::ops::{App, packages, projects};

pub(super) fn copr(shown: projects::Shown, app: &App) -> Copr {
    let projects::Shown { project, chroots } = shown;
    let (mut dependencies, mut repos) = (Vec::new(), Vec::new());
    for repo in &project.settings.additional_repos {
        match repo.target() {
            RepoTarget::Copr(owner, dir) => dependencies.push(format!("{owner}/{dir}")),
            RepoTarget::External(_) => repos.push(repo.as_str().to_owned()),
        }
    }
    let url = format!("{}{}", app.config.base_url, page(&project));
    let full_name = project.full_name();
    let settings = project.settings;
    Copr {
        owner: project.owner.to_string(),
        name: project.name.to_string(),
        full_name,
        description: settings.description,
        instructions: settings.instructions,
        homepage: settings.homepage,
        contact: settings.contact,
        releases: chroots.iter().map(ToString::to_string).collect(),
        dependencies,
        repos,
        created_on: project.created_on,
        url,
    }
}

/// The path of a project's page.
fn page(project: &Project) -> String {
    format!("/coprs/{}/{}/", project.owner.web_path(), project.name)
}

pub(super) fn pkg(project: &Project, shown: packages::Shown, app: &App) -> Pkg {
    Pkg {
        name: shown.package.name.to_string(),
        copr: project.full_name(),
        version: shown.latest_succeeded.and_then(|build| build.version),
        build: shown.latest.map(|latest| build(project, *latest, app)),
    }
}

fn build(project: &Project, build: Build, app: &App) -> PkgBuild {
    PkgBuild {
        id: build.id.0,
        url: format!("{}{}build/{}/", app.config.base_url, page(project), build.id),
        version: build.version,
        state: build.state.to_string(),
        submitted_on: build.submitted_on,
    }
}

/// What a user has been given; what was only asked for is nothing yet.
pub(super) fn permissions(permission: &Permission) -> Permissions {
    let has = |role: &Role| permission.grant(*role) == Grant::Approved;
    Permissions {
        user: permission.user_name.to_string(),
        permissions: [Role::Builder, Role::Admin].into_iter().filter(has).collect(),
    }
}
