//! `/webhook`.

use rocket::serde::json::Json;
use rocket::{State, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, described};
use crate::auth::guard::ApiUser;
use crate::model::{Owner, ProjectName};
use crate::ops::{App, webhooks};

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
struct Generated {
    id: i64,
    name: ProjectName,
    ownername: Owner,
    full_name: String,
    webhook_secret: String,
}

/// Gives a project a new secret for its webhooks.
#[utoipa::path(responses((status = 200, body = Generated)), security(("token" = [])))]
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

pub(super) fn endpoints() -> Endpoints {
    described![generate]
}
