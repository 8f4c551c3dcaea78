//! `/mock-chroots`.

use rocket::serde::json::Json;
use rocket::{Route, State, get, routes};

use super::error::Answer;
use super::view::Pairs;
use crate::ops::{App, project_chroots};

/// The chroots to choose from, in the order in which clients show them, with the admin's comments.
#[get("/mock-chroots/list")]
async fn list(app: &State<App>) -> Answer<Pairs<String>> {
    let offered = project_chroots::offered(app).await?;
    let pairs = offered.into_iter().map(|chroot| (chroot.name.to_string(), chroot.comment));
    Ok(Json(Pairs(pairs.collect())))
}

pub(super) fn routes() -> Vec<Route> {
    routes![list]
}
