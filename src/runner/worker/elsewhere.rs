//! Chroots in which sources are made, and which need not be the project's.

use super::config::local_url;
use super::{Bench, Stop};
use crate::model::ChrootName;
use crate::model::build::Build;
use crate::model::build_config::{BuildConfig, Parts};
use crate::model::chroot::Chroot;
use crate::model::repo_url::RepoUrl;
use crate::store::{StoreError, chroots, projects};

impl Bench<'_> {
    /// A chroot with these repositories, and with nothing of the project.
    pub(in crate::runner) async fn chroot_for_sources(
        &self,
        build: &Build,
        name: &ChrootName,
        repos: &[RepoUrl],
    ) -> Result<(Chroot, BuildConfig), Stop> {
        let (build, name, repos) = (build.clone(), name.clone(), repos.to_vec());
        let layout = self.shop.layout.clone();
        let found = self.shop.store.read(move |db| {
            let chroot = chroots::find(db, &name)?.filter(|chroot| chroot.active);
            let project = projects::get(db, build.project_id)?;
            let (Some(chroot), Some(project)) = (chroot, project) else {
                return Err(Stop::Failed(format!("the server does not offer {name}")));
            };
            let parts = Parts {
                project: &project,
                dir: &build.dir,
                chroot: &name,
                settings: None,
                options: Some(&build.options),
                url: &|owner, dir, chroot| local_url(&layout, owner, dir, chroot),
            };
            let config = BuildConfig::with_repos(&parts, &repos, |owner, name| {
                let other = projects::find(db, owner, name)?;
                Ok::<_, StoreError>(other.map(|other| other.settings.module_hotfixes))
            })?;
            Ok((chroot, config))
        });
        found.await
    }

    /// Where programs that write spec files are tried, one after the other.
    pub(in crate::runner) async fn generator_chroots(
        &self,
        build: &Build,
    ) -> Result<Vec<ChrootName>, Stop> {
        if let Some(name) = &self.shop.config.sources.generator_chroot {
            let bad = |_| Stop::Failed(format!("sources.generator_chroot: {name} is no chroot"));
            return Ok(vec![name.parse().map_err(bad)?]);
        }
        let store = &self.shop.store;
        let newest = store.read(|db| chroots::newest_fedora(db, std::env::consts::ARCH)).await?;
        let mut names: Vec<ChrootName> = newest.into_iter().collect();
        // A project without chroots cannot be built in, but that is found out elsewhere.
        if let Some(own) = self.source_chroot_name(build).await?.filter(|own| !names.contains(own))
        {
            names.push(own);
        }
        Ok(names)
    }

    /// One of those: as the project has it, if it is what the build makes its source packages in.
    pub(in crate::runner) async fn generator_chroot(
        &self,
        build: &Build,
        name: &ChrootName,
    ) -> Result<(Chroot, BuildConfig), Stop> {
        if self.source_chroot_name(build).await?.as_ref() == Some(name) {
            return self.chroot_config(build, name).await;
        }
        self.chroot_for_sources(build, name, &[]).await
    }
}
