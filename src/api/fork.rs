//! `/project/fork`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};

use super::error::Answer;
use super::methods::also;
use super::project::mistakes;
use super::view::ProjectView;
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::forks::{self, NewFork};
use crate::ops::{App, Mistakes};

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
    new.mistakes = mistakes(read);
    let shown = forks::fork(app, &caller.user, (owner, name), new).await?;
    Ok(Json(ProjectView::new(shown, &app.layout())))
}

pub(super) fn routes() -> Vec<Route> {
    also(Method::Put, routes![fork])
}
