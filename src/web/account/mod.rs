//! One's own account: tokens, password, profile, groups, and all that is kept about one.

mod groups;
mod info;
mod password;
mod pinned;
mod profile;
mod repositories;
mod tokens;

use rocket::{Route, routes};

/// The addresses of these pages.
pub fn routes() -> Vec<Route> {
    routes![
        groups::my,
        groups::activate,
        groups::activated,
        info::info,
        info::download,
        info::ask,
        info::delete,
        password::change,
        pinned::form,
        pinned::of_group,
        pinned::save,
        pinned::save_of_group,
        profile::form,
        profile::of_group,
        profile::save,
        profile::save_of_group,
        repositories::show,
        repositories::extend,
        repositories::ask,
        repositories::expire,
        repositories::extend_all,
        repositories::ask_all,
        repositories::expire_all,
        tokens::show,
        tokens::create,
        tokens::ask,
        tokens::revoke,
    ]
}
