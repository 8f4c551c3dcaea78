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
mod hooks;
mod listing;
mod methods;
mod mock_chroot;
mod monitor;
mod openapi;
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

use openapi::Namespace;

/// Everything below this path is APIv3.
const BASE: &str = "/api_3";

/// Everything that the description of the API tells of.
fn namespaces() -> Vec<Namespace> {
    let apiv3 = |name, about, endpoints| Namespace { name, about, base: BASE, endpoints };
    let original =
        |name, about, endpoints| Namespace { name, about, base: original::BASE, endpoints };
    vec![
        apiv3("general", "What is asked before anything else.", general::endpoints()),
        apiv3("project", "Projects.", project::endpoints().and(fork::endpoints())),
        apiv3("permissions", "Who may do what in a project.", project_permission::endpoints()),
        apiv3("project-chroot", "What a project builds for.", project_chroot::endpoints()),
        apiv3("mock-chroots", "What the server builds for.", mock_chroot::endpoints()),
        apiv3("package", "Packages of a project.", package::endpoints()),
        apiv3(
            "build-create",
            "Handing in builds.",
            create::endpoints().and(rpm_upload::endpoints()),
        ),
        apiv3("build", "Builds.", build::endpoints()),
        apiv3("build-chroot", "Builds in one chroot.", build_chroot::endpoints()),
        apiv3("monitor", "How packages are doing.", monitor::endpoints()),
        apiv3("rpmrepo", "What dnf5 asks.", rpmrepo::endpoints()),
        apiv3("webhook", "Webhooks.", webhook::endpoints()),
        apiv3("description", "What you are reading.", openapi::endpoints()),
        original("coprs", "Projects, in the words of the original Copr.", original::coprs()),
        original("pkgs", "Packages, in the words of the original Copr.", original::pkgs()),
    ]
}

/// Adds the API, and the addresses beside it that machines ask for.
pub fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    let mount =
        |rocket: Rocket<Build>, space: Namespace| rocket.mount(space.base, space.endpoints.routes);
    namespaces()
        .into_iter()
        .fold(rocket, mount)
        .mount(BASE, methods::options())
        .mount(original::BASE, methods::options())
        .mount(hooks::BASE, hooks::routes())
        .mount("/", dotrepo::routes())
        .mount("/", comps::routes())
        .mount("/", upload::routes())
        .register(BASE, catch::catchers())
        .register(hooks::BASE, hooks::catchers())
        .register(original::BASE, original::catchers())
}
