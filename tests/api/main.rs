//! APIv3 seen from outside, one file for each namespace. No engine runs: what is queued stays.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod build;
mod build_chroot;
mod checklist;
mod create_sources;
mod defects;
mod directories;
mod dotrepo;
mod forges;
mod fork;
mod general;
mod hooks;
#[path = "../support/hub.rs"]
mod hub;
mod lists;
mod original;
mod package;
mod package_add;
mod package_edit;
mod polling;
mod project;
mod project_chroot;
mod project_permission;
mod rpm_upload;
mod tree;
mod upload;
mod user_documents;
mod webhook;
