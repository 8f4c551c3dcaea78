//! What forms let people choose from when they say where sources come from.

use super::distgit::by_priority;
use crate::config::Config;
use crate::model::{ChrootName, ProjectId};
use crate::ops::Result;
use crate::store::{Connection, chroots, project_chroots};

/// What there is to choose from; each list begins with what is taken when nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Offered {
    /// The dist-gits.
    pub distgits: Vec<String>,
    /// The chroots for scripts, those included that stand for the newest of a kind.
    pub script_chroots: Vec<String>,
    /// Addresses of files on the server itself are taken.
    pub file_urls: bool,
}

/// Reads what a project can choose from.
pub fn offered(db: &Connection, config: &Config, project: ProjectId) -> Result<Offered> {
    let mut active: Vec<_> =
        chroots::list(db)?.into_iter().filter(|chroot| chroot.active).map(|c| c.name).collect();
    let own = project_chroots::enabled_names(db, project)?;
    // The project's own first: where there is no Fedora, the first of them is the usual one.
    active.sort_by_key(|name| own.iter().position(|known| known == name).unwrap_or(usize::MAX));
    let mut arches: Vec<&str> = active
        .iter()
        .filter(|name| name.distribution() == "fedora" && name.version().parse::<u32>().is_ok())
        .map(ChrootName::arch)
        .collect();
    arches.sort_by_key(|arch| (*arch != super::custom::USUAL_ARCH, *arch));
    arches.dedup();
    let latest = arches.into_iter().map(|arch| format!("fedora-latest-{arch}"));
    Ok(Offered {
        distgits: by_priority(config).into_iter().map(|(name, _)| name.clone()).collect(),
        script_chroots: latest.chain(active.iter().map(ToString::to_string)).collect(),
        file_urls: config.sources.allow_file_urls,
    })
}
