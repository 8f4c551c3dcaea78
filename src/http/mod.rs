//! What all HTTP answers share: files, headers, compression, logging.
//!
//! Nothing here knows what a project is. [`files`] serves the results tree, [`body`] reads what
//! clients send, the rest is manners.

pub mod body;
pub mod cache;
pub mod compress;
pub mod files;
pub mod refusal;
