//! Packages.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{BuildView, package_source_dict};
use crate::model::build::Build;
use crate::model::project::Project;
use crate::model::{Owner, PackageName, ProjectName};
use crate::ops::App;
use crate::ops::packages::Shown;

/// A package.
#[derive(Serialize, ToSchema)]
#[schema(as = Package)]
pub(in crate::api) struct PackageView {
    id: i64,
    name: PackageName,
    ownername: Owner,
    projectname: ProjectName,
    source_type: &'static str,
    #[schema(value_type = Object)]
    source_dict: Value,
    auto_rebuild: bool,
    builds: Builds,
    // Copr keeps these to itself; a package about which nothing is said looks like one of Copr's.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_builds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    chroot_denylist: Vec<String>,
}

/// Both keys are there always; copr-cli gives up on a package without them.
#[derive(Serialize, ToSchema)]
#[schema(as = PackageBuilds)]
struct Builds {
    #[schema(required)]
    latest: Option<Box<BuildView>>,
    #[schema(required)]
    latest_succeeded: Option<Box<BuildView>>,
}

impl PackageView {
    pub(in crate::api) fn new(project: &Project, shown: Shown, app: &App) -> PackageView {
        let Shown { package, latest, latest_succeeded } = shown;
        let build =
            |build: Option<Box<Build>>| build.map(|build| Box::new(BuildView::new(*build, app)));
        PackageView {
            id: package.id.0,
            source_type: package.source.kind(),
            source_dict: package_source_dict(&package.source, app),
            name: package.name,
            ownername: project.owner.clone(),
            projectname: project.name.clone(),
            auto_rebuild: package.webhook_rebuild,
            max_builds: Some(package.max_builds).filter(|&most| most > 0),
            timeout: package.timeout,
            chroot_denylist: package.chroot_denylist,
            builds: Builds { latest: build(latest), latest_succeeded: build(latest_succeeded) },
        }
    }
}
