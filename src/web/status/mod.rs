//! The queue: what waits and until when, what is at work; and how busy the server has been.

mod disk;
mod queue;
mod stats;

use rocket::{Route, routes};

/// The addresses of these pages.
pub fn routes() -> Vec<Route> {
    routes![
        queue::status,
        queue::pending,
        queue::all,
        queue::importing,
        queue::starting,
        queue::running,
        queue::batches,
        stats::stats,
        stats::explore,
        disk::disk,
    ]
}

/// What stands above all of these pages.
pub struct Head {
    /// Which of them is open.
    pub tab: &'static str,
    /// How many tasks wait.
    pub waiting: String,
    /// How many are at work.
    pub working: String,
}

impl Head {
    fn new(tab: &'static str, counts: &crate::ops::queue::Counts) -> Head {
        Head {
            tab,
            waiting: super::filters::in_thousands(counts.waiting.into()),
            working: super::filters::in_thousands(counts.working.into()),
        }
    }
}
