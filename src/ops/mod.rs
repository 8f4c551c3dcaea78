//! What users can do: every rule and permission, once, for the API, the pages and the command
//! line.
//!
//! An operation takes the [`App`] and, where it matters, who asks; it decides, changes the tables
//! in one transaction, and leaves work on the disk to the runner as rows in the same transaction.

pub mod accounts;
pub mod authorise;
pub mod chroots;
pub mod error;

use std::sync::Arc;

pub use error::{Error, Result};

use crate::config::Config;
use crate::runner::Runner;
use crate::store::Store;

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
