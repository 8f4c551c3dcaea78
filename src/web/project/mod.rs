//! A project's own pages: the overview with how to install, the builds, the directories.

mod builds;
mod directories;
mod install;
mod overview;

use rocket::{Route, routes};

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![overview::overview, builds::builds, directories::dirs]
}
