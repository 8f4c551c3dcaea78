//! `/webhook`.

use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};
use serde::Serialize;

use super::error::Answer;
use crate::auth::guard::ApiUser;
use crate::model::{Owner, ProjectName};
use crate::ops::{App, webhooks};

#[derive(Serialize)]
struct Generated {
    id: i64,
    name: ProjectName,
    ownername: Owner,
    full_name: String,
    webhook_secret: String,
}

#[post("/webhook/generate/<owner>/<name>")]
async fn generate(app: &State<App>, caller: ApiUser, owner: &str, name: &str) -> Answer<Generated> {
    let (project, webhook_secret) = webhooks::new_secret(app, &caller.user, (owner, name)).await?;
    Ok(Json(Generated {
        id: project.id.0,
        full_name: project.full_name(),
        name: project.name,
        ownername: project.owner,
        webhook_secret,
    }))
}

pub(super) fn routes() -> Vec<Route> {
    routes![generate]
}
