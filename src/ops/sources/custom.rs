//! A script that makes the sources.

use super::{Around, Purpose, optional};
use crate::model::source::{Custom, ScriptChroot};
use crate::ops::projects::repos;
use crate::ops::{Error, Mistakes, Result};
use crate::store::{Connection, chroots, project_chroots};

/// The longest script, as in Copr.
const LONGEST: usize = 4096;

/// The chroot of a script when nothing is said.
pub(super) const USUAL_ARCH: &str = "x86_64";

/// What a request says about a script.
#[derive(Clone, Debug, Default)]
pub struct CustomWish {
    /// The script.
    pub script: Option<String>,
    /// The chroot it runs in.
    pub chroot: Option<String>,
    /// Packages to install for it.
    pub builddeps: Option<Vec<String>>,
    /// Where it leaves the sources.
    pub resultdir: Option<String>,
    /// Further repositories for the packages.
    pub repos: Option<Vec<String>>,
}

impl CustomWish {
    pub(super) fn make(
        self,
        old: Option<&Custom>,
        around: &Around<'_>,
        mistakes: &mut Mistakes,
    ) -> Result<Option<Custom>> {
        // Packages have other names for these fields than builds.
        let [chroot, builddeps, resultdir, repositories] = match around.purpose {
            Purpose::Build => ["chroot", "builddeps", "resultdir", "repos"],
            Purpose::Package => {
                ["script_chroot", "script_builddeps", "script_resultdir", "script_repos"]
            }
        };
        let script = match (self.script, old) {
            (None, Some(old)) => Some(old.script.clone()),
            (text, _) => tidy(text.as_deref().unwrap_or_default(), mistakes),
        };
        let chroot = match (self.chroot.filter(|text| !text.is_empty()), old) {
            (Some(text), _) => choose(chroot, &text, around, mistakes)?,
            (None, Some(old)) => Some(old.chroot.clone()),
            (None, None) => usual(chroot, around, mistakes)?,
        };
        let builddeps = match self.builddeps {
            Some(packages) => Some(check_packages(builddeps, packages, mistakes)),
            None => old.and_then(|old| old.builddeps.clone()),
        };
        let old_dir = old.map(|old| &old.resultdir);
        let resultdir = optional(resultdir, self.resultdir.as_deref(), old_dir, mistakes);
        let repos = match &self.repos {
            Some(items) => repos(around.db, repositories, items, mistakes)?,
            None => old.map(|old| old.repos.clone()).unwrap_or_default(),
        };
        let (Some(script), Some(chroot)) = (script, chroot) else { return Ok(None) };
        Ok(Some(Custom { script, chroot, builddeps, resultdir, repos, hook: None }))
    }
}

/// A script as it is kept: with the line ends of this system, the last line ended too.
fn tidy(text: &str, mistakes: &mut Mistakes) -> Option<String> {
    let why = if text.trim().is_empty() {
        "This field is required."
    } else if text.chars().count() > LONGEST {
        "Maximum script size is 4kB"
    } else if text.contains('\0') {
        "A script is a text; this has zero bytes in it"
    } else {
        let mut script = text.to_owned();
        if !script.ends_with('\n') {
            script.push('\n');
        }
        let is_foreign = script.split('\n').next().is_some_and(|line| line.ends_with('\r'));
        if is_foreign {
            script = script.replace("\r\n", "\n");
        }
        return Some(script);
    };
    mistakes.add("script", why);
    None
}

fn check_packages(field: &str, packages: Vec<String>, mistakes: &mut Mistakes) -> Vec<String> {
    for package in &packages {
        if package.starts_with('-') || package.chars().any(char::is_control) {
            mistakes.add(field, format!("'{package}' is not a package"));
        }
    }
    packages
}

/// The chroot of these words, if it is one of those that are offered. A build gets the chroot that
/// `fedora-latest-…` stands for.
fn choose(
    field: &str,
    text: &str,
    around: &Around<'_>,
    mistakes: &mut Mistakes,
) -> Result<Option<ScriptChroot>> {
    let found = match text.parse() {
        Err(_) => None,
        Ok(ScriptChroot::Exact(name)) => chroots::find(around.db, &name)?
            .filter(|chroot| chroot.active)
            .map(|chroot| ScriptChroot::Exact(chroot.name)),
        Ok(ScriptChroot::FedoraLatest(arch)) => {
            chroots::newest_fedora(around.db, &arch)?.map(|name| match around.purpose {
                Purpose::Build => ScriptChroot::Exact(name),
                Purpose::Package => ScriptChroot::FedoraLatest(arch),
            })
        }
    };
    if found.is_none() {
        mistakes.add(field, "Not a valid choice.");
    }
    Ok(found)
}

/// The newest Fedora; on a server without one, the first chroot of the project.
fn usual(
    field: &str,
    around: &Around<'_>,
    mistakes: &mut Mistakes,
) -> Result<Option<ScriptChroot>> {
    if let Some(name) = chroots::newest_fedora(around.db, USUAL_ARCH)? {
        return Ok(Some(match around.purpose {
            Purpose::Build => ScriptChroot::Exact(name),
            Purpose::Package => ScriptChroot::FedoraLatest(USUAL_ARCH.to_owned()),
        }));
    }
    let first = project_chroots::enabled_names(around.db, around.project.id)?.into_iter().next();
    if first.is_none() {
        mistakes.add(field, "This server offers no Fedora; name the chroot to run the script in.");
    }
    Ok(first.map(ScriptChroot::Exact))
}

/// A script with the chroot that it will really run in.
pub(super) fn resolve(db: &Connection, mut custom: Custom) -> Result<Custom> {
    if let ScriptChroot::FedoraLatest(arch) = &custom.chroot {
        let found = chroots::newest_fedora(db, arch)?.ok_or_else(|| {
            Error::invalid(format!(
                "script_chroot: This server offers no Fedora for {arch} any more; edit the package."
            ))
        })?;
        custom.chroot = ScriptChroot::Exact(found);
    }
    Ok(custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(text: &str) -> Result<String, String> {
        let mut mistakes = Mistakes::default();
        tidy(text, &mut mistakes).ok_or_else(|| mistakes.none().unwrap_err().to_string())
    }

    #[test]
    fn scripts_end_their_lines_as_this_system_does() {
        assert_eq!(tidied("#!/bin/sh\r\ntrue\r\n"), Ok("#!/bin/sh\ntrue\n".into()));
        assert_eq!(tidied("#!/bin/sh\ntrue"), Ok("#!/bin/sh\ntrue\n".into()));
        assert_eq!(tidied("a\nprintf 'x\r\n'\n"), Ok("a\nprintf 'x\r\n'\n".into()));
        assert_eq!(tidied("a\r"), Ok("a\n".into()));
        assert!(tidied(" \r\n").is_err() && tidied("a\0b").is_err());
        assert!(tidied(&"x".repeat(4096)).is_ok() && tidied(&"é".repeat(4096)).is_ok());
        assert_eq!(tidied(&"x".repeat(4097)), Err("script: Maximum script size is 4kB".into()));
    }
}
