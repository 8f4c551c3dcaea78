//! The packages of a project.

mod detail;
mod edit;
mod list;
mod rebuild;
mod remove;

use rocket::{Route, routes};

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![
        list::list,
        edit::add,
        edit::add_kind,
        edit::edit,
        edit::edit_kind,
        edit::create,
        edit::change,
        detail::detail,
        rebuild::one,
        rebuild::many,
        rebuild::build_one,
        rebuild::build_many,
        remove::ask,
        remove::delete,
        remove::ask_reset,
        remove::reset,
    ]
}
