//! The comps file of a project's chroot, as it was uploaded. Beside the API, but for machines.

use rocket::{Route, State, get, routes};

use super::error::ApiError;
use crate::ops::{App, comps};

/// Plain text: a browser would run what the XML of a stranger asks for.
type Text = Result<String, ApiError>;

#[get("/coprs/<owner>/<project>/chroot/<chroot>/comps")]
async fn of_user(app: &State<App>, owner: &str, project: &str, chroot: &str) -> Text {
    Ok(comps::get(app, (owner, project), chroot).await?)
}

#[get("/coprs/g/<group>/<project>/chroot/<chroot>/comps")]
async fn of_group(app: &State<App>, group: &str, project: &str, chroot: &str) -> Text {
    Ok(comps::get(app, (&format!("@{group}"), project), chroot).await?)
}

pub(super) fn routes() -> Vec<Route> {
    routes![of_user, of_group]
}
