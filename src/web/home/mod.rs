//! What concerns the whole server: the home page, what was built lately, feeds.

mod index;
mod recent;
mod rss;

use rocket::{Route, routes};

/// The addresses of these pages.
pub fn routes() -> Vec<Route> {
    routes![
        index::index,
        index::coprs,
        index::numbered,
        recent::all,
        recent::recent,
        recent::my,
        rss::newest,
        rss::some,
        rss::all,
    ]
}
