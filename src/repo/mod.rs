//! The results tree on disk: layout, metadata, signatures.
//!
//! A repository is published by exchanging its `repodata` directory for one that was made and
//! signed aside, so that at any moment, and after any crash, there is the old one or the new one.

pub mod dotrepo;
pub mod layout;

pub use layout::Layout;
