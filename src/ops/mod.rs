//! What users can do: every rule and permission, once, for the API, the pages and the command
//! line.
//!
//! An operation takes the [`App`] and, where it matters, who asks; it decides, changes the tables
//! in one transaction, and leaves work on the disk to the runner as rows in the same transaction.

pub mod accounts;
pub mod admin;
pub mod authorise;
pub mod builds;
pub mod chroots;
pub mod comps;
mod deploy_keys;
pub mod disk;
pub mod doctor;
pub mod error;
pub mod failure;
pub mod forks;
pub mod install;
pub mod janitor;
pub mod listing;
pub mod mistakes;
pub mod outdated;
pub mod overview;
pub mod packages;
pub mod pages;
pub mod permissions;
pub mod personal;
pub mod pins;
pub mod polling;
pub mod project_chroots;
pub mod projects;
pub mod queue;
pub mod search;
pub mod settings;
pub mod sources;
pub mod statistics;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use error::{Error, Result};
pub use mistakes::Mistakes;

use crate::config::Config;
use crate::model::JobId;
use crate::repo::Layout;
use crate::runner::Runner;
use crate::store::{Store, jobs};

/// How long an answer waits for work on the results tree that follows from a request. The work
/// goes on when this is over.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that an operation needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The tables.
    pub store: Store,
    /// The engine.
    pub runner: Runner,
}

impl App {
    /// Where things are on disk, and the addresses that lead there.
    pub fn layout(&self) -> Layout {
        Layout::new(self.config.data_dir.clone(), self.config.base_url.clone())
    }

    /// Waits until a job is done or has failed once, but not for long, and not where the engine is
    /// told to rest.
    async fn wait_for(&self, job: JobId) {
        if self.config.runner.slots == 0 {
            return;
        }
        let is_done = || async {
            // An error here will be met again, and told, by whatever comes next.
            !self.store.read(move |db| jobs::is_under_way(db, job)).await.unwrap_or(false)
        };
        self.runner.wait_until(PATIENCE, is_done).await;
    }
}
