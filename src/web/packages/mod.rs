//! The packages of a project.

mod edit;
mod list;

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
    ]
}
