//! The engine: takes queued work, builds it, publishes it. Knows nothing of HTTP.
//!
//! Rows in the database are the truth. [`engine`] looks at them after every write and every few
//! seconds, [`scheduler`] chooses, [`worker`] does the work and writes into the tables what
//! [`record`] allows in one step, [`publisher`] brings packages into repositories, [`recover`]
//! puts back what a dead server left. `forks` copies the files of forked builds.

mod build;
pub mod builder;
pub mod disk;
pub mod engine;
mod forks;
pub mod gate;
pub mod handle;
pub mod log;
mod publisher;
pub mod record;
mod recover;
pub mod sandbox;
pub mod scheduler;
pub mod source;
mod worker;

pub use build::async_build;
pub use engine::Engine;
pub use handle::Runner;
