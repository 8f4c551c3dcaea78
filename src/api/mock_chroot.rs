//! `/mock-chroots`.

use rocket::serde::json::Json;
use rocket::{State, get};

use super::error::Answer;
use super::openapi::{Endpoints, described};
use super::view::Pairs;
use crate::ops::{App, project_chroots};

/// The chroots to choose from, in the order in which clients show them, with the admin's comments.
#[utoipa::path(responses((status = 200, body = BTreeMap<String, String>)))]
#[get("/mock-chroots/list")]
async fn list(app: &State<App>) -> Answer<Pairs<String>> {
    let offered = project_chroots::offered(app).await?;
    let pairs = offered.into_iter().map(|chroot| (chroot.name.to_string(), chroot.comment));
    Ok(Json(Pairs(pairs.collect())))
}

pub(super) fn endpoints() -> Endpoints {
    described![list]
}
