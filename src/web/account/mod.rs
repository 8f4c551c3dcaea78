//! One's own account: tokens, password, profile, groups, and all that is kept about one.

mod groups;
mod info;
mod password;
mod profile;
mod tokens;

use rocket::{Route, routes};

/// The addresses of these pages.
pub fn routes() -> Vec<Route> {
    routes![
        groups::my,
        info::info,
        info::download,
        info::ask,
        info::delete,
        password::change,
        profile::form,
        profile::of_group,
        profile::save,
        profile::save_of_group,
        tokens::show,
        tokens::create,
        tokens::ask,
        tokens::revoke,
    ]
}
