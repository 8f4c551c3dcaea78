//! The packages of a project.

mod list;

use rocket::{Route, routes};

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![list::list]
}
