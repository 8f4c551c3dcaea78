//! A distribution's own package repository.

use super::{parsed, required};
use crate::config::{self, Config};
use crate::model::PackageName;
use crate::model::source::{DistGit, Namespace};
use crate::ops::Mistakes;

/// What a request says about a package in a dist-git.
#[derive(Clone, Debug, Default)]
pub struct DistGitWish {
    /// The package.
    pub package: Option<String>,
    /// The dist-git, by its name in the settings; the first one when nothing is said.
    pub instance: Option<String>,
    /// Whose copy of the package.
    pub namespace: Option<String>,
    /// The branch, tag or commit.
    pub committish: Option<String>,
}

impl DistGitWish {
    pub(super) fn make(
        self,
        old: Option<&DistGit>,
        config: &Config,
        mistakes: &mut Mistakes,
    ) -> Option<DistGit> {
        let package = self.package.as_deref();
        let package = required("package_name", package, old.map(|old| &old.package), mistakes);
        let said = self.instance.filter(|name| !name.is_empty());
        let kept = |said: Option<String>, old: Option<&str>| said.or(old.map(str::to_owned));
        let name = kept(said, old.map(|old| old.instance.as_str()));
        let (name, instance) = instance(config, name.as_deref(), mistakes)?;
        let namespace = match self.namespace.as_deref() {
            None => old.and_then(|old| old.namespace.clone()).filter(|_| {
                // That of another dist-git means nothing in this one.
                old.is_some_and(|old| old.instance == name)
            }),
            Some("") => None,
            Some(text) => Some(parsed("namespace", text, mistakes)?),
        };
        let committish = match self.committish.as_deref() {
            None => old.and_then(|old| old.committish.clone()),
            Some("") => None,
            Some(text) => parsed("committish", text, mistakes),
        };
        let package: PackageName = package?;
        let namespace_text = namespace.as_ref().map(Namespace::as_str);
        let Some(address) = instance.address(package.as_str(), namespace_text) else {
            let why = format!("DistGit '{name}' requires 'namespace' specified");
            mistakes.add("distgit", format!("Can not validate DistGit input: \"{why}\""));
            return None;
        };
        let clone_url = parsed("distgit", &address, mistakes)?;
        Some(DistGit { instance: name, package, namespace, committish, clone_url })
    }
}

/// The dist-git of this name, or the first one.
fn instance<'c>(
    config: &'c Config,
    name: Option<&str>,
    mistakes: &mut Mistakes,
) -> Option<(String, &'c config::DistGit)> {
    let known = by_priority(config);
    let found = match name {
        None => known.first(),
        Some(name) => known.iter().find(|(known, _)| *known == name),
    };
    if let Some((name, distgit)) = found {
        return Some(((*name).clone(), distgit));
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    mistakes.add("distgit", "Not a valid choice.");
    mistakes.add("distgit", format!("DistGit ID must be one of: {}", names.join(", ")));
    None
}

/// The dist-gits of the settings with their names, the first one first.
pub(super) fn by_priority(config: &Config) -> Vec<(&String, &config::DistGit)> {
    let mut known: Vec<(&String, &config::DistGit)> = config.distgit.iter().collect();
    known.sort_by_key(|(name, distgit)| (distgit.priority, *name));
    known
}
