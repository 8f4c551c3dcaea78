//! `/rpmrepo`: what dnf5 asks before it writes a repository file of its own.

use std::collections::BTreeMap;

use rocket::serde::json::Json;
use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, described};
use super::view::Pairs;
use crate::model::project::ProjectChroot;
use crate::model::repo_url::RepoTarget;
use crate::model::{DirName, Owner};
use crate::ops::App;
use crate::ops::install::{self, Dependency, Offer, days_until};
use crate::repo::Layout;

#[derive(Serialize, ToSchema)]
struct RpmRepo {
    results_url: String,
    pubkey_url: String,
    #[schema(value_type = BTreeMap<String, Release>)]
    repos: Pairs<Release>,
    #[schema(value_type = BTreeMap<String, Directory>)]
    directories: Pairs<Directory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_after_days: Option<i64>,
    dependencies: Vec<Needed>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RepoRelease)]
struct Release {
    #[schema(value_type = BTreeMap<String, Arch>)]
    arch: Pairs<Arch>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RepoArch)]
struct Arch {
    opts: Opts,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_after_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Multilib>>)]
    multilib: Option<BTreeMap<&'static str, Multilib>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RepoMultilib)]
struct Multilib {
    opts: Opts,
}

#[derive(Clone, Default, Serialize, ToSchema)]
#[schema(as = RepoOptions)]
struct Opts {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_hotfixes: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RepoDirectory)]
struct Directory {
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_after_days: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RepoDependency)]
struct Needed {
    #[serde(rename = "type")]
    kind: &'static str,
    opts: Opts,
    data: Data,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RepoDependencyData)]
enum Data {
    /// Clients put the name into addresses, so it is the directory's where one is meant.
    Copr {
        owner: Owner,
        projectname: DirName,
    },
    External {
        pattern: String,
    },
}

/// The repositories of a project, for dnf5. The release in the address is there for statistics;
/// clients choose out of all of them.
#[utoipa::path(responses((status = 200, body = RpmRepo)))]
#[get("/rpmrepo/<owner>/<dir>/<_name_release>")]
async fn rpmrepo(app: &State<App>, owner: &str, dir: &str, _name_release: &str) -> Answer<RpmRepo> {
    let offer = install::offer(app, owner, dir).await?;
    let layout = app.layout();
    let project = &offer.project;
    let main = DirName::main(project.name.clone());
    let directories = offer
        .dirs
        .iter()
        .map(|(name, days)| (name.to_string(), Directory { delete_after_days: *days }));
    Ok(Json(RpmRepo {
        results_url: layout.results_url(),
        pubkey_url: layout.pubkey_url(&project.owner, &main),
        repos: releases(&offer),
        directories: Pairs(directories.collect()),
        delete_after_days: project.delete_after.map(days_until),
        dependencies: needed(&offer, &layout),
    }))
}

fn releases(offer: &Offer) -> Pairs<Release> {
    let settings = &offer.project.settings;
    let opts = Opts {
        module_hotfixes: settings.module_hotfixes.then_some("1"),
        priority: settings.repo_priority,
        ..Opts::default()
    };
    let arch = |used: &ProjectChroot| {
        let multilib = offer.has_multilib(&used.chroot.name).then(|| {
            let opts = Opts { cost: Some("1100"), ..opts.clone() };
            BTreeMap::from([("i386", Multilib { opts })])
        });
        let delete_after_days = used.ends_on().map(days_until);
        Arch { opts: opts.clone(), delete_after_days, multilib }
    };
    let mut releases: Vec<(String, Release)> = Vec::new();
    for used in &offer.chroots {
        let name = &used.chroot.name;
        let pair = (name.arch().to_owned(), arch(used));
        let known = releases.iter_mut().find(|(release, _)| release == name.name_release());
        if let Some((_, release)) = known {
            release.arch.0.push(pair);
        } else {
            let release = Release { arch: Pairs(vec![pair]) };
            releases.push((name.name_release().to_owned(), release));
        }
    }
    Pairs(releases)
}

/// The dependencies that are there, numbered through as in the repository file.
fn needed(offer: &Offer, layout: &Layout) -> Vec<Needed> {
    let host = layout.hostname();
    let full_name = offer.project.full_name();
    let mut list = Vec::new();
    for Dependency { url, project } in &offer.dependencies {
        let number = list.len() + 1;
        let opts = |id: String, name: String| Opts {
            id: Some(id),
            name: Some(name),
            priority: url.priority(),
            ..Opts::default()
        };
        match (url.target(), project) {
            (RepoTarget::Copr(owner, dir), Some(project)) => list.push(Needed {
                kind: "copr",
                opts: Opts {
                    module_hotfixes: project.settings.module_hotfixes.then_some("1"),
                    priority: url.priority().or(project.settings.repo_priority),
                    ..opts(
                        format!("coprdep:{host}:{}:{}", owner.in_repo_id(), dir.in_repo_id()),
                        format!(
                            "Copr {host}/{full_name} runtime dependency #{number} - {owner}/{dir}"
                        ),
                    )
                },
                data: Data::Copr { owner: owner.clone(), projectname: dir.clone() },
            }),
            (RepoTarget::Copr(..), None) => {}
            (RepoTarget::External(address), _) => list.push(Needed {
                kind: "external_baseurl",
                opts: opts(
                    format!("coprdep:{}", url.id()),
                    format!(
                        "Copr {host}/{full_name} external runtime dependency #{number} - {}",
                        url.id()
                    ),
                ),
                data: Data::External { pattern: address.clone() },
            }),
        }
    }
    list
}

pub(super) fn endpoints() -> Endpoints {
    described![rpmrepo]
}
