//! Publishing, one run at a time for each repository.
//!
//! Chroot builds that finish while a repository is being published wait; the next run takes all of
//! them at once. So a repository costs one `createrepo_c` for each batch of arrivals, not for each
//! arrival, and no two runs ever lose each other's packages. What a run publishes is read from the
//! tables when it begins.
//!
//! Builds of a project that decides itself when they become public go into a second set of
//! metadata, [`Stage::Devel`], which names everything; the first stays as it was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use tokio_util::sync::CancellationToken;

use crate::model::job::{RepoKey, Stage};
use crate::model::project::{Dir, Project};
use crate::model::{BuildChrootId, ChrootName, ProjectId};
use crate::process::{self, JobMark};
use crate::repo::publish::RETENTION;
use crate::repo::{self, APPSTREAM_BUILDER, AppStream, Errand, Layout, Publication, SigningKey};
use crate::store::build_chroots::RepoFiles;
use crate::store::{
    Connection, Store, StoreError, build_chroots, chroots, project_chroots, projects,
};

/// Why a repository was not published. Many may be told the same.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum PublishError {
    /// It was told to stop.
    #[error("canceled")]
    Canceled,
    /// The disk is full.
    #[error("the disk of the server is full")]
    NoSpace,
    /// A program is not installed.
    #[error("this server cannot publish: {0}")]
    Missing(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<repo::Error> for PublishError {
    fn from(error: repo::Error) -> PublishError {
        match &error {
            repo::Error::Canceled => PublishError::Canceled,
            repo::Error::Disk { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                PublishError::NoSpace
            }
            repo::Error::Program(process::Error::Missing { .. }) => {
                PublishError::Missing(error.to_string())
            }
            _ => PublishError::Failed(error.to_string()),
        }
    }
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> PublishError {
        PublishError::Failed(error.to_string())
    }
}

/// Where the packages of a build are listed now.
type Answer = Result<Stage, PublishError>;

/// Someone who waits for a repository to be published.
struct Waiting {
    /// The chroot build whose packages are to be in it.
    joining: Option<BuildChrootId>,
    answer: oneshot::Sender<Answer>,
}

/// What is known of one repository while somebody wants it published.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    turn: AsyncMutex<()>,
}

/// Publishes repositories. Cheap to clone.
#[derive(Clone)]
pub(super) struct Publisher {
    store: Store,
    layout: Layout,
    queues: Arc<Mutex<HashMap<RepoKey, Arc<Queue>>>>,
    /// Keys are made one at a time: two at once for one project would leave one unused.
    making_key: Arc<AsyncMutex<()>>,
    /// Stops a run. Nothing less does: a run is shared, and one build's cancel is not another's.
    shutdown: CancellationToken,
}

/// A repository's names, looked up.
struct Place {
    project: Project,
    dir: Dir,
    chroot: ChrootName,
    /// The content of its comps file.
    comps: Option<String>,
}

/// What one run publishes.
struct Plan {
    place: Place,
    /// In this order.
    stages: Vec<(Stage, RepoFiles)>,
    /// Where those that join are listed.
    joined: Stage,
}

impl Plan {
    /// Everything when somebody wants the repository renewed; else only the stage that is joined.
    fn make(
        db: &Connection,
        repo: RepoKey,
        joining: &[BuildChrootId],
        renews: bool,
    ) -> Result<Option<Plan>, StoreError> {
        let Some(place) = look_up(db, repo)? else { return Ok(None) };
        let files = |stage, joining| build_chroots::repo_files(db, repo, stage, joining);
        let mut stages = Vec::new();
        let is_manual = place.project.settings.manual_createrepo;
        let joined = if is_manual { Stage::Devel } else { Stage::Production };
        if is_manual && renews {
            stages.push((Stage::Production, files(Stage::Production, &[])?));
        }
        stages.push((joined, files(joined, joining)?));
        if !is_manual && renews {
            // Left from a time when it was otherwise: all of it is public by now.
            stages.push((Stage::Devel, RepoFiles::default()));
        }
        Ok(Some(Plan { place, stages, joined }))
    }
}

impl Publisher {
    pub(super) fn new(store: Store, layout: Layout, shutdown: CancellationToken) -> Publisher {
        let (queues, making_key) = (Arc::default(), Arc::default());
        Publisher { store, layout, queues, making_key, shutdown }
    }

    /// Publishes a repository with everything that the tables list, and with what `joining`
    /// built. A repository whose project or chroot has gone is published by doing nothing. Only the
    /// end of the server stops it.
    pub(super) async fn publish(
        &self,
        repo: RepoKey,
        joining: Option<BuildChrootId>,
        mark: &JobMark,
    ) -> Answer {
        let errand = Errand { cancel: &self.shutdown, mark: Some(mark) };
        loop {
            let queue = Arc::clone(lock(&self.queues).entry(repo).or_default());
            let (answer, mut answered) = oneshot::channel();
            lock(&queue.waiting).push(Waiting { joining, answer });
            let _turn = queue.turn.lock().await;
            match answered.try_recv() {
                // Whoever had the turn before has done our work with theirs.
                Ok(answer) => return answer,
                Err(TryRecvError::Empty) => return self.lead(repo, &queue, joining, errand).await,
                // Whoever took our work has not lived to answer.
                Err(TryRecvError::Closed) => {}
            }
        }
    }

    /// Publishes for everybody who waits; the answer is that of `joining`, which is among them.
    async fn lead(
        &self,
        repo: RepoKey,
        queue: &Queue,
        joining: Option<BuildChrootId>,
        errand: Errand<'_>,
    ) -> Answer {
        let batch = std::mem::take(&mut *lock(&queue.waiting));
        let outcome = self.publish_batch(repo, &batch, errand).await;
        self.forget_if_idle(repo);
        let mut own = outcome.clone();
        let is_alone = batch.len() == 1;
        for waiting in batch {
            let answer = match &outcome {
                // One bad package must not fail its neighbours: each is tried by itself.
                Err(PublishError::Failed(_)) if !is_alone => {
                    self.publish_batch(repo, std::slice::from_ref(&waiting), errand).await
                }
                other => other.clone(),
            };
            if waiting.joining == joining {
                own.clone_from(&answer);
            }
            // Nobody listens to our own; the tables know about others who no longer do.
            let _ = waiting.answer.send(answer);
        }
        own
    }

    async fn publish_batch(&self, repo: RepoKey, batch: &[Waiting], errand: Errand<'_>) -> Answer {
        let joining: Vec<BuildChrootId> = batch.iter().filter_map(|w| w.joining).collect();
        let renews = batch.iter().any(|waiting| waiting.joining.is_none());
        let plan = self.store.read(move |db| Plan::make(db, repo, &joining, renews)).await?;
        let Some(Plan { place, stages, joined }) = plan else { return Ok(Stage::Production) };
        let key = self.key(&place.project, errand).await?;
        let (owner, chroots) = (&place.project.owner, std::slice::from_ref(&place.chroot));
        let (layout, dir) = (&self.layout, &place.dir.name);
        let made = repo::create_copr(layout, owner, dir, chroots, &key, errand).await?;
        let dir = layout.chroot(owner, dir, &place.chroot);
        let comps = repo::put_comps(&dir, place.comps.as_deref())?;
        let is_as_made =
            |files: &RepoFiles| !made.is_empty() && files.is_empty() && comps.is_none();
        for (stage, files) in stages {
            let (dir, files) = match stage {
                Stage::Production if is_as_made(&files) => continue,
                Stage::Production => (dir.clone(), files),
                Stage::Devel => {
                    let (owner, chroot) = (&place.project.owner, &place.chroot);
                    let devel = self.layout.devel(owner, &place.dir.name, chroot);
                    if joined == Stage::Production && !devel.is_dir() {
                        continue;
                    }
                    (devel, from_below(files))
                }
            };
            let RepoFiles { older, joining: packages } = files;
            let (comps, key) = (comps.clone(), Some(key.clone()));
            let appstream = appstream(&place.project).filter(|_| stage == Stage::Production);
            let retention = RETENTION;
            let publication =
                Publication { dir, packages, older, comps, appstream, key, retention };
            publication.publish(errand).await?;
        }
        Ok(joined)
    }

    /// The project's signing key; made when it is first needed.
    pub(super) async fn key(
        &self,
        project: &Project,
        errand: Errand<'_>,
    ) -> Result<SigningKey, PublishError> {
        if let Ok(key) = SigningKey::open(&self.layout, project.id) {
            return Ok(key);
        }
        let _turn = self.making_key.lock().await;
        let (owner, name) = (&project.owner, &project.name);
        let key = SigningKey::create(&self.layout, project.id, owner, name, errand).await?;
        let (id, fingerprint) = (project.id, key.fingerprint().to_owned());
        self.note_key(id, fingerprint).await?;
        Ok(key)
    }

    async fn note_key(&self, id: ProjectId, fingerprint: String) -> Result<(), StoreError> {
        self.store.write(move |db| projects::set_key(db, id, &fingerprint)).await
    }

    /// Keeps the map from growing with every repository that was ever published.
    fn forget_if_idle(&self, repo: RepoKey) {
        let mut queues = lock(&self.queues);
        // Ours and the map's: nobody else holds it, so nobody waits.
        if queues.get(&repo).is_some_and(|queue| Arc::strong_count(queue) <= 2) {
            queues.remove(&repo);
        }
    }
}

/// How a project's applications are described, if it wants that and the machine has the tool.
fn appstream(project: &Project) -> Option<AppStream> {
    let program = project.settings.appstream.then(|| process::find(APPSTREAM_BUILDER))??;
    Some(AppStream { program, origin: project.full_name() })
}

/// The same files, as a directory below that of the repository names them.
fn from_below(files: RepoFiles) -> RepoFiles {
    let up = |names: Vec<String>| names.iter().map(|name| format!("../{name}")).collect();
    RepoFiles { older: up(files.older), joining: up(files.joining) }
}

fn look_up(db: &Connection, repo: RepoKey) -> Result<Option<Place>, StoreError> {
    let Some(dir) = projects::get_dir(db, repo.dir)? else { return Ok(None) };
    let Some(project) = projects::get(db, dir.project)? else { return Ok(None) };
    let Some(chroot) = chroots::get(db, repo.chroot)? else { return Ok(None) };
    if project_chroots::get(db, project.id, repo.chroot)?.is_none() {
        // Its data are being removed.
        return Ok(None);
    }
    let comps = project_chroots::comps(db, project.id, chroot.id)?;
    Ok(Some(Place { project, dir, chroot: chroot.name, comps }))
}

/// A panic elsewhere leaves these maps as whole as they were.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
