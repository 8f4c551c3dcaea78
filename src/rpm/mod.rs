//! What an RPM file says of itself, and which of two versions is newer.
//!
//! Packages come from strangers. Nothing here runs a program, nothing allocates on the word of
//! the file, and a damaged file is an error, never a panic.

pub mod arch;
pub mod evr;
pub mod header;
pub mod links;
pub mod package;

pub use evr::Evr;
pub use header::{Error, Header, Rpm};
pub use package::Package;
