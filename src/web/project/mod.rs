//! A project's own pages: the overview with how to install, and the list of builds.

mod builds;
mod install;
mod overview;

use rocket::{Route, routes};

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![overview::overview, builds::builds]
}
