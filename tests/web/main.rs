//! The pages seen from outside, one file for each section. No engine runs.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod account;
mod admin;
mod badge;
mod build;
mod create;
mod deliveries;
mod dependencies;
mod home;
#[expect(dead_code, reason = "the API's tests use the rest of it")]
#[path = "../support/hub.rs"]
mod hub;
mod live;
mod log;
mod monitor;
mod package_form;
mod packages;
mod pinned;
mod project;
mod session;
mod settings;
mod site;
mod status;
mod submit;
