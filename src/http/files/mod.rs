//! The results tree over HTTP: what dnf, wget and browsers fetch.
//!
//! Rocket's own file server knows no ranges and no validators and follows symbolic links out of
//! its root, so this is ours. A request is answered in one visit to the blocking pool: [`tree`]
//! opens the file beneath the root, [`answer`] decides what to say, and small files are read at
//! once. Only large ones are streamed.

mod answer;
mod conditions;
mod handler;
mod kind;
pub mod listing;
mod path;
mod range;
mod tree;

pub use handler::ResultsTree;
pub use listing::size;
