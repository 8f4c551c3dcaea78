//! What goes away by itself: temporary projects when their time is over, chroots that a project has
//! switched off or the server no longer offers, directories of pull requests, builds beyond what a
//! package keeps, results that newer ones have superseded.
//!
//! Whatever goes is removed as if a user had deleted it: rows in one transaction, with the work on
//! the results tree queued in it. Each rule looks by index, takes a few at a time, and looks again
//! in the transaction that removes. [`preview`] says what the next [`sweep`] would remove.

mod builds;
mod chroots;
mod dirs;
mod prune;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{App, Result, projects};
use crate::clock::Timestamp;
use crate::model::job::{RepoKey, Tidy};
use crate::model::{
    BuildChrootId, BuildId, ChrootId, ChrootName, DirId, DirName, PackageId, PackageName, ProjectId,
};
use crate::repo::Layout;
use crate::store::{
    Connection, build_chroots, builds as build_rows, expiry, forks, jobs, projects as project_rows,
};

/// How long after the server's start the first look is taken.
const SOON: Duration = Duration::from_secs(30);

/// Something that is to go, or has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose it is: `owner/project`.
    pub project: String,
    /// What it is.
    pub what: What,
}

/// What goes away by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A temporary project whose time is over.
    Project,
    /// All that was built in a chroot that was switched off.
    Chroot(ChrootName),
    /// The directory of a pull request, with all its builds.
    Directory(DirName),
    /// Builds beyond the newest that a package keeps.
    Builds(PackageName, Vec<BuildId>),
    /// What builds have left in a repository, and newer ones have superseded. The builds stay on
    /// record.
    Results(DirName, ChrootName, Vec<BuildId>),
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let project = &self.project;
        match &self.what {
            What::Project => write!(f, "{project}: its time is over"),
            What::Chroot(chroot) => write!(f, "{project}: everything in {chroot}"),
            What::Directory(dir) => write!(f, "{project}: the directory {dir}"),
            What::Builds(package, builds) => {
                write!(f, "{project}: {} old builds of {package}", builds.len())
            }
            What::Results(dir, chroot, builds) => {
                write!(f, "{project}: superseded results of {} builds, ", builds.len())?;
                write!(f, "{dir} in {chroot}")
            }
        }
    }
}

/// What the rules work by.
#[derive(Clone)]
struct Rules {
    now: Timestamp,
    layout: Layout,
    /// Results must be older than this to be superseded.
    cutoff: Timestamp,
}

impl Rules {
    fn new(app: &App, now: Timestamp) -> Rules {
        let age = app.config.cleanup.superseded().as_secs();
        let cutoff = Timestamp(now.0.saturating_sub_unsigned(age));
        Rules { now, layout: app.layout(), cutoff }
    }
}

/// One rule. What it lists are keys in rising order; nothing but the list itself is remembered.
trait Rule: Send + Sync + 'static {
    type Key: Copy + Send + 'static;

    /// Before all keys.
    const FIRST: Self::Key;

    /// Keys after `after`, in part: none when there are no more.
    fn list(db: &Connection, rules: &Rules, after: Self::Key) -> Result<Vec<Self::Key>>;

    /// What goes with this key; `None` when it stays after all.
    fn due(db: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>>;

    /// Looks again, and removes what is due or a part of it; `None` when nothing is, or nothing
    /// can be removed just now.
    fn remove(tx: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>>;
}

/// Runs until the token fires: looks soon after the start, and then again and again.
pub async fn run(app: App, stop: CancellationToken) {
    let Some(interval) = app.config.cleanup.pause() else { return stop.cancelled().await };
    let mut pause = SOON;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = interval;
        if let Err(error) = sweep(&app, Timestamp::now()).await {
            tracing::error!(%error, "what is to go away by itself is left for the next time");
        }
    }
}

/// What a [`sweep`] would remove now.
pub async fn preview(app: &App, now: Timestamp) -> Result<Vec<Due>> {
    let rules = Rules::new(app, now);
    app.store
        .read(move |db| {
            let mut all = Vec::new();
            let mut after = ProjectId(0);
            loop {
                let ids = expiry::projects(db, now, after)?;
                let Some(last) = ids.last() else { break };
                after = *last;
                for id in ids {
                    all.extend(ending_project(db, id)?);
                }
            }
            all.extend(listed::<chroots::Ended>(db, &rules)?);
            all.extend(listed::<dirs::PullRequests>(db, &rules)?);
            all.extend(listed::<builds::Surplus>(db, &rules)?);
            all.extend(listed::<prune::Superseded>(db, &rules)?);
            Ok(all)
        })
        .await
}

fn listed<R: Rule>(db: &Connection, rules: &Rules) -> Result<Vec<Due>> {
    let (mut all, mut after) = (Vec::new(), R::FIRST);
    loop {
        let keys = R::list(db, rules, after)?;
        let Some(last) = keys.last() else { return Ok(all) };
        after = *last;
        for key in keys {
            all.extend(R::due(db, rules, key)?);
        }
    }
}

/// Removes what is due, and says what that was.
pub async fn sweep(app: &App, now: Timestamp) -> Result<Vec<Due>> {
    let rules = Rules::new(app, now);
    let mut gone = sweep_projects(app, now).await?;
    gone.extend(apply::<chroots::Ended>(app, &rules).await?);
    gone.extend(apply::<dirs::PullRequests>(app, &rules).await?);
    gone.extend(apply::<builds::Surplus>(app, &rules).await?);
    gone.extend(apply::<prune::Superseded>(app, &rules).await?);
    Ok(gone)
}

/// Applies one rule to all there is, one transaction for each step.
async fn apply<R: Rule>(app: &App, rules: &Rules) -> Result<Vec<Due>> {
    let (mut gone, mut after) = (Vec::new(), R::FIRST);
    loop {
        let now = rules.clone();
        let keys = app.store.read(move |db| R::list(db, &now, after)).await?;
        let Some(last) = keys.last() else { return Ok(gone) };
        after = *last;
        for key in keys {
            let now = rules.clone();
            // Most of what is listed is not due: that costs no write.
            let mut due = app.store.read(move |db| R::due(db, &now, key)).await?;
            while due.is_some() {
                let now = rules.clone();
                due = app.store.write(move |tx| R::remove(tx, &now, key)).await?;
                // What takes several steps is told once.
                if let Some(due) = due.as_ref().filter(|due| gone.last() != Some(due)) {
                    tracing::info!("removed: {due}");
                    gone.push(due.clone());
                }
            }
        }
    }
}

fn ending_project(db: &Connection, id: ProjectId) -> Result<Option<Due>> {
    let waits = !build_rows::unfinished(db, id)?.is_empty();
    let project = project_rows::get(db, id)?.filter(|_| !waits);
    Ok(project.map(|project| Due { project: project.full_name(), what: What::Project }))
}

/// Projects are deleted by the operation that users have for it, which knows about names and keys.
async fn sweep_projects(app: &App, now: Timestamp) -> Result<Vec<Due>> {
    let (mut gone, mut after) = (Vec::new(), ProjectId(0));
    loop {
        let ids = app.store.read(move |db| expiry::projects(db, now, after)).await?;
        let Some(last) = ids.last() else { return Ok(gone) };
        after = *last;
        for id in ids {
            let due = app.store.read(move |db| ending_project(db, id)).await?;
            if let Some(due) = due
                && projects::expire(app, id, now).await?
            {
                tracing::info!("removed: {due}");
                gone.push(due);
            }
        }
    }
}

/// Whether a repository is there when results have been taken out of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repository {
    Stays,
    Goes,
}

/// Takes what chroot builds have left out of their repositories and off the disk. They stay on
/// record; the source package goes when it is the last that was left of its build.
fn drop_results(
    tx: &Connection,
    rules: &Rules,
    parts: &[BuildChrootId],
    repository: Repository,
) -> Result<()> {
    let mut tidy = Tidy::default();
    let mut remove = |path: std::path::PathBuf| {
        let below = path.strip_prefix(rules.layout.data_dir()).ok().and_then(|path| path.to_str());
        tidy.remove.extend(below.map(str::to_owned));
    };
    let mut repos: Vec<RepoKey> = Vec::new();
    for &id in parts {
        let Some(part) = build_chroots::get(tx, id)? else { continue };
        let Some(build) = build_rows::get(tx, part.build)? else { continue };
        if forks::taker_of_build(tx, build.id)?.is_some() {
            // A fork is copying it; the next round finds it again.
            continue;
        }
        let Some(name) = &part.result_dir else { continue };
        remove(rules.layout.result(&build.owner, &build.dir, &part.name, name));
        build_chroots::forget_results(tx, id)?;
        if part.state.is_published() && repository == Repository::Stays {
            repos.extend(build_chroots::repo(tx, id)?);
        }
        if !build_chroots::has_results(tx, build.id)? {
            remove(rules.layout.source(&build.owner, &build.dir, build.id));
            build_rows::forget_srpm(tx, build.id)?;
        }
    }
    repos.sort_unstable();
    repos.dedup();
    tidy.repos = repos;
    jobs::queue_tidy(tx, &tidy)?;
    Ok(())
}
