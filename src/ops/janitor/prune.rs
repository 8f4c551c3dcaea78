//! Results that newer ones have superseded.
//!
//! What a build left in a chroot goes as a whole or stays as a whole. It goes when it is old enough,
//! is not the newest of its package, and for each of its packages the repository has one of the
//! same name and architecture that dnf prefers. So a sub-package that newer builds no longer make
//! keeps its build, and what is newest stays whatever its version. What a failed build left goes when it
//! is old enough and its package was built there again.

use std::collections::HashMap;

use super::{
    BuildChrootId, ChrootId, DirId, Due, RepoKey, Repository, Result, Rule, Rules, What,
    drop_results,
};
use crate::clock::Timestamp;
use crate::model::PackageId;
use crate::rpm::evr::Evr;
use crate::store::expiry::{self, Published};
use crate::store::{Connection, build_chroots, chroots, projects};

/// Old results of a repository.
pub(super) struct Superseded;

impl Rule for Superseded {
    type Key = RepoKey;

    const FIRST: Self::Key = RepoKey { dir: DirId(0), chroot: ChrootId(0) };

    fn list(db: &Connection, _: &Rules, after: Self::Key) -> Result<Vec<Self::Key>> {
        Ok(expiry::prunable_repos(db, after)?)
    }

    fn due(db: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        describe(db, key, &old(db, rules, key)?)
    }

    fn remove(tx: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let old = old(tx, rules, key)?;
        let due = describe(tx, key, &old)?;
        if due.is_some() {
            drop_results(tx, rules, &old, Repository::Stays)?;
        }
        Ok(due)
    }
}

/// In words; `None` when nothing is old, or the project keeps everything.
fn describe(db: &Connection, repo: RepoKey, old: &[BuildChrootId]) -> Result<Option<Due>> {
    let (dir, chroot) = (projects::get_dir(db, repo.dir)?, chroots::get(db, repo.chroot)?);
    let (Some(dir), Some(chroot)) = (dir, chroot) else { return Ok(None) };
    let Some(project) = projects::get(db, dir.project)? else { return Ok(None) };
    let settings = &project.settings;
    let keeps = project.persistent || !settings.auto_prune || settings.manual_createrepo;
    if old.is_empty() || keeps {
        return Ok(None);
    }
    let mut builds = Vec::with_capacity(old.len());
    for &id in old {
        builds.extend(build_chroots::get(db, id)?.map(|part| part.build));
    }
    let what = What::Results(dir.name, chroot.name, builds);
    Ok(Some(Due { project: project.full_name(), what }))
}

fn old(db: &Connection, rules: &Rules, repo: RepoKey) -> Result<Vec<BuildChrootId>> {
    let mut old = expiry::failed(db, repo, rules.cutoff)?;
    if expiry::has_old(db, repo, rules.cutoff)? {
        old.extend(superseded(&expiry::published(db, repo)?, rules.cutoff));
    }
    old.truncate(expiry::MOST_RESULTS);
    Ok(old)
}

/// The chroot builds that may go, out of all packages of a repository.
fn superseded(published: &[Published], cutoff: Timestamp) -> Vec<BuildChrootId> {
    let mut best: HashMap<(&str, &str), (Evr<'_>, BuildChrootId)> = HashMap::new();
    let mut newest: HashMap<PackageId, BuildChrootId> = HashMap::new();
    for one in published {
        let own = (Evr::of(&one.nevra), one.part);
        let key = (one.nevra.name.as_str(), one.nevra.arch.as_str());
        best.entry(key).and_modify(|best| *best = (*best).max(own)).or_insert(own);
        if let Some(package) = one.package {
            newest
                .entry(package)
                .and_modify(|part| *part = one.part.max(*part))
                .or_insert(one.part);
        }
    }
    let mut parts: Vec<(BuildChrootId, bool)> = Vec::new();
    for one in published {
        let is_source = one.nevra.arch == "src";
        let is_best = best
            .get(&(one.nevra.name.as_str(), one.nevra.arch.as_str()))
            .is_some_and(|(_, part)| *part == one.part);
        let is_newest = one.package.is_none_or(|package| newest.get(&package) == Some(&one.part));
        let is_young = one.ended_on.is_none_or(|end| end > cutoff);
        let stays = is_newest || is_young || (is_best && !is_source);
        match parts.last_mut() {
            Some((part, all_stay)) if *part == one.part => *all_stay |= stays,
            _ => parts.push((one.part, stays)),
        }
    }
    parts.into_iter().filter(|(_, stays)| !stays).map(|(part, _)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::nevra::Nevra;

    fn row(part: i64, package: i64, ended: i64, nvr: (&str, &str), arch: &str) -> Published {
        let nevra = Nevra {
            name: nvr.0.into(),
            epoch: None,
            version: nvr.1.into(),
            release: "1".into(),
            arch: arch.into(),
        };
        let (part, package) = (BuildChrootId(part), Some(PackageId(package)));
        Published { part, package, ended_on: Some(Timestamp(ended)), nevra }
    }

    fn gone(published: &[Published]) -> Vec<i64> {
        superseded(published, Timestamp(100)).into_iter().map(|part| part.0).collect()
    }

    #[test]
    fn an_old_build_goes_when_a_newer_one_has_all_its_packages() {
        let all = [
            row(1, 1, 10, ("a", "1"), "x86_64"),
            row(1, 1, 10, ("a", "1"), "src"),
            row(2, 1, 20, ("a", "2"), "x86_64"),
            row(2, 1, 20, ("a", "2"), "src"),
            row(3, 2, 10, ("b", "1"), "x86_64"),
        ];
        assert_eq!(gone(&all), [1]);
        let mut young = all.clone();
        young[0].ended_on = Some(Timestamp(101));
        assert!(gone(&young).is_empty());
    }

    #[test]
    fn a_package_that_newer_builds_lack_keeps_its_build() {
        let all = [
            row(1, 1, 10, ("a", "1"), "x86_64"),
            row(1, 1, 10, ("a-libs", "1"), "x86_64"),
            row(2, 1, 20, ("a", "2"), "x86_64"),
        ];
        assert!(gone(&all).is_empty());
    }

    #[test]
    fn the_newest_build_stays_though_an_older_one_has_a_higher_version() {
        let all = [row(1, 1, 10, ("a", "2"), "noarch"), row(2, 1, 20, ("a", "1"), "noarch")];
        assert!(gone(&all).is_empty());
        let third = [&all[..], &[row(3, 1, 30, ("a", "1.5"), "noarch")]].concat();
        assert_eq!(gone(&third), [2]);
    }

    #[test]
    fn of_equal_versions_the_last_one_counts() {
        let all = [row(1, 1, 10, ("a", "1"), "noarch"), row(2, 1, 20, ("a", "1"), "noarch")];
        assert_eq!(gone(&all), [1]);
    }
}
