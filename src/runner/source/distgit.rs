//! `distgit`: a distribution's package repository, with its archives in a lookaside cache.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::task::block_in_place;

use super::error::SourceError;
use super::kitchen::{Kitchen, Recipe};
use super::lookaside::{self, Place};
use super::scm::git::{Clone, History};
use super::scm::tree::{self, Found};
use super::scm::{dir_name, write_spec};
use crate::model::source::{DistGit, Namespace, Scm};
use crate::runner::builder::script::WORKDIR;
use crate::runner::worker::Stop;

/// The file that names the archives.
const SOURCES: &str = "sources";
/// The longest such file.
const MAX_SOURCES: u64 = 1 << 20;
/// Where the processed spec is left, seen from the tree.
const OUT: &str = "out";

/// Makes the source package.
pub(super) async fn make(kitchen: &Kitchen<'_>, distgit: &DistGit) -> Result<PathBuf, Stop> {
    let trip = kitchen.trip(&distgit.clone_url).await?;
    let lent = kitchen.dir().join("tree");
    fs::create_dir(&lent)?;
    let inside = dir_name(&distgit.clone_url);
    let (url, committish) = (&distgit.clone_url, distgit.committish.as_ref());
    let top = lent.join(inside);
    let clone = Clone::make(&trip, url, committish, History::None, top).await?;
    let own = PathBuf::from(format!("{}.spec", distgit.package));
    let named = clone.dir().join(&own).symlink_metadata().is_ok().then_some(own.as_path());
    let found = block_in_place(|| tree::find_spec(clone.dir(), Path::new(""), named))?;
    let sources = kitchen.dir().join("sources");
    fs::create_dir(&sources)?;
    block_in_place(|| tree::copy_files(clone.dir(), Path::new(""), &sources))?;
    let Some(instance) = kitchen.settings().distgit.get(&distgit.instance) else {
        let why = format!("the server no longer knows the dist-git {}", distgit.instance);
        return Err(SourceError::Download(why).into());
    };
    let namespace = distgit.namespace.as_ref().map(Namespace::as_str);
    let place = Place {
        instance,
        package: distgit.package.as_str(),
        namespace: namespace.or(instance.default_namespace.as_deref()).unwrap_or_default(),
    };
    fetch(kitchen, &place, clone.dir(), Path::new(""), &sources).await?;
    let mut spec = write_spec(kitchen.dir(), &found, None)?;
    if uses_rpmautospec(&found.text) {
        clone.deepen(History::All).await?;
        spec = process(kitchen, &found, lent, inside).await?;
    }
    kitchen.pack(spec, sources).await
}

/// The archives for a repository of the method rpkg that is in one of the dist-gits.
pub(super) async fn fetch_listed(
    kitchen: &Kitchen<'_>,
    scm: &Scm,
    top: &Path,
    dir: &Path,
    sources: &Path,
) -> Result<(), Stop> {
    let host = scm.clone_url.host();
    let same = |url: &str| {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        !host.is_empty() && rest.split(['/', ':']).next() == Some(host)
    };
    let known = kitchen.settings().distgit.values().find(|known| same(&known.clone_url));
    let Some(instance) = known else { return Ok(()) };
    let namespace = scm.clone_url.path().trim_matches('/');
    let namespace = namespace.rsplit_once('/').map_or("", |(namespace, _)| namespace);
    let place = Place { instance, package: scm.clone_url.name(), namespace };
    fetch(kitchen, &place, top, dir, sources).await
}

async fn fetch(
    kitchen: &Kitchen<'_>,
    place: &Place<'_>,
    top: &Path,
    dir: &Path,
    to: &Path,
) -> Result<(), Stop> {
    let list = match tree::read(top, &dir.join(SOURCES), MAX_SOURCES) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            let why = format!("the sources file cannot be read: {error}");
            return Err(SourceError::Download(why).into());
        }
    };
    let entries = lookaside::parse(&String::from_utf8_lossy(&list))?;
    place.fetch(&entries, to, kitchen.means()).await
}

/// Whether a spec takes its release or its changelog from the history.
fn uses_rpmautospec(spec: &[u8]) -> bool {
    let text = String::from_utf8_lossy(spec);
    text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
        ["autorelease", "autochangelog"].iter().any(|name| {
            line.match_indices(name).any(|(at, _)| {
                let before = line[..at].trim_end_matches(['?', '{']);
                before.ends_with('%') && !before.ends_with("%%")
            })
        })
    })
}

/// Lets rpmautospec fill in release and changelog, in the chroot.
async fn process(
    kitchen: &Kitchen<'_>,
    found: &Found,
    tree: PathBuf,
    inside: &str,
) -> Result<PathBuf, Stop> {
    let name = found.name();
    let out = format!("{WORKDIR}/{OUT}/{name}");
    let recipe = Recipe {
        tree,
        dir: inside.to_owned(),
        out: OUT.to_owned(),
        makes_out: true,
        env: Vec::new(),
        needs: vec!["rpmautospec".to_owned()],
        files: Vec::new(),
        command: ["rpmautospec", "process-distgit", &name, &out].map(ToOwned::to_owned).into(),
    };
    let ran = kitchen.try_run(recipe).await?.map_err(|missing| {
        SourceError::Srpm(format!(
            "{name} uses %autorelease or %autochangelog, which rpmautospec fills in, but {missing}"
        ))
    })?;
    if !ran.success() {
        let why = format!("rpmautospec failed: {}", ran.last_line());
        return Err(SourceError::Srpm(why).into());
    }
    let made = ran.files.iter().find(|file| file.file_name() == Some(name.as_ref()));
    let why = "rpmautospec has left no spec file";
    Ok(made.cloned().ok_or_else(|| SourceError::Srpm(why.to_owned()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_of_rpmautospec_are_seen() {
        for yes in [
            "Release: %autorelease",
            "Release: %{autorelease -b 3}",
            "Release: %{?autorelease}",
            "%changelog\n%autochangelog\n",
        ] {
            assert!(uses_rpmautospec(yes.as_bytes()), "{yes}");
        }
        for no in ["Release: 1", "# %autorelease", "- use %%autorelease", "autorelease"] {
            assert!(!uses_rpmautospec(no.as_bytes()), "{no}");
        }
    }
}
