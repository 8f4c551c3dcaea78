//! Filling forks: copies the files of builds, signs the packages anew, and has them published.
//!
//! The rows of forked builds are there from the start; which of them still lack their files, the
//! tables know. A turn takes some of one project's: the copies are made and signed in scratch
//! space, renamed to where they belong, and only then noted. A server that is killed loses a turn
//! at the most, and what it has renamed but not noted is replaced by the next. Turns go round
//! among the projects, so that a small fork does not wait for a large one.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::disk;
use super::worker::{ATTEMPTS, PAUSE, Workshop, remove_dir, write_build_info};
use crate::model::build::Build;
use crate::model::job::{RepoKey, Tidy};
use crate::model::project::Project;
use crate::model::{JobId, ProjectId};
use crate::process::{self, JobMark};
use crate::repo::{self, Errand, SigningKey};
use crate::store::forks::{Copy, Part};
use crate::store::{
    Connection, StoreError, build_chroots, builds, forks, jobs, project_chroots, projects,
};

/// Builds that one turn copies: some seconds' work, and enough to share what starting `gpg` costs.
const AT_ONCE: u32 = 25;

/// Why copies were not made.
enum Stop {
    /// What was to be copied has gone; no second try will find it.
    Gone(String),
    /// One build's files are to blame, or may be.
    Failed(String),
    /// The server is to blame: a full disk, a program that is missing.
    Fault(String),
    /// The server ends.
    Canceled,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Fault(error.to_string())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Stop::Fault("the disk of the server is full".to_owned())
            }
            _ => Stop::Failed(error.to_string()),
        }
    }
}

impl From<repo::Error> for Stop {
    fn from(error: repo::Error) -> Stop {
        match error {
            repo::Error::Canceled => Stop::Canceled,
            repo::Error::Disk { error, .. } => error.into(),
            repo::Error::Program(process::Error::Missing { .. }) => Stop::Fault(error.to_string()),
            error => Stop::Failed(error.to_string()),
        }
    }
}

/// A build whose files are to be copied, with all that has to be known.
struct Order {
    copy: Copy,
    build: Build,
    parts: Vec<Part>,
    /// Each directory to be copied.
    dirs: Vec<Directory>,
}

/// A directory to be copied.
struct Directory {
    from: PathBuf,
    /// Below scratch space.
    by: PathBuf,
    to: PathBuf,
    /// The packages that must be there; `None` for that of a source build, of which nothing is
    /// signed and which may be missing.
    packages: Option<Vec<String>>,
}

/// Copies some of what a project still lacks. Once nothing is left, its repositories are queued.
pub(super) async fn fill(shop: &Workshop, project: ProjectId) {
    let scratch = shop.layout.work().join("forks");
    let outcome = take_turn(shop, project, &scratch).await;
    if let Err(Stop::Gone(why) | Stop::Failed(why) | Stop::Fault(why)) = &outcome {
        tracing::error!(%project, why, "a fork cannot be filled for now");
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = shop.shutdown.cancelled() => {}
        }
    }
    if let Ok(Err(error)) = spawn_blocking(move || remove_dir(&scratch)).await {
        tracing::warn!(%error, "cannot remove the scratch directory of forks");
    }
    shop.runner.tell();
}

async fn take_turn(shop: &Workshop, project: ProjectId, scratch: &Path) -> Result<(), Stop> {
    remove_dir(scratch)?;
    let (fork, copies) = shop
        .store
        .read(move |db| {
            Ok::<_, StoreError>((
                projects::get(db, project)?,
                forks::pending(db, project, AT_ONCE)?,
            ))
        })
        .await?;
    let Some(fork) = fork else { return Ok(()) };
    let mark = JobMark::new(shop.layout.data_dir(), JobId(0));
    let errand = Errand { cancel: &shop.shutdown, mark: Some(&mark) };
    let key = shop.publisher.key(&fork, errand).await.map_err(|error| {
        if shop.shutdown.is_cancelled() { Stop::Canceled } else { Stop::Fault(error.to_string()) }
    })?;
    let mut orders = Vec::with_capacity(copies.len());
    for copy in copies {
        let again = copy.clone();
        match prepare(shop, copy, scratch).await {
            Ok(Some(order)) => orders.push(order),
            Ok(None) => {}
            // What was copied before the disk was full is worth keeping.
            Err(Stop::Fault(_)) if !orders.is_empty() => break,
            Err(cause) => note_failure(shop, &fork, again, cause).await?,
        }
    }
    let (signed, failed) = sign_each(&key, orders, errand).await?;
    settle(shop, &fork, signed).await?;
    for (copy, cause) in failed {
        note_failure(shop, &fork, copy, cause).await?;
    }
    Ok(())
}

/// Signs the packages of all builds at once, or, when that fails, those of each build alone: that
/// tells which of them is to blame.
async fn sign_each(
    key: &SigningKey,
    orders: Vec<Order>,
    errand: Errand<'_>,
) -> Result<(Vec<Order>, Vec<(Copy, Stop)>), Stop> {
    match sign(key, &orders, errand).await {
        Ok(()) => return Ok((orders, Vec::new())),
        Err(Stop::Failed(_)) => {}
        Err(stop) => return Err(stop),
    }
    let (mut signed, mut failed) = (Vec::new(), Vec::new());
    for order in orders {
        match sign(key, std::slice::from_ref(&order), errand).await {
            Ok(()) => signed.push(order),
            Err(stop @ Stop::Failed(_)) => failed.push((order.copy, stop)),
            Err(stop) => return Err(stop),
        }
    }
    Ok((signed, failed))
}

/// Looks up what is to be copied, and copies it into scratch space; `None` when the build has
/// gone.
async fn prepare(shop: &Workshop, copy: Copy, scratch: &Path) -> Result<Option<Order>, Stop> {
    if shop.shutdown.is_cancelled() {
        return Err(Stop::Canceled);
    }
    if disk::free(shop.layout.data_dir())? < shop.config.runner.disk_reserve.0 {
        return Err(Stop::Fault("there is too little room on the disk".to_owned()));
    }
    let (layout, scratch) = (shop.layout.clone(), scratch.join(copy.build.to_string()));
    let order = shop
        .store
        .read(move |db| {
            let Some(build) = builds::get(db, copy.build)? else { return Ok(None) };
            let gone = || {
                let why = format!("build {} was deleted before it was copied", copy.original);
                Stop::Gone(why)
            };
            let original = builds::get(db, copy.original)?.ok_or_else(gone)?;
            let parts = forks::parts(db, &copy)?;
            let mut dirs = vec![Directory {
                from: layout.source(&original.owner, &original.dir, original.id),
                by: scratch.join("source"),
                to: layout.source(&build.owner, &build.dir, build.id),
                packages: None,
            }];
            for part in &parts {
                let (id, from) = part.original.as_ref().ok_or_else(gone)?;
                let (chroot, name) = (&part.chroot, &part.result_dir);
                dirs.push(Directory {
                    from: layout.result(&original.owner, &original.dir, chroot, from),
                    by: scratch.join(chroot.as_str()),
                    to: layout.result(&build.owner, &build.dir, chroot, name),
                    packages: Some(build_chroots::files(db, *id)?),
                });
            }
            Ok::<_, Stop>(Some(Order { copy, build, parts, dirs }))
        })
        .await?;
    let Some(order) = order else { return Ok(None) };
    let copying = spawn_blocking(move || {
        for dir in &order.dirs {
            copy_dir(dir, &order.build)?;
        }
        Ok(Some(order))
    });
    copying.await.map_err(|error| Stop::Fault(error.to_string()))?
}

fn copy_dir(dir: &Directory, build: &Build) -> Result<(), Stop> {
    let packages: HashSet<&str> = dir.packages.iter().flatten().map(String::as_str).collect();
    match copy_tree(&dir.from, &dir.by, &packages) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && dir.packages.is_none() => {
            return Ok(());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other?,
    }
    if let Some(missing) = packages.iter().find(|name| !dir.by.join(name).is_file()) {
        let why = format!("{} was deleted before it was copied", dir.from.join(missing).display());
        return Err(Stop::Gone(why));
    }
    Ok(write_build_info(&dir.by, build.id)?)
}

/// Copies a directory: the packages in it as files of their own, since signing changes them; all
/// else under a second name, which costs nothing, since nobody ever changes it. What is neither
/// file nor directory was made by foreign code, and stays behind.
fn copy_tree(from: &Path, to: &Path, packages: &HashSet<&str>) -> io::Result<()> {
    let entries = std::fs::read_dir(from)?;
    std::fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&source, &target, &HashSet::new())?;
        } else if kind.is_file() {
            let name = entry.file_name();
            let is_package = name.to_str().is_some_and(|name| packages.contains(name));
            // File systems limit the number of names, and some have only one.
            if is_package || std::fs::hard_link(&source, &target).is_err() {
                std::fs::copy(&source, &target)?;
            }
        }
    }
    Ok(())
}

async fn sign(key: &SigningKey, orders: &[Order], errand: Errand<'_>) -> Result<(), Stop> {
    let dirs = orders.iter().flat_map(|order| &order.dirs);
    let packages: Vec<PathBuf> =
        dirs.flat_map(|dir| dir.packages.iter().flatten().map(|name| dir.by.join(name))).collect();
    Ok(key.sign_rpms(&packages, errand).await?)
}

/// Gives what was copied its place, and notes that it is there. A build that was deleted in the
/// meantime takes its files with it.
async fn settle(shop: &Workshop, fork: &Project, orders: Vec<Order>) -> Result<(), Stop> {
    if orders.is_empty() {
        return Ok(());
    }
    let placing = spawn_blocking(move || {
        let dirs = orders.iter().flat_map(|order| &order.dirs).filter(|dir| dir.by.is_dir());
        let moves: Vec<_> = dirs.map(|dir| (dir.by.as_path(), dir.to.as_path())).collect();
        repo::put_dirs(&moves)?;
        Ok::<_, repo::Error>(orders)
    });
    let placed = placing.await.map_err(|error| Stop::Fault(error.to_string()))?;
    // Nobody but the server writes there.
    let orders = placed.map_err(|error| Stop::Fault(error.to_string()))?;
    let project = fork.id;
    let gone = shop
        .store
        .write(move |db| {
            let mut gone = Vec::new();
            for order in orders {
                if !forks::settle(db, order.copy.build, &order.parts)? {
                    gone.extend(order.dirs.into_iter().map(|dir| dir.to));
                }
            }
            queue_when_full(db, project)?;
            Ok::<_, StoreError>(gone)
        })
        .await?;
    for dir in &gone {
        remove_dir(dir)?;
    }
    Ok(())
}

/// Notes that one build was not copied, unless the server is to blame.
async fn note_failure(
    shop: &Workshop,
    fork: &Project,
    copy: Copy,
    cause: Stop,
) -> Result<(), Stop> {
    let why = match cause {
        Stop::Fault(_) | Stop::Canceled => return Err(cause),
        Stop::Failed(why) if copy.attempt + 1 < ATTEMPTS => {
            tracing::warn!(build = %copy.build, why, "a build is to be copied again");
            shop.store.write(move |db| forks::try_again(db, copy.build)).await?;
            return Ok(());
        }
        Stop::Failed(why) | Stop::Gone(why) => why,
    };
    tracing::error!(build = %copy.build, why, "a build cannot be copied");
    let project = fork.id;
    shop.store
        .write(move |db| {
            forks::give_up(db, copy.build, &why)?;
            queue_when_full(db, project)
        })
        .await?;
    Ok(())
}

/// Has a fork published that lacks nothing any more.
fn queue_when_full(db: &Connection, project: ProjectId) -> Result<(), StoreError> {
    let Some(fork) = projects::get(db, project)? else { return Ok(()) };
    if forks::is_filling(db, project)? {
        return Ok(());
    }
    let dir = projects::main_dir(db, &fork)?.id;
    let used = project_chroots::list(db, project)?;
    let used = used.iter().filter(|used| used.is_enabled() && used.chroot.active);
    let repos = used.map(|used| RepoKey { dir, chroot: used.chroot.id }).collect();
    jobs::queue_tidy(db, &Tidy { repos, remove: Vec::new() }).map(drop)
}
