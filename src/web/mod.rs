//! The pages that people look at.
//!
//! One page is one struct with finished values and one template of the same path. Handlers ask
//! [`crate::ops::pages`] once and put the answer into words; what they share is in [`view`] and
//! [`parts`], what is wrong in [`error`]. Everything works without JavaScript; with it, the build
//! page is live.
//!
//! Whoever assembles the server calls [`mount`] and manages an [`App`](crate::ops::App), the
//! store, the [`Builders`](crate::runner::builder::Builders) and the
//! [`Attempts`](crate::auth::attempts::Attempts); Rocket says at its start if one is missing.

mod account;
mod admin;
mod ansi;
mod build;
mod charts;
mod deliveries;
mod dependencies;
mod error;
mod filters;
mod form;
mod home;
mod logs;
mod monitor;
mod owner;
mod packages;
mod parts;
mod project;
mod session;
mod settings;
mod sources;
mod status;
mod submit;
mod view;

use rocket::fairing::AdHoc;
use rocket::http::uri::Origin;
use rocket::{Build, Rocket, catchers, routes};

/// Adds the pages.
pub fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    let pages = routes![
        owner::index,
        owner::numbered,
        owner::group,
        owner::group_numbered,
        session::form,
        session::log_in,
        session::once,
        session::log_in_once,
        session::ask_to_log_out,
        session::log_out,
    ];
    rocket
        .attach(group_addresses())
        .manage(build::Reasons::default())
        .mount("/", pages)
        .mount("/", home::routes())
        .mount("/", account::routes())
        .mount("/", status::routes())
        .mount("/", admin::routes())
        .mount("/", build::routes())
        .mount("/", submit::routes())
        .mount("/", deliveries::routes())
        .mount("/", project::routes())
        .mount("/", packages::routes())
        .mount("/", dependencies::routes())
        .mount("/", monitor::routes())
        .mount("/", settings::routes())
        .register("/", catchers![error::any])
}

/// Copr writes a group's addresses `/coprs/g/devs/…`; handlers see `/coprs/@devs/…`, the form
/// that clients use as well.
fn group_addresses() -> AdHoc {
    AdHoc::on_request("group addresses", |request, _| {
        Box::pin(async move {
            let Some(rest) = request.uri().path().as_str().strip_prefix("/coprs/g/") else {
                return;
            };
            let mut address = format!("/coprs/@{rest}");
            if let Some(query) = request.uri().query() {
                address = format!("{address}?{query}");
            }
            // It was an address before, and still is.
            if let Ok(address) = Origin::parse_owned(address) {
                request.set_uri(address);
            }
        })
    })
}
