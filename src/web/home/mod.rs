//! What concerns the whole server: the home page, search, what was built lately, feeds.

mod index;
mod nevra;
mod recent;
mod rss;
mod search;

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
        search::index,
        search::numbered,
        nevra::index,
        nevra::numbered,
    ]
}
