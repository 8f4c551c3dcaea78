//! Builds and their chroots.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{MEMORY_LIMIT, source_dict, upload_url};
use crate::clock::Timestamp;
use crate::model::build::{self, Build};
use crate::model::build_config::{BuildConfig, BuildRepo};
use crate::model::nevra::Nevra;
use crate::model::options::Bootstrap;
use crate::model::source::{SourceFile, SourceSpec};
use crate::model::{
    BuildState, ChrootName, ChrootState, DirName, Owner, PackageName, ProjectName, SourceState,
    UserName,
};
use crate::ops::App;
use crate::repo::Layout;

/// A build.
#[derive(Serialize, ToSchema)]
#[schema(as = Build)]
pub(in crate::api) struct BuildView {
    id: i64,
    state: BuildState,
    projectname: ProjectName,
    ownername: Owner,
    project_dirname: DirName,
    repo_url: String,
    source_package: SourcePackage,
    submitted_on: Timestamp,
    #[schema(required)]
    started_on: Option<Timestamp>,
    #[schema(required)]
    ended_on: Option<Timestamp>,
    #[schema(required)]
    submitter: Option<UserName>,
    chroots: Vec<ChrootName>,
    is_background: bool,
}

#[derive(Serialize, ToSchema)]
struct SourcePackage {
    #[schema(required)]
    name: Option<PackageName>,
    #[schema(required)]
    version: Option<String>,
    #[schema(required)]
    url: Option<String>,
}

impl BuildView {
    pub(in crate::api) fn new(build: Build, app: &App) -> BuildView {
        let layout = app.layout();
        let main = DirName::main(build.project.clone());
        let url = srpm_url(&build, &layout, app.config.base_url.as_str());
        BuildView {
            id: build.id.0,
            state: build.state,
            repo_url: layout.dir_url(&build.owner, &main),
            projectname: build.project,
            ownername: build.owner,
            project_dirname: build.dir,
            source_package: SourcePackage { name: build.package, version: build.version, url },
            submitted_on: build.submitted_on,
            started_on: build.started_on,
            ended_on: build.ended_on,
            submitter: build.submitter,
            chroots: build.chroots,
            is_background: build.options.background,
        }
    }
}

/// Where the source package is: what the source build has made or taken in, and before that what
/// was handed in, if that is one.
fn srpm_url(build: &Build, layout: &Layout, base_url: &str) -> Option<String> {
    if let Some(file) = &build.srpm {
        return Some(layout.srpm_url(&build.owner, &build.dir, build.id, file));
    }
    let is_srpm = build.source.file_name().and_then(SourceFile::of) == Some(SourceFile::Srpm);
    match &build.source {
        SourceSpec::Link { url } if is_srpm => Some(url.clone()),
        SourceSpec::Upload { dir, file } if is_srpm && !build.source_state.is_finished() => {
            Some(upload_url(base_url, dir, file))
        }
        _ => None,
    }
}

/// The source build of a build.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct SourceChroot {
    state: SourceState,
    #[schema(required)]
    result_url: Option<String>,
}

impl SourceChroot {
    pub(in crate::api) fn new(build: &Build, layout: &Layout) -> SourceChroot {
        // Before it has started there is no directory to look into.
        let url =
            build.source_started_on.map(|_| layout.source_url(&build.owner, &build.dir, build.id));
        SourceChroot { state: build.source_state, result_url: url }
    }
}

/// How the source build is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceBuildConfig)]
pub(in crate::api) struct SourceConfig {
    source_type: &'static str,
    #[schema(value_type = Object)]
    source_dict: Value,
    memory_limit: u32,
    timeout: u64,
    is_background: bool,
}

impl SourceConfig {
    pub(in crate::api) fn new(build: &Build, app: &App) -> SourceConfig {
        SourceConfig {
            source_type: build.source.kind(),
            source_dict: source_dict(&build.source, app),
            memory_limit: MEMORY_LIMIT,
            timeout: build.options.timeout.as_secs(),
            is_background: build.options.background,
        }
    }
}

/// One chroot of a build.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct BuildChroot {
    name: ChrootName,
    state: ChrootState,
    #[schema(required)]
    started_on: Option<Timestamp>,
    #[schema(required)]
    ended_on: Option<Timestamp>,
    #[schema(required)]
    result_url: Option<String>,
}

impl BuildChroot {
    pub(in crate::api) fn new(
        build: &Build,
        chroot: build::BuildChroot,
        layout: &Layout,
    ) -> BuildChroot {
        let url = |name: &String| layout.result_url(&build.owner, &build.dir, &chroot.name, name);
        let result_url = chroot.result_dir.as_ref().map(url);
        BuildChroot {
            name: chroot.name,
            state: chroot.state,
            started_on: chroot.started_on,
            ended_on: chroot.ended_on,
            result_url,
        }
    }
}

/// How a build is configured in one chroot.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildChrootConfig)]
pub(in crate::api) struct ChrootConfig {
    repos: Vec<BuildRepo>,
    additional_repos: Vec<String>,
    additional_packages: Vec<String>,
    with_opts: Vec<String>,
    without_opts: Vec<String>,
    memory_limit: u32,
    timeout: u64,
    enable_net: bool,
    is_background: bool,
    bootstrap: Bootstrap,
    #[schema(required)]
    bootstrap_image: Option<String>,
}

impl ChrootConfig {
    pub(in crate::api) fn new(build: &Build, config: BuildConfig) -> ChrootConfig {
        ChrootConfig {
            repos: config.repos,
            additional_repos: config.additional_repos,
            additional_packages: config.additional_packages,
            with_opts: config.with_opts,
            without_opts: config.without_opts,
            memory_limit: MEMORY_LIMIT,
            timeout: build.options.timeout.as_secs(),
            enable_net: config.enable_net,
            is_background: build.options.background,
            bootstrap: config.bootstrap,
            bootstrap_image: config.bootstrap_image,
        }
    }
}

/// Built packages.
#[derive(Serialize, ToSchema)]
#[schema(as = BuiltPackages)]
pub(in crate::api) struct Nevras {
    packages: Vec<Nevra>,
}

impl From<Vec<Nevra>> for Nevras {
    fn from(packages: Vec<Nevra>) -> Nevras {
        Nevras { packages }
    }
}
