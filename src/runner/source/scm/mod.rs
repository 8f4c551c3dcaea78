//! `scm`: a git or Subversion repository, and the ways from there to a source package.
//!
//! The repository is fetched by the server itself, with git or svn held on a short lead
//! ([`trip`]); everything that runs what is in it, or reads its spec, happens in a chroot.

mod again;
mod archive;
pub(super) mod git;
pub(super) mod look;
mod remote;
mod rpkg;
mod svn;
mod tools;
pub(super) mod tree;
mod trip;

use std::fs;
use std::path::{Path, PathBuf};

use tokio::task::block_in_place;

use super::distgit;
use super::error::SourceError;
use super::kitchen::Kitchen;
use crate::model::source::{CloneUrl, Scm, ScmKind, SpecPath, SrpmMethod, SubPath};
use crate::runner::worker::Stop;
use git::{Clone, History};
use tree::Found;

pub(super) use trip::{Outfit, Trip};

/// The directory of the tree that checkouts are in.
const SRC: &str = "src";

/// Makes the source package.
pub(super) async fn make(kitchen: &Kitchen<'_>, scm: &Scm) -> Result<PathBuf, Stop> {
    let trip = kitchen.trip(&scm.clone_url).await?;
    let place = Place::new(kitchen, scm)?;
    let history = match scm.method {
        SrpmMethod::Rpkg => History::None,
        SrpmMethod::MakeSrpm => History::Recent,
        // They look for the newest tag.
        SrpmMethod::Tito | SrpmMethod::TitoTest => History::All,
    };
    let committish = scm.committish.get();
    let clone = match scm.kind {
        ScmKind::Git => {
            let top = place.top.clone();
            let mut clone = Clone::make(&trip, &scm.clone_url, committish, history, top).await?;
            clone.submodules().await?;
            Some(clone)
        }
        ScmKind::Svn => {
            svn::check_out(&trip, &scm.clone_url, committish, &place.top).await?;
            None
        }
    };
    block_in_place(|| tree::check_dir(&place.top, &place.subdirectory))?;
    match scm.method {
        SrpmMethod::Rpkg => rpkg_method(kitchen, scm, &place, clone.as_ref()).await,
        SrpmMethod::Tito => tools::tito(kitchen, &place, false).await,
        SrpmMethod::TitoTest => tools::tito(kitchen, &place, true).await,
        SrpmMethod::MakeSrpm => tools::make(kitchen, &place).await,
    }
}

/// Where a checkout is.
struct Place {
    /// The tree that a chroot is given.
    tree: PathBuf,
    /// The checkout, seen from the tree.
    inside: String,
    /// The checkout.
    top: PathBuf,
    /// What the user named, seen from the checkout.
    subdirectory: PathBuf,
    spec: Option<PathBuf>,
}

impl Place {
    fn new(kitchen: &Kitchen<'_>, scm: &Scm) -> Result<Place, Stop> {
        let tree = kitchen.dir().join("tree");
        fs::create_dir_all(tree.join(SRC))?;
        let inside = format!("{SRC}/{}", dir_name(&scm.clone_url));
        Ok(Place {
            top: tree.join(&inside),
            tree,
            inside,
            subdirectory: scm.subdirectory.get().map(SubPath::below).unwrap_or_default(),
            spec: scm.spec.get().map(SpecPath::below),
        })
    }

    fn find_spec(&self) -> Result<Found, SourceError> {
        block_in_place(|| tree::find_spec(&self.top, &self.subdirectory, self.spec.as_deref()))
    }
}

/// The directory that git would make: some Makefiles take the package's name from it.
pub(super) fn dir_name(url: &CloneUrl) -> &str {
    let name = url.name();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let plain = !name.is_empty() && !name.starts_with(['.', '-']) && name.chars().all(legal);
    if plain && name.len() < 200 { name } else { "repository" }
}

async fn rpkg_method(
    kitchen: &Kitchen<'_>,
    scm: &Scm,
    place: &Place,
    clone: Option<&Clone<'_>>,
) -> Result<PathBuf, Stop> {
    let found = place.find_spec()?;
    kitchen.log.line(format!("spec file: {}", found.path.display()));
    let text = String::from_utf8_lossy(&found.text);
    let sources = kitchen.dir().join("sources");
    fs::create_dir(&sources)?;
    let filled = match clone {
        Some(clone) => {
            if let Some(unknown) = rpkg::unknown_template(&text) {
                kitchen.log.line(format!("{unknown} is left to rpkg itself"));
                clone.deepen(History::All).await?;
                return tools::rpkg(kitchen, place, &found, &unknown).await;
            }
            let filled = rpkg::fill_in(clone, &found, &text, &place.subdirectory, &sources).await?;
            // A spec that has no templates stays as it is, whatever its encoding.
            (filled != text).then_some(filled)
        }
        None => None,
    };
    let spec = write_spec(kitchen.dir(), &found, filled.as_deref())?;
    block_in_place(|| tree::copy_files(&place.top, found.dir(), &sources))?;
    distgit::fetch_listed(kitchen, scm, &place.top, found.dir(), &sources).await?;
    kitchen.pack(spec, sources).await
}

/// Writes a spec to where a builder takes it from.
pub(super) fn write_spec(dir: &Path, found: &Found, filled: Option<&str>) -> Result<PathBuf, Stop> {
    let name = found.name();
    if name.starts_with(['.', '-']) || name.chars().any(char::is_control) {
        let why = format!("{name:?} cannot be the name of a spec file");
        return Err(SourceError::Directory(why).into());
    }
    let dir = dir.join("spec");
    fs::create_dir_all(&dir)?;
    let path = dir.join(name);
    fs::write(&path, filled.map_or(found.text.as_slice(), str::as_bytes))?;
    Ok(path)
}

/// The refusal of `file://`.
fn files_forbidden() -> Stop {
    let why = "file:// addresses are not allowed here (sources.allow_file_urls)";
    SourceError::Clone(why.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkouts_have_the_repositorys_name_where_it_is_one() {
        for (url, name) in [
            ("https://h/g/my.app-1.git", "my.app-1"),
            ("https://h/g/.git", "repository"),
            ("https://h/", "repository"),
            ("git@h:x/..", "repository"),
            ("https://h/a%20b", "repository"),
        ] {
            assert_eq!(dir_name(&url.parse().unwrap()), name, "{url}");
        }
    }
}
