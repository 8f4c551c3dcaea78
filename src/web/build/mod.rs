//! A build: its page, its short address, its live log, and what can be done with it.

mod again;
mod badge;
mod batch;
mod detail;
mod files;
mod live;
mod log;
mod reasons;
mod remove;
mod source;
mod stages;
mod verdict;

pub use reasons::Reasons;

use rocket::response::Redirect;
use rocket::{Route, State, get, post, routes};

use self::detail::BuildPage;
use self::files::Files;
use super::error::PageError;
use super::parts::Shell;
use super::view;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::page::Page;
use crate::model::{BuildId, Owner, ProjectName};
use crate::ops::pages::BuildDetail;
use crate::ops::{App, builds, pages};
use crate::runner::builder::Builders;

/// The addresses of builds.
pub fn routes() -> Vec<Route> {
    routes![
        show,
        short,
        cancel,
        live::follow,
        log::show,
        remove::ask,
        remove::delete,
        remove::chosen,
        remove::delete_builds,
        remove::cancel_builds,
        badge::of_build,
        badge::of_package,
        batch::show,
        batch::status,
    ]
}

/// A build's page; `log` says which log to show.
#[get("/coprs/<owner>/<name>/build/<id>?<log>")]
#[expect(clippy::too_many_arguments, reason = "each part of the request is one")]
async fn show(
    app: &State<App>,
    builders: &State<Builders>,
    reasons: &State<Reasons>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
    log: Option<&str>,
) -> Result<Page<BuildPage>, PageError> {
    let viewer = shell.viewer.clone();
    let detail = app.store.read(move |db| pages::build_detail(db, id, viewer.as_ref())).await?;
    check_project(&detail, &owner, &name)?;
    // Not in the read above: a long log must not keep a connection to the database.
    let (layout, wanted) = (app.layout(), log.map(str::to_owned));
    let (live, reasons) = (app.runner.logs().clone(), Reasons::clone(reasons));
    let read =
        move || (Files::read(&detail, &layout, wanted.as_deref(), (&live, &reasons)), detail);
    let (files, detail) = tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| PageError::internal("reading the logs of a build", &error))?;
    Ok(Page(detail::page(shell, &detail, files, &app.layout(), builders)))
}

/// A build belongs to one project, whatever the address says.
fn check_project(detail: &BuildDetail, owner: &Owner, name: &ProjectName) -> Result<(), PageError> {
    let project = &detail.head.project;
    if (&project.owner, &project.name) == (owner, name) {
        return Ok(());
    }
    let id = detail.build.id;
    Err(PageError::not_found(format!("Build {id} is not one of {owner}/{name}.")))
}

/// The short address, which copr-cli prints.
#[get("/coprs/build/<id>")]
async fn short(app: &State<App>, id: BuildId) -> Result<Redirect, PageError> {
    let build = app.store.read(move |db| pages::build(db, id)).await?;
    Ok(Redirect::found(view::build_url(&build.owner, &build.project, id)))
}

/// Stops a build.
#[post("/coprs/<_>/<_>/build/<id>/cancel")]
async fn cancel(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    id: BuildId,
) -> Result<Redirect, PageError> {
    let build = builds::cancel(app, &user.0, id).await?;
    Ok(Redirect::to(view::build_url(&build.owner, &build.project, id)))
}
