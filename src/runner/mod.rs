//! The engine: takes queued work, builds it, publishes it. Knows nothing of HTTP.

pub mod builder;
pub mod handle;
pub mod log;
pub mod scheduler;
pub mod source;

pub use handle::Runner;
