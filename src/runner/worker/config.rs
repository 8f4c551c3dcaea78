//! What a builder is told about a chroot: the chroot itself, repositories, options.

use super::{Bench, Stop};
use crate::model::build::Build;
use crate::model::build_config::{BuildConfig, Parts};
use crate::model::chroot::Chroot;
use crate::model::job::RepoKey;
use crate::model::{ChrootName, DirName, Owner};
use crate::repo::Layout;
use crate::store::{StoreError, build_chroots, chroots, project_chroots, projects};

/// What makes a directory a repository.
const REPOMD: &str = "repodata/repomd.xml";

impl Bench<'_> {
    /// The chroot of this name and how `build` is built in it. The project's own repositories are
    /// there when this returns.
    pub(super) async fn chroot_config(
        &self,
        build: &Build,
        name: &ChrootName,
    ) -> Result<(Chroot, BuildConfig), Stop> {
        let (dir, build, name) = (build.dir_id, build.clone(), name.clone());
        let layout = self.shop.layout.clone();
        let (chroot, config, needed) = self
            .shop
            .store
            .read(move |db| {
                let chroot = chroots::find(db, &name)?;
                let project = projects::get(db, build.project_id)?;
                let (Some(chroot), Some(project)) = (chroot, project) else {
                    return Err(Stop::Failed(format!("the server no longer has {name}")));
                };
                let own = project_chroots::find(db, project.id, &name)?;
                let parts = Parts {
                    project: &project,
                    dir: &build.dir,
                    chroot: &name,
                    settings: own.as_ref().map(|own| &own.settings),
                    options: Some(&build.options),
                    url: &|owner, dir, chroot| local_url(&layout, owner, dir, chroot),
                };
                let config = BuildConfig::new(&parts, |owner, name| {
                    let other = projects::find(db, owner, name)?;
                    Ok::<_, StoreError>(other.map(|other| other.settings.module_hotfixes))
                })?;
                let main = projects::main_dir(db, &project)?;
                let mut needed = vec![
                    (dir, layout.chroot(&build.owner, &build.dir, &name)),
                    (main.id, layout.chroot(&build.owner, &main.name, &name)),
                ];
                if project.settings.manual_createrepo {
                    needed.push((main.id, layout.devel(&build.owner, &main.name, &name)));
                }
                Ok::<_, Stop>((chroot, config, needed))
            })
            .await?;
        for (dir, repo) in needed {
            if !repo.join(REPOMD).exists() {
                // Not made yet, or not possible: then this says why, where dnf only misses a file.
                let repo = RepoKey { dir, chroot: chroot.id };
                self.shop.publisher.publish(repo, None, &self.mark).await?;
            }
        }
        Ok((chroot, config))
    }

    /// The chroot that makes the source package: the build's first, or the project's first.
    pub(in crate::runner) async fn source_chroot(
        &self,
        build: &Build,
    ) -> Result<(Chroot, BuildConfig), Stop> {
        match self.source_chroot_name(build).await? {
            Some(name) => self.chroot_config(build, &name).await,
            None => Err(Stop::Failed("the project has no active chroot".to_owned())),
        }
    }

    /// What it is called.
    pub(super) async fn source_chroot_name(
        &self,
        build: &Build,
    ) -> Result<Option<ChrootName>, Stop> {
        let (id, project) = (build.id, build.project_id);
        let name = self
            .shop
            .store
            .read(move |db| {
                let given = build_chroots::waiting(db, id)?.into_iter().map(|(_, _, name)| name);
                let enabled = project_chroots::enabled_names(db, project)?;
                let arch = std::env::consts::ARCH;
                let mut all: Vec<ChrootName> = given.chain(enabled).collect();
                // One of this machine's own architecture, when there is one.
                all.sort_by_key(|name| name.arch() != arch);
                Ok::<_, StoreError>(all.into_iter().next())
            })
            .await?;
        Ok(name)
    }
}

/// Builds read the repositories of this server from the disk: whatever its address is outside,
/// and whether or not a build has a network, they are there.
pub(super) fn local_url(
    layout: &Layout,
    owner: &Owner,
    dir: &DirName,
    chroot: &ChrootName,
) -> String {
    format!("file://{}/", layout.chroot(owner, dir, chroot).display())
}
