//! Handing in builds: the forms for each kind of sources, and for a build that was there before.

mod fields;
mod new;
mod repeat;

use rocket::{Route, routes};

/// The addresses.
pub fn routes() -> Vec<Route> {
    routes![new::add, new::new, repeat::ask, repeat::again]
}
