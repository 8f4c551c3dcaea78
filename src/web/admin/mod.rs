//! Looking after the server: accounts, groups, chroots, and whether this machine has what it needs.
//! For its admins alone; [`crate::ops::admin`] asks who is asking.

mod chroots;
mod doctor;
mod groups;
mod users;

use rocket::{Route, routes};

/// The addresses of these pages.
pub fn routes() -> Vec<Route> {
    routes![
        users::list,
        users::add,
        users::edit,
        users::save,
        users::link,
        groups::list,
        groups::add,
        groups::take_in,
        groups::take_out,
        chroots::list,
        chroots::enable,
        chroots::ask,
        chroots::disable,
        chroots::comment,
        doctor::doctor,
    ]
}
