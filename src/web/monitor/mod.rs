//! The monitor: how the newest build of each package is doing, chroot by chroot.

mod live;
mod matrix;

use rocket::{Route, routes};

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![matrix::usual, matrix::simple, matrix::detailed, live::follow]
}
