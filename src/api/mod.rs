//! APIv3: what copr-cli, python-copr and dnf's plugins talk to. One file for each namespace, and
//! beside them the methods of the original Copr, [`original`].
//!
//! A handler reads the request into an operation's own type, calls the operation, and shows what
//! comes back as one of the structs in [`view`]. It decides nothing. Whoever assembles the server
//! manages an [`App`](crate::ops::App) and calls [`mount`].

mod build;
mod build_chroot;
mod catch;
mod comps;
mod create;
mod dotrepo;
mod error;
mod fork;
mod general;
mod listing;
mod methods;
mod mock_chroot;
mod monitor;
mod original;
mod package;
mod params;
mod project;
mod project_chroot;
mod project_permission;
mod rpm_upload;
mod rpmrepo;
mod source;
mod upload;
mod view;
mod webhook;

use rocket::{Build, Rocket};

/// Everything below this path is APIv3.
const BASE: &str = "/api_3";

/// Adds the API, and the addresses beside it that machines ask for.
pub fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket
        .mount(BASE, general::routes())
        .mount(BASE, project::routes())
        .mount(BASE, fork::routes())
        .mount(BASE, project_permission::routes())
        .mount(BASE, project_chroot::routes())
        .mount(BASE, mock_chroot::routes())
        .mount(BASE, package::routes())
        .mount(BASE, create::routes())
        .mount(BASE, rpm_upload::routes())
        .mount(BASE, build::routes())
        .mount(BASE, build_chroot::routes())
        .mount(BASE, monitor::routes())
        .mount(BASE, rpmrepo::routes())
        .mount(BASE, webhook::routes())
        .mount(BASE, methods::options())
        .mount(original::BASE, original::routes())
        .mount("/", dotrepo::routes())
        .mount("/", comps::routes())
        .mount("/", upload::routes())
        .register(BASE, catch::catchers())
        .register(original::BASE, original::catchers())
}
