//! The loop that keeps builds going: looks at the queue, starts what there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::builder::Builders;
use super::handle::Runner;
use super::publisher::Publisher;
use super::worker::Workshop;
use super::{disk, forks, recover, scheduler};
use crate::config::Config;
use crate::model::job::Job;
use crate::model::{JobId, ProjectId};
use crate::repo::Layout;
use crate::store::{self, Store, StoreError, jobs};

/// How often the queue is looked at without a reason: another process may have written to it.
const INTERVAL: Duration = Duration::from_secs(3);

/// Work on the results tree that may be under way beside the builds.
const TIDIERS: usize = 2;

/// Why the engine cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The tables cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk failed.
    #[error("{0}: {1}")]
    Disk(std::path::PathBuf, std::io::Error),
    /// A job has ended in a panic; the next start puts it back.
    #[error("a job failed in the server itself: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// The engine of one server.
pub struct Engine {
    shop: Arc<Workshop>,
    builds: JoinSet<()>,
    tidiers: JoinSet<()>,
    /// One at the most: copying and signing is work for the disk and for one processor.
    copiers: JoinSet<()>,
    last_filled: ProjectId,
    is_short_of_disk: bool,
}

impl Engine {
    /// An engine at rest.
    pub fn new(
        config: Arc<Config>,
        store: Store,
        runner: Runner,
        builders: Builders,
        shutdown: CancellationToken,
    ) -> Engine {
        let layout = Layout::new(config.data_dir.clone(), config.base_url.clone());
        let publisher = Publisher::new(store.clone(), layout.clone(), shutdown.clone());
        let shop = Workshop { config, store, layout, builders, publisher, runner, shutdown };
        Engine {
            shop: Arc::new(shop),
            builds: JoinSet::new(),
            tidiers: JoinSet::new(),
            copiers: JoinSet::new(),
            last_filled: ProjectId(0),
            is_short_of_disk: false,
        }
    }

    /// Puts right what an earlier server left behind when it died. To be called once, before
    /// anything is served; nobody else may use the data directory by now.
    pub async fn recover(&self) -> Result<(), EngineError> {
        recover::recover(&self.shop).await
    }

    /// Works until the token given to [`Engine::new`] fires and everything has stopped. An error
    /// is one that the server cannot go on with.
    pub async fn run(mut self) -> Result<(), EngineError> {
        let mut writes = self.shop.store.writes();
        let shutdown = self.shop.shutdown.clone();
        while !shutdown.is_cancelled() {
            writes.borrow_and_update();
            self.start_tidying().await?;
            self.start_copying().await?;
            self.start_builds().await?;
            tokio::select! {
                _ = writes.changed() => {}
                Some(ended) = self.builds.join_next() => ended?,
                Some(ended) = self.tidiers.join_next() => ended?,
                Some(ended) = self.copiers.join_next() => ended?,
                () = tokio::time::sleep(INTERVAL) => {}
                () = shutdown.cancelled() => {}
            }
        }
        while self.builds.join_next().await.is_some() {}
        while self.tidiers.join_next().await.is_some() {}
        while self.copiers.join_next().await.is_some() {}
        Ok(())
    }

    /// Fills the free slots. Each start costs one look along the index of the queue.
    async fn start_builds(&mut self) -> Result<(), EngineError> {
        while self.builds.len() < usize::from(self.shop.config.runner.slots) && self.has_room()? {
            let chosen = self
                .shop
                .store
                .read(|db| {
                    let candidates = jobs::candidates(db)?;
                    let running = jobs::running_owners(db)?;
                    Ok::<_, StoreError>(scheduler::pick(&candidates, &running))
                })
                .await?;
            let Some(job) = chosen else { return Ok(()) };
            if let Some(job) = self.claim(job).await? {
                let shop = Arc::clone(&self.shop);
                self.builds.spawn(async move { shop.run(job).await });
            }
        }
        Ok(())
    }

    async fn start_tidying(&mut self) -> Result<(), EngineError> {
        while self.tidiers.len() < TIDIERS {
            let next = self.shop.store.read(jobs::next_tidy).await?;
            let Some(job) = next else { return Ok(()) };
            if let Some(job) = self.claim(job).await? {
                let shop = Arc::clone(&self.shop);
                self.tidiers.spawn(async move { shop.run(job).await });
            }
        }
        Ok(())
    }

    /// Gives the next fork in turn its turn.
    async fn start_copying(&mut self) -> Result<(), EngineError> {
        if !self.copiers.is_empty() {
            return Ok(());
        }
        let last = self.last_filled;
        let next = self.shop.store.read(move |db| store::forks::next_project(db, last)).await?;
        let Some(project) = next else { return Ok(()) };
        self.last_filled = project;
        let shop = Arc::clone(&self.shop);
        self.copiers.spawn(async move { forks::fill(&shop, project).await });
        Ok(())
    }

    async fn claim(&self, job: JobId) -> Result<Option<Job>, StoreError> {
        self.shop.store.write(move |db| jobs::claim(db, job)).await
    }

    /// Whether there is room on the disk to begin another build; says so once when it changes.
    fn has_room(&mut self) -> Result<bool, EngineError> {
        let dir = self.shop.layout.data_dir();
        let free = disk::free(dir).map_err(|error| EngineError::Disk(dir.to_owned(), error))?;
        let short = free < self.shop.config.runner.disk_reserve.0;
        if short != self.is_short_of_disk {
            self.is_short_of_disk = short;
            if short {
                tracing::warn!(free, "too little room on the disk: no further builds are begun");
            } else {
                tracing::info!(free, "there is room on the disk again");
            }
        }
        Ok(!short)
    }
}
