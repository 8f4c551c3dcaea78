//! What dnf is told, and what its answers mean.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::step::Ended;
use crate::model::ChrootName;
use crate::model::build_config::BuildRepo;
use crate::runner::builder::BuildError;

/// Repositories: the chroot's own, and those a build adds.
#[derive(Clone, Copy)]
pub struct Repos<'a> {
    /// Addresses of the chroot's repositories.
    pub base: &'a [String],
    /// What the build's configuration adds.
    pub further: &'a [BuildRepo],
}

impl Repos<'_> {
    /// dnf's configuration with these repositories and no other; nothing of the host's.
    pub fn configuration(&self, chroot: &ChrootName) -> Result<String, BuildError> {
        let mut text = String::from(
            "[main]\nreposdir=/dev/null\nvarsdir=/dev/null\npluginconfpath=/dev/null\n\
             gpgcheck=0\nassumeyes=1\nbest=1\nobsoletes=1\ninstall_weak_deps=0\n\
             metadata_expire=0\nskip_if_unavailable=0\nretries=3\ndebuglevel=2\n\
             keepcache=0\n",
        );
        if let Some(platform) = platform(chroot) {
            put(&mut text, "module_platform_id", platform.as_str())?;
        }
        for (number, url) in self.base.iter().enumerate() {
            let kind = address_kind(url);
            put(&mut text, "\n[base", &format!("{number}]"))?;
            put(&mut text, "name", &format!("Base repository {number}"))?;
            put(&mut text, kind, url)?;
        }
        let mut ids = HashSet::new();
        for repo in self.further {
            let legal = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
            let id = repo.id.replace(|c| !legal(c), "_");
            if !ids.insert(id.clone()) {
                continue;
            }
            // Not `base…`, whatever a user's address looks like.
            put(&mut text, "\n[further-", &format!("{id}]"))?;
            put(&mut text, "name", &repo.name)?;
            put(&mut text, "baseurl", &repo.baseurl)?;
            text.push_str("cost=1\n");
            if let Some(priority) = repo.priority {
                put(&mut text, "priority", &priority.to_string())?;
            }
            if let Some(check) = repo.repo_gpgcheck {
                put(&mut text, "repo_gpgcheck", if check { "1" } else { "0" })?;
            }
            if repo.module_hotfixes == Some(true) {
                text.push_str("module_hotfixes=1\n");
            }
        }
        Ok(text)
    }

    /// The directories of those that are on this machine.
    pub fn local_dirs(&self) -> Vec<PathBuf> {
        let further = self.further.iter().map(|repo| &repo.baseurl);
        let mut dirs: Vec<PathBuf> = self
            .base
            .iter()
            .chain(further)
            .filter_map(|url| url.strip_prefix("file://"))
            // What stands before a variable is shown; only dnf knows the rest.
            .map(|path| path.split_once("/$").map_or(path, |(before, _)| before))
            .filter(|path| path.len() > 1 && path.starts_with('/'))
            .map(PathBuf::from)
            .filter(|path| path.is_dir())
            .collect();
        dirs.sort();
        dirs.dedup();
        dirs
    }
}

/// Writes `key=value` (or the rest of a section's name); a value can end neither line nor section.
fn put(text: &mut String, key: &str, value: &str) -> Result<(), BuildError> {
    if value.chars().any(char::is_control) {
        return Err(BuildError::Internal(format!("a repository has a bad value: {value:?}")));
    }
    let equals = if key.starts_with('\n') { "" } else { "=" };
    writeln!(text, "{key}{equals}{value}").map_err(|error| BuildError::Internal(error.to_string()))
}

/// The three kinds of addresses that a repository can be given by.
fn address_kind(url: &str) -> &'static str {
    if url.contains("/metalink") {
        "metalink"
    } else if url.contains("/mirrorlist") || url.contains("mirrorlist.") {
        "mirrorlist"
    } else {
        "baseurl"
    }
}

/// The platform that modules are built for; dnf cannot read it from a root that is still empty.
fn platform(chroot: &ChrootName) -> Option<String> {
    let major = chroot.version().split('.').next()?;
    match chroot.distribution() {
        "fedora" => Some(format!("platform:f{major}")),
        "mageia" | "opensuse-leap" | "opensuse-tumbleweed" | "openeuler" | "debian" => None,
        _ => Some(format!("platform:el{major}")),
    }
}

/// Refuses what dnf would take for an option, an address or a file.
pub fn check_package(spec: &str) -> Result<(), BuildError> {
    let odd = spec.is_empty()
        || spec.starts_with('-')
        || spec.contains("://")
        || (spec.contains('/') && Path::new(spec).extension().is_some_and(|end| end == "rpm"))
        || spec.chars().any(char::is_control);
    if odd {
        let text = format!("{spec:?} cannot be installed: name a package, group or file in one");
        return Err(BuildError::BadSource(text));
    }
    Ok(())
}

/// Why dnf failed.
pub fn explain(ended: &Ended) -> BuildError {
    let line_with = |words: &str| ended.tail.lines().map(str::trim).find(|l| l.contains(words));
    let failed = |line: &str| {
        BuildError::Internal(format!("dnf failed: {}", line.trim_start_matches("Error: ")))
    };
    if line_with("No such command: builddep").is_some() {
        let text = "dnf has no builddep command: install dnf-plugins-core";
        return BuildError::Unavailable(text.to_owned());
    }
    if let Some(line) =
        line_with("Failed to download metadata for repo").or_else(|| line_with("Cannot download"))
    {
        return failed(line);
    }
    if let Some(line) =
        line_with("not a valid source rpm").or_else(|| line_with("Failed to open: "))
    {
        return BuildError::BadSource(line.to_owned());
    }
    let missing = missing(&ended.tail);
    if !missing.is_empty() {
        return BuildError::MissingDependencies(missing);
    }
    failed(line_with("Error: ").unwrap_or_else(|| ended.last_line()))
}

/// What dnf says it cannot find or fit together, in its own words.
fn missing(output: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in output.lines().map(str::trim) {
        let name = line
            .strip_prefix("No matching package to install: ")
            .or_else(|| line.strip_prefix("No match for argument: "))
            .map(|name| name.trim_matches('\''));
        let problem = line
            .strip_prefix("- ")
            .filter(|text| !text.starts_with("conflicting requests"))
            .or_else(|| line.split_once(": nothing provides ").map(|(_, text)| text));
        if let Some(text) = name.or(problem)
            && !found.iter().any(|known| known == text)
        {
            found.push(text.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(output: &str) -> BuildError {
        explain(&Ended { code: 1, tail: output.to_owned() })
    }

    fn repo(id: &str, name: &str, baseurl: &str) -> BuildRepo {
        BuildRepo {
            id: id.into(),
            name: name.into(),
            baseurl: baseurl.into(),
            priority: Some(7),
            repo_gpgcheck: Some(false),
            module_hotfixes: Some(true),
        }
    }

    #[test]
    fn the_configuration_names_each_repository_once() {
        let chroot = "fedora-42-x86_64".parse().unwrap();
        let base =
            ["https://mirrors.example/metalink?repo=fedora-$releasever&arch=$basearch".into()];
        let further = [
            repo("copr_base", "Copr repository", "http://127.0.0.1/a/"),
            repo("copr_base", "again", "http://127.0.0.1/a/"),
            repo("x]\n[y", "odd", "http://127.0.0.1/b/"),
        ];
        let text = Repos { base: &base, further: &further }.configuration(&chroot).unwrap();
        assert!(text.contains("module_platform_id=platform:f42\n"));
        assert!(text.contains("\n[base0]\nname=Base repository 0\nmetalink=https://mirrors"));
        assert!(text.contains(
            "\n[further-copr_base]\nname=Copr repository\nbaseurl=http://127.0.0.1/a/\ncost=1\n\
             priority=7\nrepo_gpgcheck=0\nmodule_hotfixes=1\n"
        ));
        assert!(text.contains("\n[further-x___y]\n"));
        assert_eq!(text.matches('[').count(), 4);
    }

    #[test]
    fn a_value_cannot_start_a_line() {
        let chroot = "debian-12-x86_64".parse().unwrap();
        let further = [repo("a", "x\nbaseurl=http://evil", "http://127.0.0.1/")];
        assert!(Repos { base: &[], further: &further }.configuration(&chroot).is_err());
    }

    #[test]
    fn missing_packages_are_named_as_dnf_does() {
        let error = failed(
            "No matching package to install: 'nope >= 3'\nNo matching package to install: \
             'pkgconfig(x)'\nNot all dependencies satisfied\nError: Some packages could not be \
             found.\n",
        );
        let BuildError::MissingDependencies(names) = error else { panic!("{error}") };
        assert_eq!(names, ["nope >= 3", "pkgconfig(x)"]);
        let error = failed(
            "Error: \n Problem: conflicting requests\n  - nothing provides liba needed by \
             b-1-1.noarch from base0\n(try to add '--skip-broken')\n",
        );
        assert!(error.to_string().contains("nothing provides liba needed by b-1-1"), "{error}");
    }

    #[test]
    fn other_failures_are_told_apart() {
        let error = failed(
            "Errors during downloading metadata for repository 'further-x':\n  - Curl error (7)\n\
             Error: Failed to download metadata for repo 'further-x': Cannot\n",
        );
        assert_eq!(
            error.to_string(),
            "dnf failed: Failed to download metadata for repo 'further-x': Cannot"
        );
        assert!(matches!(failed("No such command: builddep. Please"), BuildError::Unavailable(_)));
    }

    #[test]
    fn only_packages_are_installed() {
        for good in ["gcc", "@buildsys-build", "pkgconfig(zlib)", "/usr/bin/foo", "foo >= 2"] {
            assert!(check_package(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "--root=/", "http://a/b.rpm", "/tmp/x.rpm", "../x.rpm", "a\nb"] {
            assert!(check_package(bad).is_err(), "{bad}");
        }
    }
}
