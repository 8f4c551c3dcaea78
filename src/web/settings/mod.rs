//! Making a project, and the pages of its settings.

mod batches;
mod chroots;
mod create;
mod delete;
mod fields;
mod fork;
mod general;
mod integrations;
mod permissions;
mod repositories;

pub use self::repositories::OutdatedRow;

use rocket::{Route, routes};

use super::parts::Masthead;
use super::view;
use crate::clock::Timestamp;
use crate::ops::pages::ProjectHead;

/// The addresses of the settings.
pub fn routes() -> Vec<Route> {
    routes![
        create::add,
        create::new,
        create::add_review,
        create::new_review,
        general::edit,
        general::update,
        general::regenerate,
        chroots::list,
        chroots::edit,
        chroots::update,
        permissions::show,
        permissions::ask,
        permissions::update,
        integrations::show,
        integrations::new_secret,
        batches::show,
        repositories::show,
        repositories::extend,
        repositories::ask,
        repositories::expire,
        delete::ask,
        delete::delete,
        fork::list,
        fork::ask,
        fork::fork,
    ]
}

/// What stands around every page of the settings.
pub struct Frame {
    /// Name and tabs of the project.
    pub head: Masthead,
    /// Which page of the settings is open.
    pub page: &'static str,
}

impl Frame {
    fn new(head: &ProjectHead, page: &'static str) -> Frame {
        Frame { head: view::masthead(head, "settings", Timestamp::now()), page }
    }
}
