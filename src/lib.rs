//! coprbox: a whole Fedora Copr in one process.
//!
//! The rooms of the house, from the ground up; each may use those above it in this list, never
//! those below (`tests/architecture.rs` holds this against the code):
//!
//! | room | what lives there |
//! |---|---|
//! | [`clock`], [`config`] | the time of day; the settings |
//! | [`model`] | what things are: names, states, projects, builds. Plain types, no I/O |
//! | [`client`] | a server seen from outside: a library for programs, as the original Copr had one |
//! | [`rpm`] | what an RPM file says of itself; which version is newer |
//! | [`process`] | the only place that starts other programs |
//! | [`store`] | where things are kept: SQLite, and nothing else |
//! | [`repo`] | the results tree on disk: layout, metadata, signatures |
//! | [`runner`] | the engine: takes queued work, builds it, publishes it |
//! | [`ops`] | what users can do: every rule and permission, once |
//! | [`auth`], [`http`] | who is asking; what all HTTP answers share |
//! | [`api`], [`web`] | APIv3; the pages. Neither knows the other |
//! | [`cli`] | the command line |

// So that tests in here can use what those in tests/ share.
#[cfg(test)]
extern crate self as coprbox;

pub mod api;
pub mod auth;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod http;
pub mod model;
pub mod ops;
pub mod process;
pub mod repo;
pub mod rpm;
pub mod runner;
pub mod store;
pub mod web;
