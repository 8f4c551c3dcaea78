//! Publishing: from a list of packages to the repository that clients see, in one step.
//!
//! The next generation of `repodata` is made in a directory beside it, checked, signed, and then
//! exchanged with the current one, which no client and no crash can see half done. Files of
//! earlier generations, whose names contain their checksums, are carried along for a while:
//! clients that have read an old `repomd.xml` go on to fetch what it names.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::appstream::AppStream;
use super::createrepo::Run;
use super::metadata::{self, REPOMD, REPOMD_ASC};
use super::{Errand, Error, SigningKey, disk};

/// How long files of an earlier generation stay: longer than any client takes for an update.
pub const RETENTION: Duration = Duration::from_hours(1);

pub(super) const REPODATA: &str = "repodata";
/// The name of a comps file; that of the file in the metadata follows from it.
const COMPS: &str = "comps.xml";
/// What names of generations in the making begin with.
const SCRATCH: &str = ".repodata-";

/// A repository as it is to be.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Its directory; made if it is not there.
    pub dir: PathBuf,
    /// Packages that must be in it, relative to the directory.
    pub packages: Vec<String>,
    /// Further packages, of earlier builds. One whose file is lost or damaged is left out, with a
    /// word in the server's log: it cannot be had anyway, and must not hold up all others.
    pub older: Vec<String>,
    /// A comps file to include.
    pub comps: Option<PathBuf>,
    /// Adds descriptions of the applications in it, where that works.
    pub appstream: Option<AppStream>,
    /// Signs `repomd.xml`.
    pub key: Option<SigningKey>,
    /// How long files of earlier generations stay.
    pub retention: Duration,
}

impl Publication {
    /// A repository without packages.
    pub fn empty(dir: impl Into<PathBuf>, key: Option<SigningKey>) -> Publication {
        let (packages, older, dir) = (Vec::new(), Vec::new(), dir.into());
        let (comps, appstream) = (None, None);
        Publication { dir, packages, older, comps, appstream, key, retention: RETENTION }
    }

    /// Publishes it. Once this returns without an error, the repository lists exactly these
    /// packages, less those of earlier builds that are lost, and does so also after a power loss;
    /// after an error it is as it was. One repository can be published by one caller at a time.
    pub async fn publish(self, errand: Errand<'_>) -> Result<(), Error> {
        let this = spawn_blocking(move || Held::new(self)).await??;
        let mut update = this.dir.join(REPODATA).join(REPOMD).is_file();
        loop {
            let scratch = match this.make_generation(update, errand).await {
                Ok(scratch) => scratch,
                // The current metadata may be what is wrong.
                Err(Error::Failed { .. } | Error::PackagesLeftOut(_) | Error::Metadata { .. })
                    if update =>
                {
                    tracing::warn!(dir = %this.dir.display(), "making all metadata anew");
                    update = false;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let scratch = this.described(scratch, errand).await?;
            if let Some(key) = &this.key {
                key.sign_file(&scratch.path().join(REPODATA).join(REPOMD), errand).await?;
            }
            return this.blocking(move |this| this.switch(&scratch)).await;
        }
    }

    /// Whether the generation in `scratch` is whole and lists the packages that it should; if it
    /// `may_lack` some of earlier builds, those are told to the server's log. The list is read
    /// once, as a stream: for 20,000 packages 0.2 s and a set of their names.
    fn verify(&self, scratch: &Path, may_lack: bool) -> Result<(), Error> {
        let repomd = scratch.join(REPODATA).join(REPOMD);
        let files = metadata::read_repomd(&repomd)?;
        for file in &files {
            let path = scratch.join(&file.href);
            if !path.is_file() {
                return Err(Error::metadata(&path, "createrepo_c lists it but did not write it"));
            }
        }
        let mut wanted: HashSet<&str> = self.all().map(String::as_str).collect();
        let mut surplus = Vec::new();
        for primary in files.iter().filter(|file| file.kind == "primary") {
            metadata::read_primary(&scratch.join(&primary.href), &mut |package| {
                if !wanted.remove(package.href.as_str()) {
                    surplus.push(package.href);
                }
            })?;
        }
        if let Some(package) = surplus.first() {
            let why = format!("createrepo_c lists {package}, which it was not asked to");
            return Err(Error::metadata(&repomd, why));
        }
        let (mut left_out, lost): (Vec<String>, Vec<String>) = wanted
            .into_iter()
            .map(str::to_owned)
            .partition(|name| !may_lack || self.packages.contains(name));
        if left_out.is_empty() {
            self.tell_lost(&lost);
            return Ok(());
        }
        left_out.sort_unstable();
        Err(Error::PackagesLeftOut(left_out))
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.older.iter().chain(&self.packages)
    }

    fn tell_lost(&self, lost: &[String]) {
        let dir = self.dir.display();
        for package in lost {
            tracing::error!(%dir, package, "a package is lost or damaged, and no longer published");
        }
    }

    /// Puts the finished generation in `scratch` in the place of the current one.
    fn switch(&self, scratch: &TempDir) -> Result<(), Error> {
        let (new, current) = (scratch.path().join(REPODATA), self.dir.join(REPODATA));
        let made = fs::read_dir(&new).map_err(Error::disk(&new))?;
        let mut made: Vec<PathBuf> = made.flatten().map(|entry| entry.path()).collect();
        let replaces = current.is_dir();
        if replaces {
            self.carry_over(&current, &new)?;
        }
        made.push(new.clone());
        disk::sync_all(&made)?;
        let flags = if replaces { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &new, CWD, &current, flags).map_err(|error| match error {
            Errno::INVAL | Errno::NOSYS => Error::NoExchange(self.dir.clone()),
            error => Error::Disk { path: current, error: error.into() },
        })?;
        disk::sync(&self.dir)
    }

    /// Links the files of the current and of earlier generations into the new one. A file's time
    /// is when it was superseded, so that it can be told when it may go.
    fn carry_over(&self, current: &Path, new: &Path) -> Result<(), Error> {
        let now = SystemTime::now();
        // A damaged index names nothing that clients could be after.
        let listed = metadata::read_repomd(&current.join(REPOMD)).unwrap_or_default();
        let listed: HashSet<&str> =
            listed.iter().filter_map(|file| file.href.strip_prefix("repodata/")).collect();
        for entry in fs::read_dir(current).map_err(Error::disk(current))?.flatten() {
            let name = entry.file_name();
            let (old, target) = (entry.path(), new.join(&name));
            let name = name.to_string_lossy();
            if matches!(&*name, REPOMD | REPOMD_ASC) || self.retention.is_zero() {
                continue;
            }
            let carry = || {
                let superseded =
                    if listed.contains(&*name) { now } else { entry.metadata()?.modified()? };
                let age = now.duration_since(superseded).unwrap_or_default();
                if age >= self.retention {
                    return Ok(());
                }
                match fs::hard_link(&old, &target) {
                    // Nothing has changed: the new generation has a file of the same content.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    Err(error) => Err(error),
                    Ok(()) => File::open(&target)?.set_modified(superseded),
                }
            };
            carry().map_err(Error::disk(&old))?;
        }
        Ok(())
    }
}

/// A publication under way, with the lock on its repository. Whatever works on the repository
/// holds this, also when nobody waits for the outcome any more.
struct Held {
    publication: Publication,
    _lock: Lock,
}

impl Deref for Held {
    type Target = Publication;

    fn deref(&self) -> &Publication {
        &self.publication
    }
}

impl Held {
    /// Looks whether everything is there.
    fn new(mut publication: Publication) -> Result<Arc<Held>, Error> {
        let dir = &publication.dir;
        fs::create_dir_all(dir).map_err(Error::disk(dir))?;
        let lock = Lock::new(dir)?;
        remove_scratch(dir)?;
        let missing = |name: &&String| !dir.join(name).is_file();
        let missing: Vec<String> = publication.packages.iter().filter(missing).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::PackagesMissing(missing));
        }
        let older = std::mem::take(&mut publication.older);
        let (kept, lost): (Vec<String>, Vec<String>) =
            older.into_iter().partition(|name| publication.dir.join(name).is_file());
        publication.tell_lost(&lost);
        publication.older = kept;
        Ok(Arc::new(Held { publication, _lock: lock }))
    }

    /// A directory for the next generation, with the list of packages in it.
    fn make_scratch(&self) -> Result<TempDir, Error> {
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&self.dir);
        let scratch = scratch.map_err(Error::disk(&self.dir))?;
        let list = scratch.path().join("pkglist");
        write_list(&list, self.all()).map_err(Error::disk(&list))?;
        Ok(scratch)
    }

    /// Makes the next generation, unsigned, in a directory of its own.
    async fn make_generation(
        self: &Arc<Held>,
        update: bool,
        errand: Errand<'_>,
    ) -> Result<TempDir, Error> {
        let scratch = self.blocking(Held::make_scratch).await?;
        let run = Run {
            repo: &self.dir,
            pkglist: &scratch.path().join("pkglist"),
            out: scratch.path(),
            comps: self.comps.as_deref(),
            update,
        };
        run.run(errand).await?;
        self.blocking(move |this| {
            // An update may lack what the metadata before were wrong about.
            this.verify(scratch.path(), !update)?;
            Ok(scratch)
        })
        .await
    }

    /// Adds descriptions of applications. Without them a repository is as good; where they cannot
    /// be made, the server's log says why.
    async fn described(
        self: &Arc<Held>,
        scratch: TempDir,
        errand: Errand<'_>,
    ) -> Result<TempDir, Error> {
        let Some(appstream) = &self.appstream else { return Ok(scratch) };
        let (repodata, aside) = (scratch.path().join(REPODATA), scratch.path().join("appstream"));
        match appstream.describe(&self.dir, self.all(), &aside, &repodata, errand).await {
            Ok(()) => {}
            Err(Error::Canceled) => return Err(Error::Canceled),
            Err(error) => {
                tracing::warn!(dir = %self.dir.display(), %error, "no AppStream metadata");
            }
        }
        self.blocking(move |this| {
            this.verify(scratch.path(), true)?;
            Ok(scratch)
        })
        .await
    }

    /// Runs `work` where waiting for the disk disturbs nobody.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Held>,
        work: impl FnOnce(&Held) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = Arc::clone(self);
        spawn_blocking(move || work(&this)).await?
    }
}

fn write_list<'a>(path: &Path, packages: impl Iterator<Item = &'a String>) -> io::Result<()> {
    let mut list = io::BufWriter::new(File::create(path)?);
    for package in packages {
        writeln!(list, "{package}")?;
    }
    list.flush()
}

/// Holds others off a repository.
struct Lock(OwnedFd);

impl Lock {
    fn new(dir: &Path) -> Result<Lock, Error> {
        let fd = OwnedFd::from(File::open(dir).map_err(Error::disk(dir))?);
        match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock(fd)),
            Err(Errno::WOULDBLOCK) => Err(Error::Busy(dir.to_owned())),
            Err(error) => Err(Error::Disk { path: dir.to_owned(), error: error.into() }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would not do: a program that is just being started has the file open as well.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Removes generations that were in the making when a server was killed. Publishing does so too;
/// this is for repositories that are not published again.
pub fn sweep(dir: &Path) -> Result<(), Error> {
    if !dir.is_dir() {
        return Ok(());
    }
    let _lock = Lock::new(dir)?;
    remove_scratch(dir)
}

fn remove_scratch(dir: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(dir).map_err(Error::disk(dir))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            fs::remove_dir_all(entry.path()).map_err(Error::disk(entry.path()))?;
        }
    }
    Ok(())
}

/// Moves the packages that a build has made in `from` to its result directory `to`, and returns
/// the names of all packages there. Both are on one file system. Blocks until the packages are on
/// the disk: what `fsync` takes for those that the system has not written yet, some milliseconds
/// each where they are small. To be repeated after a crash.
pub fn move_in(from: &Path, to: &Path) -> Result<Vec<String>, Error> {
    fs::create_dir_all(to).map_err(Error::disk(to))?;
    let names = packages_in(from)?;
    let paths: Vec<PathBuf> = names.iter().map(|name| from.join(name)).collect();
    disk::sync_all(&paths)?;
    for name in names {
        fs::rename(from.join(&name), to.join(&name)).map_err(Error::disk(to.join(&name)))?;
    }
    disk::sync(to)?;
    packages_in(to)
}

/// Gives result directories that were made elsewhere their places, instead of what an earlier
/// attempt may have left there: each is moved from the first path to the second, on one file
/// system. Blocks until their packages are on the disk; many at once wait little longer than one.
pub fn put_dirs(dirs: &[(&Path, &Path)]) -> Result<(), Error> {
    let mut made = Vec::new();
    for (from, _) in dirs {
        made.extend(packages_in(from)?.iter().map(|name| from.join(name)));
        made.push(from.to_path_buf());
    }
    disk::sync_all(&made)?;
    let mut parents = BTreeSet::new();
    for (from, to) in dirs {
        match fs::remove_dir_all(to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::Disk { path: to.to_path_buf(), error });
            }
            _ => {}
        }
        let parent = to.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(Error::disk(parent))?;
        fs::rename(from, to).map_err(Error::disk(to))?;
        parents.insert(parent.to_owned());
    }
    disk::sync_all(&parents.into_iter().collect::<Vec<_>>())
}

/// Puts the comps file of a repository into its directory, where Copr has it, or removes it; the
/// answer is for [`Publication::comps`].
pub fn put_comps(dir: &Path, text: Option<&str>) -> Result<Option<PathBuf>, Error> {
    let path = dir.join(COMPS);
    match text {
        Some(text) if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) => Ok(Some(path)),
        Some(text) => disk::write_atomically(&path, text.as_bytes()).map(|()| Some(path)),
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::Disk { path, error })
            }
            _ => Ok(None),
        },
    }
}

/// The names of the packages in `dir`, sorted; links and directories are none.
pub(super) fn packages_in(dir: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::disk(dir))? {
        let entry = entry.map_err(Error::disk(dir))?;
        let is_file = entry.file_type().map_err(Error::disk(entry.path()))?.is_file();
        if let Ok(name) = entry.file_name().into_string()
            && is_file
            && Path::new(&name).extension().is_some_and(|extension| extension == "rpm")
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
