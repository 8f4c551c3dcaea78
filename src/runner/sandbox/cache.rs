//! Snapshots of build roots: made once, shared by builds, never written to again.
//!
//! `cache/roots/<chroot>/<key>/root` is a snapshot. Its key covers the chroot's recipe and the
//! state of its repositories, so a change of either leads to a new one; the old one goes when no
//! build uses it any more. `cache/dnf/<chroot>` is dnf's cache of metadata.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as Lock;

use super::arch::Arch;
use super::dnf::Repos;
use super::fence::Wrap;
use super::home::{self, Home};
use super::packages::{Installer, Wanted};
use super::root::{BuildRoot, make_dir};
use super::step::Bench;
use crate::model::ChrootName;
use crate::runner::builder::BuildError;

/// Changes whenever what is in a snapshot changes for reasons of ours.
const FORMAT: &str = "1";
/// How long the state of a repository on another machine is taken for granted.
const RECHECK: Duration = Duration::from_mins(10);
/// Names of directories in which a snapshot is being made.
const UNFINISHED: &str = ".new-";

/// All snapshots of this server.
pub struct Roots {
    dir: PathBuf,
    places: Mutex<HashMap<String, Arc<Place>>>,
}

/// What the roots of one chroot share.
pub struct Place {
    snapshots: PathBuf,
    /// Metadata of repositories; one dnf at a time.
    pub(super) dnf_cache: PathBuf,
    pub(super) cache: Lock<()>,
    /// One build at a time looks for a snapshot and makes it if need be.
    making: Lock<Option<Instant>>,
    used: Mutex<HashMap<PathBuf, Weak<Snapshot>>>,
}

/// A finished root. As long as this value lives, it is not removed.
pub struct Snapshot {
    dir: PathBuf,
    /// Where the root's own rpm has its database.
    pub db_path: String,
}

impl Snapshot {
    /// The root directory.
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }
}

/// What a snapshot is made of.
pub struct Base<'a> {
    /// The chroot.
    pub chroot: &'a ChrootName,
    /// Its architecture.
    pub arch: &'a Arch,
    /// Addresses of its repositories.
    pub repos: &'a [String],
    /// What is installed.
    pub install: &'a [String],
}

impl Roots {
    /// Snapshots are kept below `cache`.
    pub fn new(cache: &Path) -> Roots {
        Roots { dir: cache.to_owned(), places: Mutex::default() }
    }

    /// What the roots of a chroot share.
    pub fn place(&self, chroot: &ChrootName) -> io::Result<Arc<Place>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(chroot.as_str()) {
            return Ok(place.clone());
        }
        let place = Place {
            snapshots: self.dir.join("roots").join(chroot.as_str()),
            dnf_cache: self.dir.join("dnf").join(chroot.as_str()),
            cache: Lock::new(()),
            making: Lock::new(None),
            used: Mutex::default(),
        };
        for dir in [&place.snapshots, &place.dnf_cache] {
            fs::create_dir_all(dir)?;
        }
        let place = Arc::new(place);
        places.insert(chroot.as_str().to_owned(), place.clone());
        Ok(place)
    }
}

impl Place {
    /// The snapshot for `base` as its repositories are now; made if there is none.
    pub async fn snapshot(
        self: &Arc<Place>,
        bench: &Bench<'_>,
        base: &Base<'_>,
    ) -> Result<Arc<Snapshot>, BuildError> {
        let mut checked = bench.wait(self.making.lock()).await?;
        let unfinished = self.snapshots.join(format!("{UNFINISHED}{}", bench.job.tag));
        let repos = Repos { base: base.repos, further: &[] };
        let is_local = base.repos.iter().all(|url| url.starts_with("file://"));
        let is_fresh = checked.is_some_and(|at| at.elapsed() < RECHECK);
        if !is_local && !is_fresh {
            make_dir(&unfinished)?;
            let installer = self.installer(bench, base, repos, &unfinished, "/var/lib/rpm")?;
            let root = BuildRoot::empty(unfinished.join("root"))?;
            let refreshed = installer.refresh(&root).await;
            fs::remove_dir_all(&unfinished)?;
            refreshed?;
            *checked = Some(Instant::now());
        }
        let dir = self.snapshots.join(self.key(base)?);
        if !dir.join("db_path").is_file() {
            bench.begin("making the build root");
            let made = self.make(bench, base, repos, &unfinished).await;
            if let Err(error) = made {
                remove_tree(&unfinished).await?;
                return Err(error);
            }
            remove_tree(&dir).await?;
            fs::rename(&unfinished, &dir)?;
            bench.finish("making the build root");
        }
        let db_path = fs::read_to_string(dir.join("db_path"))?;
        let snapshot = self.lend(Snapshot { dir, db_path: db_path.trim().to_owned() });
        self.remove_unused().await?;
        Ok(snapshot)
    }

    /// The handle on a snapshot that all its users share.
    fn lend(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, snapshot| snapshot.strong_count() > 0);
        if let Some(known) = used.get(&snapshot.dir).and_then(Weak::upgrade) {
            return known;
        }
        let snapshot = Arc::new(snapshot);
        used.insert(snapshot.dir.clone(), Arc::downgrade(&snapshot));
        snapshot
    }

    /// Removes snapshots of earlier states, and what an earlier server left half made. Only the
    /// holder of `making` does this.
    async fn remove_unused(&self) -> io::Result<()> {
        let mut unused = Vec::new();
        for entry in fs::read_dir(&self.snapshots)? {
            let path = entry?.path();
            let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if used.get(&path).is_none_or(|snapshot| snapshot.strong_count() == 0) {
                unused.push(path);
            }
        }
        for path in unused {
            remove_tree(&path).await?;
        }
        Ok(())
    }

    /// The name of the snapshot for a base: differs when anything differs that it is made from.
    fn key(&self, base: &Base<'_>) -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(FORMAT.as_bytes());
        add(base.chroot.as_str().as_bytes());
        base.install.iter().for_each(|spec| add(spec.as_bytes()));
        for (number, url) in base.repos.iter().enumerate() {
            add(url.as_bytes());
            if let Some(metadata) = self.metadata(number, url)? {
                add(&metadata);
            }
        }
        let digest = hash.finalize();
        Ok(digest.iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// The `repomd.xml` of a repository; of one elsewhere that which dnf has fetched.
    fn metadata(&self, number: usize, url: &str) -> io::Result<Option<Vec<u8>>> {
        let read = |path: PathBuf| match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        if let Some(path) = url.strip_prefix("file://") {
            return read(Path::new(path).join("repodata/repomd.xml"));
        }
        let prefix = format!("base{number}-");
        for entry in fs::read_dir(&self.dnf_cache)? {
            let entry = entry?;
            let file = entry.path().join("repodata/repomd.xml");
            if entry.file_name().to_string_lossy().starts_with(&prefix) && file.is_file() {
                return read(file);
            }
        }
        Ok(None)
    }

    fn installer<'a>(
        self: &Arc<Place>,
        bench: &'a Bench<'a>,
        base: &Base<'_>,
        repos: Repos<'_>,
        dir: &Path,
        db_path: &str,
    ) -> Result<Installer<'a>, BuildError> {
        let (place, dir) = (self.clone(), dir.join("dnf"));
        Installer::new(bench, place, dir, base.chroot, base.arch.clone(), repos, db_path)
    }

    async fn make(
        self: &Arc<Place>,
        bench: &Bench<'_>,
        base: &Base<'_>,
        repos: Repos<'_>,
        dir: &Path,
    ) -> Result<(), BuildError> {
        make_dir(dir)?;
        let guess = usual_db_path(base.chroot);
        let installer = self.installer(bench, base, repos, dir, guess)?;
        let root = BuildRoot::empty(dir.join("root"))?;
        installer.install(&root, Wanted::Packages(base.install)).await?;
        home::furnish(root.dir())?;
        let db_path = self.settle_db_path(bench, &root, dir, guess).await?;
        for part in ["dnf", "home"] {
            remove_tree(&dir.join(part)).await?;
        }
        fs::write(dir.join("db_path"), db_path)?;
        Ok(())
    }

    /// Asks the root's own rpm where it looks for its database, and puts that there.
    async fn settle_db_path(
        &self,
        bench: &Bench<'_>,
        root: &BuildRoot,
        dir: &Path,
        guess: &str,
    ) -> Result<String, BuildError> {
        let home = Home::new(dir.join("home"), &[])?;
        let command = ["rpm", "--eval", "%{_dbpath}"].map(OsString::from);
        let wrap = Wrap::new(root.dir()).no_network().kernel_files();
        let command = wrap.build_command(home.dir(), 1 << 20, None, command);
        let asked = bench.ask(root.enter(command)).await?;
        let Some(path) = asked.tail.lines().map(str::trim).find(|line| line.starts_with('/'))
        else {
            let text = format!(
                "the build root has no working rpm ({}): let it be made with rpm-build (Debian: \
                 rpm), see coprbox chroot add --install",
                asked.last_line()
            );
            return Err(BuildError::Unavailable(text));
        };
        let inside = |path: &str| root.dir().join(path.trim_start_matches('/'));
        if !has_database(&inside(path)) {
            if let Some(parent) = inside(path).parent() {
                fs::create_dir_all(parent)?;
            }
            remove_tree(&inside(path)).await?;
            fs::rename(inside(guess), inside(path))?;
        }
        Ok(path.to_owned())
    }
}

/// Where a distribution's rpm has its database, as far as that is known before it is there.
fn usual_db_path(chroot: &ChrootName) -> &'static str {
    let version = chroot.version().parse().unwrap_or(u32::MAX);
    if chroot.distribution() == "fedora" && version >= 36 {
        "/usr/lib/sysimage/rpm"
    } else {
        "/var/lib/rpm"
    }
}

fn has_database(dir: &Path) -> bool {
    ["rpmdb.sqlite", "Packages.db", "Packages"].iter().any(|name| dir.join(name).exists())
}

/// Removes everything in a directory.
pub async fn empty(dir: &Path) -> io::Result<()> {
    let mut result = Ok(());
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let removed = if entry.file_type()?.is_dir() {
            remove_tree(&entry.path()).await
        } else {
            fs::remove_file(entry.path())
        };
        result = result.and(removed);
    }
    result
}

/// Removes a directory tree that may be large, or not there.
pub(super) async fn remove_tree(dir: &Path) -> io::Result<()> {
    let dir = dir.to_owned();
    let removed = tokio::task::spawn_blocking(move || fs::remove_dir_all(dir)).await;
    match removed.map_err(io::Error::other)? {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_recipe_and_repositories() {
        let dir = tempfile::TempDir::new().unwrap();
        let repo = dir.path().join("repo");
        fs::create_dir_all(repo.join("repodata")).unwrap();
        fs::write(repo.join("repodata/repomd.xml"), "1").unwrap();
        let chroot: ChrootName = "debian-12-x86_64".parse().unwrap();
        let arch = Arch::of(&chroot, true).unwrap();
        let place = Roots::new(dir.path()).place(&chroot).unwrap();
        let repos = vec![format!("file://{}", repo.display())];
        let key = |install: &[&str]| {
            let install: Vec<String> = install.iter().map(ToString::to_string).collect();
            let base = Base { chroot: &chroot, arch: &arch, repos: &repos, install: &install };
            place.key(&base).unwrap()
        };
        let first = key(&["a", "b"]);
        assert_eq!(first, key(&["a", "b"]));
        assert_ne!(first, key(&["ab"]));
        fs::write(repo.join("repodata/repomd.xml"), "2").unwrap();
        assert_ne!(first, key(&["a", "b"]));
    }

    #[tokio::test]
    async fn only_unused_snapshots_are_removed() {
        let dir = tempfile::TempDir::new().unwrap();
        let chroot: ChrootName = "debian-12-x86_64".parse().unwrap();
        let place = Roots::new(dir.path()).place(&chroot).unwrap();
        for name in ["old", "used", ".new-7"] {
            fs::create_dir_all(place.snapshots.join(name).join("root")).unwrap();
        }
        let lend =
            || place.lend(Snapshot { dir: place.snapshots.join("used"), db_path: String::new() });
        let (one, two) = (lend(), lend());
        drop(one);
        place.remove_unused().await.unwrap();
        let left: Vec<_> = fs::read_dir(&place.snapshots).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert!(two.root().is_dir());
        drop(two);
        place.remove_unused().await.unwrap();
        assert_eq!(fs::read_dir(&place.snapshots).unwrap().count(), 0);
    }
}
