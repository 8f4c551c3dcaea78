//! The engine: takes queued work, builds it, publishes it. Knows nothing of HTTP.

pub mod handle;
pub mod scheduler;
pub mod source;

pub use handle::Runner;
