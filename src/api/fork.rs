//! `/project/fork`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, post};
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Endpoints, Switch, Text, described};
use super::view::ProjectView;
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::forks::{self, NewFork};
use crate::ops::{App, Mistakes};

/// What [`fork`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct ForkFields {
    /// The name of the copy.
    name: Option<Text>,
    /// Whose the copy is to be: a user, or a group as `@name`.
    ownername: Option<Text>,
    /// Copy into a project that is there already.
    confirm: Option<Switch>,
}

/// Copies a project with its settings, packages and newest builds.
#[utoipa::path(
    request_body = ForkFields,
    responses(
        (status = 200, body = ProjectView),
        (status = 409, description = "There is such a project already."),
    ),
    security(("token" = [])),
)]
#[post("/project/fork/<owner>/<name>", data = "<body>")]
async fn fork(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<ProjectView> {
    let mut read = body.reader();
    let mut new = NewFork {
        name: read.line("name"),
        owner: read.line("ownername"),
        confirm: read.switch("confirm").unwrap_or(false),
        mistakes: Mistakes::default(),
    };
    new.mistakes = read.mistakes();
    let shown = forks::fork(app, &caller.user, (owner, name), new).await?;
    Ok(Json(ProjectView::new(shown, &app.layout())))
}

pub(super) fn endpoints() -> Endpoints {
    described![fork].also(Method::Put)
}
